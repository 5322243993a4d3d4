"""`explain` without a database: the mapping, the DDL, what holds the rules; for old names and new ones."""

import json

import pytest

from config import mapping, target
from engine.describe import mapped
from flows.cli import evidence, main

ONLY_PROFILE = (
    "Without a usable role a professional belongs to the only professional-role profile",
    "transforms/profiles.py, professionals:",
    "checks/laws/shared/professional.sql",
    "checks/laws/profiles/professionals.sql",
    "tests/golden/profiles/professionals_by_only_profile",
    "another check holds them to that constraint. Planted faults: ",
    "in tests/mutations/profiles.toml",
    "ambiguous_professional: It names no usable role",
    "config/mapping/profiles.toml, [professionals]",
)
TOLD = {
    "professionals": ONLY_PROFILE,
    "coupon_uses": (
        "copied as coupon_redemptions",
        "used_at is called redeemed_at",
        "checks/laws/finance/redemptions.sql",
    ),
    "coupon_redemptions": ("coupon_redemptions (from coupon_uses): rename", "targets: coupon_redemptions"),
    "jobs": ("targets: jobs", "employment_type is the first of", "COLUMN differs and was not kept"),
    "orders": (
        "a new table, declared in config/target/finance/tables.sql",
        "made from: payments",
        "transforms/finance.py",
        "checks/laws/shared/ordered.sql",
        "order_not_made: no amount: The payment is there",
    ),
    "payment_gateway_configs": ("made from: payments", "checks/laws/finance/gateways.sql"),
    "kb_sections": (
        "made from: kb_categories",
        "kb_categories: each row also makes kb_sections, by kb_sections",
        "transforms/knowledge_base.py, kb_sections",
    ),
    "review_display_settings": (
        "made from: reviews",
        "review_id uuid ← reviews.id",
        "badge_text (its type) ← reviews.badge_text",
        "checks/laws/review_display.py",
    ),
    "user_role_profiles": (
        "photographer_profiles",
        "these tables: rows become rows of user_role_profiles, by profiles",
        "checks/laws/profiles/roots.sql",
        "checks/laws/profiles/professionals.sql",
        "checks/laws/shared/professional.sql",
        "checks/laws/carried.py",
    ),
    "tax_rules": ("nothing yet",),
    "reviews": ("is_featured, display_order", "checks/laws/review_display.py", "checks/compare/content.py"),
    "portfolio_items": ("professional_id becomes user_role_profile_id", "checks/laws/owners.py"),
    "developer_profiles": ("github_url is removed (external_link)", "checks/laws/profiles/removed_links.sql"),
    "onboarding_configs": ("kept whole in legacy_archive", "targets: legacy_archive.onboarding_configs"),
    "users": (
        "a source without this table is refused",
        "user_id points here, declared or not",
        "marketing_opt_in move to user_settings, where they are found",
        "checks/laws/account_settings.py",
        "checks/laws/gone_columns.py",
    ),
}


@pytest.fixture
def explain(monkeypatch, capsys):
    """The command's exit code and output, with no variable set."""
    for name in ("NXTGAUGE_SOURCE_URL", "NXTGAUGE_TARGET_URL", "NXTGAUGE_STAGING_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main.main(["explain", *arguments])
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("name", TOLD)
def test_a_table_is_told_of_without_any_variable(explain, name):
    code, out, _ = explain(name)
    plain = " ".join(out.split())
    assert code == 0 and "NXTGAUGE_SOURCE_URL is not set" in plain
    assert [said for said in TOLD[name] if said not in plain] == []


def test_every_name_has_a_story_and_every_file_of_it_is_there():
    for name in mapped.known():
        told = mapped.mapped_json(name)
        told |= evidence.of(told)
        files = [told["file"], *told["declared_in"], *(law["file"] for law in told["laws"])]
        files += [transform["file"] for transform in told["transforms"]]
        files += [case["folder"] for case in told["cases"]]
        assert [file for file in files if not (evidence.PROJECT / file).exists()] == [], name
        assert told["laws"] or told["disposition"] == "archive", name
        assert told["targets"] and (told["rules"] or not told["made_from"]), name
        assert told["cases"] or not told["made_from"], name
        assert told["transforms"] or told["disposition"] != "reshape", name
    assert {*mapping.load().tables, *target.load(), "leads", "job_applications"} <= mapped.known()


def test_every_law_in_python_says_of_which_tables_it_is():
    modules = {path.stem for path in (evidence.PROJECT / "checks" / "laws").glob("*.py")} - {
        "__init__",
        "within_target",
    }
    assert modules == evidence.PYTHON.keys()


def test_json_holds_the_same(explain):
    code, out, _ = explain("orders", "--json")
    told = json.loads(out)
    assert code == 0 and told["tables"] == [] and told["mapped"]["made_from"] == ["payments"]
    assert {"name", "meaning", "remedy"} == set(json.loads(explain("services", "--json")[1])["mapped"]["reasons"][0])


def test_an_unknown_name_ends_with_2_and_what_is_near(explain):
    code, _, err = explain("proffesionals")
    assert (code, "did you mean professionals" in err) == (2, True)
    code, out, _ = explain("zzz\x1b[2J", "--json")
    assert code == 2 and "\x1b" not in out and "config/mapping" in json.loads(out)["error"]["message"]
