"""Legacy databases that histories begin with: one of odd shapes, the reference, and parts of that, which are cheaper.

A part has the tables of one domain, so that what is written meets there more often.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from flows.demo import seed as seeding

ODD = Path(__file__).with_name("odd.sql")
CONSTRAINED = Path(__file__).with_name("constrained.sql")
ROWS = 300
PEOPLE = """
    users roles user_roles user_settings professionals portfolio_items portfolio_images services lead_requests
    onboarding_submissions onboarding_states onboarding_configs submission_documents verifications verification_logs
    reviews
"""
PROFILES = """
    users roles user_roles user_settings professionals portfolio_items portfolio_images services lead_requests
    photographer_profiles tutor_profiles developer_profiles customer_profiles
"""
ONBOARDING = """
    users roles user_roles onboarding_submissions onboarding_states onboarding_configs submission_documents
    verifications verification_logs reviews company_profiles fitness_trainer_profiles makeup_artist_profiles
"""
# Of everything that a run does something, with a third of the tables: what a run costs goes by these.
SAMPLE = """
    users roles user_roles professionals portfolio_items portfolio_images onboarding_submissions onboarding_states
    verifications reviews notifications email_logs refresh_tokens payments coupons coupon_uses activity_logs
    developer_profiles tutor_profiles
"""
MONEY = "users payments invoices coupons coupon_uses discounts pricing_packages tracecoin_wallets tracecoin_ledger"


def odd(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(ODD.read_text(encoding="utf-8"))


def constrained(url: str) -> None:
    """The odd one, and tables whose constraints act."""
    odd(url)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(CONSTRAINED.read_text(encoding="utf-8"))


def reference(url: str, belongs: Callable[[str], bool] = bool, rows: int = ROWS) -> None:
    """Those tables of the reference that belong there. rows: about so many, in all of its tables together."""
    seeding.seed(url, rows=rows)
    with psycopg.connect(url, autocommit=True) as conn:
        for name in seeding.tables(conn, "public"):
            if not belongs(name):
                conn.execute(sql.SQL("drop table {} cascade").format(sql.Identifier(name)))


def sample(url: str, rows: int) -> None:
    """Some tables of the reference, for tests of whole runs. rows: about so many, had it all of its tables."""
    reference(url, SAMPLE.split().__contains__, rows)


def is_of_people(name: str) -> bool:
    return name in PEOPLE.split() or name.endswith("_profiles")


def is_of_profiles(name: str) -> bool:
    return name in PROFILES.split()


def is_of_onboarding(name: str) -> bool:
    return name in ONBOARDING.split()


def is_of_money(name: str) -> bool:
    return name in MONEY.split()


def is_of_the_rest(name: str) -> bool:
    return name in ("users", "roles") or (not is_of_people(name) and not is_of_money(name))


# The cheaper ones more often.
LEGACIES: dict[str, Callable[[str], None]] = {
    "odd": odd,
    "people": partial(reference, belongs=is_of_people),
    "profiles": partial(reference, belongs=is_of_profiles),
    "onboarding": partial(reference, belongs=is_of_onboarding),
    "constrained": constrained,
    "money": partial(reference, belongs=is_of_money),
    "rest": partial(reference, belongs=is_of_the_rest),
    "demo": reference,
}
TURNS = (
    "odd", "profiles", "constrained", "money", "onboarding", "odd", "rest", "profiles", "money", "people", "demo"
)  # fmt: skip
