"""How a plan is shown: on one screen and as a difference, of the reference schema with names as bad as can be."""

import psycopg
import pytest
from psycopg import sql

from config import settings as configuration
from engine import describe
from engine.describe import beside, difference
from engine.start import survey
from tests.support.places import PROJECT

WIDTH = 100
NASTY = "<script>alert(1)</script>\"'\n&x\u202e"
LONG = "ü" * 31
ODD = sql.SQL(
    "create table {0} ({0} text, {1} int references {1}, id int primary key); create table dull (id int primary key)"
).format(sql.Identifier(NASTY), sql.Identifier(LONG))


@pytest.fixture(scope="module")
def found(module_database):
    """What `plan` finds of the reference schema with odd tables, without a target."""
    url = module_database()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute((PROJECT / "config" / "legacy" / "reference.sql").read_text())
        conn.execute(sql.SQL("create table {} (id int primary key)").format(sql.Identifier(LONG)))
        conn.execute(ODD)
    return survey.survey(configuration.load("staging", {"NXTGAUGE_SOURCE_URL": url}))


def test_the_plan_is_one_screen(found):
    lines = describe.survey_text(found).splitlines()
    assert len(lines) <= 45 and max(map(len, lines)) <= WIDTH
    text = "\n".join(lines)
    assert "coupon_uses → coupon_redemptions" in text and "5 new: order_items, orders" in text
    assert "developer_profiles.github_url" in text and "1 view" in text
    for command in ("plan --diff", "plan --html plan.html", "migrate --dry-run"):
        assert f"nxtgauge-migrate {command}" in text.partition("\nnext\n")[2]


def test_every_column_of_both_schemas_has_its_change(found):
    plan, domains = found.plan, beside.domains(found.plan)
    changes = [change for domain in domains for story in domain.stories for change in story.changes]
    old = [(change.old.table, change.old.column) for change in changes if change.old]
    assert sorted(old) == sorted((t.name, c.name) for t in plan.tables for c in t.legacy.shape.columns)
    new = {(place.table, place.column) for change in changes for place in change.new}
    wanted = {(box.name, field.name) for domain in domains for box in domain.new for field in box.fields}
    assert wanted <= new and {change.kind for change in changes} == {*beside.KINDS}
    assert sorted(box.name for domain in domains for box in domain.new) == sorted(
        plan.final_name(shape.name) for shape in plan.build
    )


def test_the_difference_is_what_changes(found):
    lines = difference.difference_lines(found.plan)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= WIDTH and len(lines) < 350
    assert "~   used_at timestamptz → redeemed_at" in lines and "+ orders: 12 columns, from payments" in lines
    assert "-   github_url text  removed  (external_link)" in lines
    assert "    14 other columns as they are" in lines and "email text" not in text
    shared = lines.index("-   bio text → user_role_profiles.bio  (rule profiles)")
    assert (
        lines[shared - 1].startswith("  in 13 tables: catering_service_profiles, ") and text.count("   bio text") == 2
    )
    odd = text.partition("@@ other: ")[2]
    assert odd.startswith("4 of 4 tables changed") and "_sqlx_migrations → legacy_archive" in odd


def test_a_named_table_is_shown_whole(found):
    lines = difference.difference_lines(found.plan, ["job_applications", "tax_rules", NASTY])
    assert "    cover_letter text" in lines and "  applications → job_applications  [rename, about 0 rows]" in lines
    assert any(line.startswith("+ tax_rules: Tax rates") for line in lines)
    assert not any("\n" in line or "\u202e" in line for line in lines) and any("<script>" in line for line in lines)
