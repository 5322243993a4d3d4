"""Laws within the target, on PostgreSQL."""

import uuid

import psycopg
import pytest

from checks.laws import within_target

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


def test_names_may_come_from_elsewhere(conn):
    query = f"select k as key, '{MADE}' as id from (values ('1'), ('2')) as v (k)"
    assert within_target.derived(conn, query, {"1": "orders:payments:1", "2": "orders:payments:1"})[1] == 0
    _, _, broken = within_target.derived(conn, query, {"1": "orders:payments:1"})
    assert [row.key for row in broken] == ["2"]  # a name nobody told
