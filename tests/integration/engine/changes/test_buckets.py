"""Many keys are narrowed to the few in which two databases can differ, whatever the key is made of."""

import psycopg
import pytest
from psycopg import sql

from engine.changes import feed, keys
from engine.changes.buckets import Buckets
from engine.session import connect, snapshot

ROWS = 4_000
KEYS = {
    "a number": ("id int", "n", "id = any ('{7, 1234, 4000}')"),
    "a decimal that is spelled otherwise": ("id numeric", "n + 0.50", "id = any ('{7.5, 1234.5, 4000.5}')"),
    "a text": ("id text", "'key ' || n", "id = any ('{key 7, key 1234, key 4000}')"),
    "several": ("a int, b text", "n % 10, n", "b = any ('{7, 1234, 4000}')"),
}


@pytest.mark.parametrize("of", KEYS)
def test_keys_that_are_gone_are_among_few(database, of):
    declared, made, gone = KEYS[of]
    names = [part.split()[0] for part in declared.split(", ")]
    rows = sql.SQL("from keys as t")
    with psycopg.connect(database(), autocommit=True) as here, psycopg.connect(database(), autocommit=True) as there:
        for conn in (here, there):
            conn.execute(f"create table keys ({declared}, primary key ({', '.join(names)}))")
            conn.execute(f"insert into keys select {made} from generate_series(1, {ROWS}) as n")
        buckets = Buckets.of(names, ROWS)
        assert _count(here, buckets.differing(here, rows, there, rows)) == 0
        there.execute(f"delete from keys where {gone}")
        if of.startswith("a decimal"):
            there.execute("update keys set id = id::numeric(10, 1) where id = 100.5")
        is_meant = buckets.differing(here, rows, there, rows)
        found = {row for (row,) in here.execute(sql.SQL("select t::text from keys as t where {}").format(is_meant))}
        assert found >= {row for (row,) in here.execute(f"select t::text from keys as t where {gone}")}
        assert len(found) < ROWS / 4


def test_where_the_buckets_do_not_come_out_all_keys_are_compared(here, writer, database, monkeypatch):
    """As between servers that hash otherwise: nothing of what is gone is among what differs."""
    monkeypatch.setattr(Buckets, "differing", lambda *given: sql.SQL("false"))
    writer.execute(f"create table t (id int primary key); insert into t select generate_series(1, {ROWS})")
    with snapshot.hold(here) as taken:
        mark = feed.mark(taken.holder, "public", ["t"])
    writer.execute("delete from t where id in (3, 4)")
    with connect.source(here) as reader, psycopg.connect(database()) as conn:
        conn.execute(f"create table known as select generate_series(1, {ROWS}) as id")
        changes = feed.compare(reader, "public", ["t"], mark)
        known = [sql.SQL("select id from known")]
        with keys.settled(reader, conn, changes, changes.tables["t"], known) as told:
            found = conn.execute(sql.SQL("select id from {} order by 1").format(told.gone_keys)).fetchall()
            assert told.gone == 2 and found == [(3,), (4,)]


def _count(conn: psycopg.Connection, is_meant: sql.Composable) -> int:
    ((count,),) = conn.execute(sql.SQL("select count(*) from keys as t where {}").format(is_meant)).fetchall()
    return count
