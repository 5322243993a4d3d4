"""Rules about portfolios and services."""

from checks.expectations.rule import Rule, orphans
from checks.verdict import CRITICAL, INFO, WARNING
from config import mapping
from config.postgres.quoting import literal

ROOT = "user_role_profiles"
PROFESSIONAL = ", ".join(map(literal, mapping.load().professional_roles))


def _owned(table: str, what: str) -> tuple[Rule, ...]:
    reads = {table: "id user_role_profile_id", ROOT: "id role user_id"}
    return (
        orphans(table, "user_role_profile_id", ROOT, "profile", f"{what} belongs to a profile that is there", CRITICAL),
        Rule(
            table,
            "professional",
            f"{what} belongs to a professional's profile",
            INFO,
            reads=reads,
            broken=f"select t.id from {{batch}} t join {ROOT} p on p.id = t.user_role_profile_id "
            f"where p.role not in ({PROFESSIONAL})",
        ),
        Rule(
            table,
            "same-user",
            f"{what} that names a user names that of its profile",
            INFO,
            reads=reads | {table: "id user_role_profile_id user_id"},
            broken=f"select t.id from {{batch}} t join {ROOT} p on p.id = t.user_role_profile_id "
            "where nullif(concat(t.user_id), '') <> concat(p.user_id)",
        ),
    )


RULES = (
    *_owned("portfolio_items", "an item"),
    *_owned("services", "a service"),
    orphans(
        "portfolio_images", "portfolio_item_id", "portfolio_items", "item", "an image belongs to an item", CRITICAL
    ),
    Rule(
        "services",
        "price",
        "a price is not negative",
        WARNING,
        reads={"services": "id price:number"},
        broken="select id from {batch} where price::numeric < 0",
    ),
)
