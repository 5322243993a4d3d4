"""The catalogue says who may read what; reading it takes few queries, and leaves no trace."""

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from engine.planning.legacy_faults import hidden_rows
from engine.reflect.catalog import reflect
from tests.integration.engine.reflect.schemas import NASTY, made


def test_grants_are_told(connection):
    grants = made(connection, NASTY).grants
    found = {(g.kind, g.name, g.column, g.privilege) for g in grants if g.grantee == ""}
    assert found == {("table", "order", None, "SELECT"), ("column", "order", "price", "UPDATE")}


def test_what_may_not_be_read_is_told(connection, stranger):
    role = sql.Identifier(f"stranger_{connection.info.dbname}")
    made(
        connection,
        "create table closed (a integer); create table half (a integer, b integer); create table whole (a integer);"
        "create sequence closed_seq; create sequence open_seq; create table hidden (a integer)",
    )
    connection.execute(
        sql.SQL(
            "grant select (a) on legacy.half to {0}; grant select (a) on legacy.whole to {0};"
            "grant select on legacy.open_seq, legacy.hidden to {0}; alter table legacy.hidden enable row level security"
        ).format(role)
    )
    catalog = reflect(stranger, "legacy")
    assert {t.name: t.has_select for t in catalog.tables} == {
        "closed": False,
        "half": False,
        "hidden": True,
        "whole": False,  # system columns are not granted with the others
    }
    assert {t.name for t in catalog.tables if t.is_filtered} == {"hidden"}
    owner = catalog.table("hidden").owner
    said = hidden_rows(catalog.table("hidden"), "b")
    assert said.endswith(f'ALTER ROLE "b" BYPASSRLS, or GRANT "{owner}" TO "b", its owner')
    connection.execute("alter table legacy.hidden force row level security")
    assert "or its owner" not in hidden_rows(reflect(stranger, "legacy").table("hidden"), "b")
    assert not any(t.is_filtered for t in reflect(connection, "legacy").tables), "a superuser sees all rows"
    assert {s.name: s.is_readable for s in catalog.sequences} == {"closed_seq": False, "open_seq": True}
    connection.execute("revoke execute on function pg_control_system() from public")
    assert reflect(stranger, "legacy").system_identifier is None
    assert reflect(connection, "legacy").system_identifier


def test_a_schema_without_usage_is_empty(connection, stranger):
    made(connection, "create table t (a integer)", "secret")
    assert reflect(stranger, "secret").schema_oid == 0


def test_reading_needs_no_write_and_leaves_no_trace(url, connection):
    made(connection, NASTY)
    options = "-c default_transaction_read_only=on -c search_path=public"
    with psycopg.connect(make_conninfo(url, options=options)) as reader:
        assert reflect(reader, "legacy").tables
        assert reader.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        reader.execute("select 1")
        assert reflect(reader, "legacy").tables
        assert reader.execute("show search_path").fetchone() == ("public",)
        locks = reader.execute(
            "select distinct mode from pg_locks where pid = pg_backend_pid() and relation is not null"
        )
        assert locks.fetchall() == [("AccessShareLock",)]


def test_the_number_of_queries_does_not_grow_with_the_schema(url, connection):
    asked = []

    class Counting(psycopg.Cursor):
        def execute(self, *arguments, **options):
            asked.append(arguments[0])
            return super().execute(*arguments, **options)

    many = "do $$ begin for n in 1 .. 50 loop execute format('create table t%s (id serial)', n); end loop; end $$"
    made(connection, many)
    made(connection, "create table t (id serial)", "small")
    with psycopg.connect(url, autocommit=True, cursor_factory=Counting) as counted:
        counts = []
        for schema, tables in (("legacy", 50), ("small", 1)):
            asked.clear()
            assert len(reflect(counted, schema).tables) == tables
            counts.append(len(asked))
    assert counts[0] == counts[1] < 30
