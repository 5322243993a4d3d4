"""Laws within the target, on PostgreSQL."""

import uuid

import psycopg
import pytest

from checks.laws import within_target
from checks.reading import statements

MADE = str(uuid.uuid5(within_target.NAMESPACE, "orders:payments:1"))


@pytest.fixture
def conn(database):
    with psycopg.connect(database()) as conn:
        yield conn


def test_rows_that_break_a_rule_are_counted_and_named(conn):
    query = "select n as key, n <> 2 and n is not null as holds from (values (1), (2), (null)) as v (n)"
    compared, broken, rows = within_target.held(conn, query)
    assert (compared, broken) == (3, 2)
    assert "2" in {row.key for row in rows}


def test_an_id_is_the_uuid_of_its_name(conn):
    query = f"select k as key, '{MADE}' as id, 'orders:payments:' || k as name from (values ('1'), ('2')) as v (k)"
    compared, wrong, rows = within_target.derived(conn, query)
    assert (compared, wrong) == (2, 1)
    assert [(row.key, row.columns) for row in rows] == [("2", ("id",))]


@pytest.mark.parametrize("batch", [2, 10_000])
def test_names_may_come_from_elsewhere(conn, monkeypatch, batch: int):
    """Of any order on either side, in batches, some without one another."""
    monkeypatch.setattr(statements, "BATCH_ROWS", batch)
    right = "select concat(n) as key, 'orders:payments:1' as name from generate_series(1, 20) as n order by n desc"
    query = f"select concat(n) as key, '{MADE}' as id from generate_series(1, 20) as n"
    assert within_target.derived(conn, query, (conn, right)) == (20, 0, ())
    wrong = f"select * from ({right}) as v where key <> '2' union all select '7 ', 'x' union all select null, 'x'"
    query += f" union all select '3', '{MADE}' union all select '5', 'none' union all select '~', '{MADE}'"
    compared, count, broken = within_target.derived(conn, query, (conn, wrong))
    assert (compared, count) == (23, 3)
    assert [row.key for row in broken] == ["2", "5", "~"]  # names nobody told, and an id that is another
