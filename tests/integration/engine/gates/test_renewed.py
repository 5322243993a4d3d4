"""A seal that is renewed by who changes some tables of its build: what others write is found as ever."""

import psycopg
import pytest

from engine.books import bookkeeping
from engine.changes import feed
from engine.gates import seal
from engine.publish import publish
from engine.session import connect
from tests.integration.engine.publish import builds

BUILD, ARCHIVE = f"{builds.TARGET}__build", "legacy_archive__build"
SCHEMAS = [BUILD, ARCHIVE]
DDL = """
    create table {build}.users (id int primary key, name text);
    create table {build}.orders (id int primary key, number serial);
    insert into {build}.users values (1, {run}), (2, 'two'); insert into {build}.orders values (1), (2), (3);
"""
USERS = {(BUILD, "users")}


@pytest.fixture
def conn(here):
    with connect.target(here) as conn:
        bookkeeping.ensure(conn)
        yield conn


@pytest.fixture
def run_id(conn) -> str:
    return builds.build(conn, DDL)


def sealed(conn: psycopg.Connection, run_id: str) -> seal.Seal:
    found = seal.read(conn, run_id, bookkeeping.build(conn, run_id).schema_oid)
    assert found is not None
    return found


def renewed(conn: psycopg.Connection, run_id: str, change: str, tables=frozenset(USERS), before: str = "") -> None:
    """The session changes these tables, partly behind a savepoint, and renews their marks. before: what somebody else
    does in the last moment."""
    former, oid = sealed(conn, run_id), bookkeeping.build(conn, run_id).schema_oid
    with conn.transaction():
        with conn.transaction():
            conn.execute(change)
        if before:
            with psycopg.connect(conn.info.dsn, autocommit=True) as other:
                other.execute(before)
        seal.renew(conn, run_id, oid, former, SCHEMAS, tables, ())


def found(conn: psycopg.Connection, run_id: str) -> list[str]:
    """What a look at the whole build finds changed since it was sealed."""
    of_seal = sealed(conn, run_id)
    return seal.differences(of_seal.marks, seal.look(conn, SCHEMAS, of_seal).marks)


CHANGES = ["update {}.users set name = 'x' where id = 2", "delete from {}.users where id = 2",
           "insert into {}.users values (3, 'three')", "select setval('{}.orders_number_seq', 90)"]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_session_itself_has_changed_is_sealed(conn, run_id, change):
    renewed(conn, run_id, change.format(BUILD))
    assert found(conn, run_id) == []
    assert publish.publish(conn, run_id, builds.TARGET).live_run == run_id


OTHERS = ["update {}.orders set number = number where id = 2", "delete from {}.orders where id = 2",
          "alter table {}.orders alter number drop not null", "create table {}.more ()"]  # fmt: skip


@pytest.mark.parametrize("change", OTHERS)
@pytest.mark.parametrize("is_before", [True, False])
def test_what_others_write_elsewhere_is_found_whenever_they_write(conn, run_id, change, is_before):
    by_other = change.format(BUILD)
    if not is_before:
        conn.execute(by_other)
    renewed(conn, run_id, CHANGES[0].format(BUILD), before=by_other if is_before else "")
    assert found(conn, run_id) == [f"{BUILD}.more" if "more" in change else f"{BUILD}.orders"]


LATER = ["update {}.users set name = name where id = 1", "delete from {}.users where id = 1",
         "delete from {}.users where id = (select max(id) from {}.users)"]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES[:3])
@pytest.mark.parametrize("later", LATER)
def test_what_others_write_to_the_same_table_later_is_found(conn, run_id, change, later):
    renewed(conn, run_id, change.format(BUILD))
    conn.execute(later.replace("{}", BUILD))
    assert found(conn, run_id) == [f"{BUILD}.users"]


def test_only_the_tables_that_are_asked_about_are_looked_at(conn, run_id):
    conn.execute(f"update {BUILD}.users set name = name where id = 1")
    assert seal.changed(conn, SCHEMAS, sealed(conn, run_id), {(BUILD, "orders"), (ARCHIVE, "professionals")}) == []
    assert seal.changed(conn, SCHEMAS, sealed(conn, run_id), USERS) == [f"{BUILD}.users"]


@pytest.mark.parametrize("change", OTHERS[2:])
def test_how_tables_are_defined_is_looked_at_of_all(conn, run_id, change):
    conn.execute(change.format(BUILD))
    assert len(seal.changed(conn, SCHEMAS, sealed(conn, run_id), USERS)) == 1


def test_books_that_were_not_written_to_keep_their_digest(conn, run_id):
    former, oid = sealed(conn, run_id), bookkeeping.build(conn, run_id).schema_oid
    conn.execute("insert into migration.notes (run_id, legacy_table, note, legacy_key) values (%s, 'users', 'n', '1')",
                 [run_id])  # fmt: skip
    for books, is_known in (((), True), (("notes",), False)):
        seal.renew(conn, run_id, oid, former, SCHEMAS, (), books)
        assert (sealed(conn, run_id).books == former.books) == is_known


def test_a_publish_says_from_when_on_somebody_has_written(conn, run_id):
    renewed(conn, run_id, CHANGES[0].format(BUILD))
    oid = bookkeeping.build(conn, run_id).schema_oid
    publish.publish(conn, run_id, builds.TARGET)
    mark = seal.read(conn, run_id, oid).feeds[BUILD]
    assert not feed.compare(conn, builds.TARGET, mark.tables, mark).changed
