"""Rows that a load refuses are found by halves, wherever they lie, and cost a handful of tries more."""

from dataclasses import replace

import psycopg
import pytest

from config.errors import TargetError
from engine import operations, run
from engine.chunks import culprits
from engine.start import preflight
from engine.start.options import Options
from tests.support.auditors import trusting

SOURCE = """
    create table users (id uuid primary key);
    create table activity_logs (id int primary key, user_id uuid, action text, n int);
    create table tutor_profiles (id uuid primary key, user_id uuid, status text, approved_at bigint, created_at text);
    insert into activity_logs select i, null, repeat('x', 200), i from generate_series(1, 2000) as i;
"""


def _refusing(bad: set[int], tries: list):
    def attempt(rows: list[int]) -> None:
        tries.append(len(rows))
        if bad & set(rows):
            error = TargetError("refused")
            error.sqlstate = "22003"
            raise error

    return attempt


def _halves(rows: list[int]) -> list[list[int]]:
    middle = len(rows) // 2
    return [rows[:middle], rows[middle:]] if middle else []


@pytest.mark.parametrize("bad", [set(), {0}, {4095}, {7, 8, 3000}])
def test_each_bad_row_costs_a_logarithm_of_tries_and_clean_ones_a_single_try(bad):
    tries = []
    found = culprits.sift(list(range(4096)), _refusing(bad, tries), _halves)
    assert {rows[0] for rows, _ in found} == bad
    assert len(tries) <= 1 + 24 * len(bad)


def test_an_error_that_no_value_causes_is_raised():
    def attempt(rows):
        error = TargetError("the disk is full")
        error.sqlstate = "53100"
        raise error

    with pytest.raises(TargetError, match="disk"):
        list(culprits.sift([1, 2], attempt, _halves))


def test_a_row_that_cannot_be_read_is_rejected_and_its_chunk_goes_on(settings, monkeypatch):
    plan_of = preflight.planned

    def planned(*arguments, **options):
        made = plan_of(*arguments, **options)
        return replace(made, tables=tuple(map(_failing, made.tables)))

    monkeypatch.setattr(preflight, "planned", planned)
    run.migrate(settings, Options(auditor=trusting))
    with psycopg.connect(settings.target.conninfo) as conn:
        rejects = conn.execute(
            "select legacy_key, reason, detail, legacy_row ->> 'n' from migration.rejects"
        ).fetchall()
        assert rejects == [("777", "invalid_value", "the value for action is not of its type", "777")]
        assert conn.execute("select count(*) from nxtgauge.audit_logs").fetchone() == (1999,)


def _failing(table):
    """The table's plan, with a SELECT list that fails for one row."""
    routes = [replace(r, items=tuple(map(_failing_item, r.items))) if r.lane == "frame" else r for r in table.routes]
    return replace(table, routes=tuple(routes))


def _failing_item(item):
    return replace(item, expression="(1 / (t.n - 777))::text") if item.name == "r:action" else item


def test_the_plan_asks_about_a_column_of_which_no_value_is_a_time(settings):
    asked = [question for question in operations.plan(settings).questions if "wants a time" in question]
    assert len(asked) == 1 and asked[0].startswith("tutor_profiles.approved_at is bigint")
