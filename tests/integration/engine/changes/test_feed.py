"""What was written to tables since a mark: found whatever it was, and nothing else."""

import contextlib
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from config.errors import VerificationFailed
from engine.changes import feed, keys
from engine.changes.marks import FARTHEST
from engine.session import connect, snapshot


@pytest.fixture
def changes(here, writer):
    """Which of the tables are told to have changed, after what the test does within the block."""

    @contextlib.contextmanager
    def watch(*tables: str):
        found: list[str] = []
        with snapshot.hold(here) as taken:
            mark = feed.mark(taken.holder, "public", tables)
        yield found
        with connect.source(here) as reader:
            found += feed.changed_tables(reader, "public", mark)

    return watch


class TestTables:
    def test_what_has_not_changed_is_not_read_again(self, writer, changes):
        writer.execute("create table t (id int primary key); insert into t select generate_series(1, 1000)")
        writer.execute("create table p (id int) partition by hash (id)")
        writer.execute(
            "create table p0 partition of p for values with (modulus 1, remainder 0); insert into p values (1)"
        )
        with changes("t", "p") as found:
            writer.execute("vacuum (freeze) t")
            writer.execute("analyze t")
            with writer.transaction(force_rollback=True):
                writer.execute("insert into t values (2000); update t set id = -id")
            writer.execute("create table other as select 1")
        assert found == []

    @pytest.mark.parametrize(
        "change",
        [
            "insert into t values (2000)",
            "update t set id = id where id = 1",
            "delete from t where id = 1",
            "delete from t where id = 1; insert into t values (1)",
            "create table copied as table t; truncate t; insert into t table copied",
            "alter table t alter id type bigint",
            "drop table t",
            "alter table t rename to renamed",
            "alter table t rename to renamed; alter table twin rename to t",  # filled before the snapshot
        ],
    )
    def test_every_change_is_found(self, writer, changes, change):
        writer.execute("create table t (id int primary key); insert into t select generate_series(1, 1000)")
        writer.execute("create table twin as table t; create table still (id int)")
        with changes("t", "still") as found:
            writer.execute(change)
        assert found == ["t"]

    def test_a_change_survives_freezing(self, writer, changes):
        writer.execute("create table t (id int); insert into t values (1)")
        with changes("t") as found:
            writer.execute("update t set id = 2")
            writer.execute("vacuum (freeze) t")
        assert found == ["t"]

    def test_partitions_are_watched_through_their_root(self, writer, changes):
        writer.execute("create table p (id int) partition by list (id)")
        for number in (1, 2):
            writer.execute(f"create table p{number} partition of p for values in ({number})")
        writer.execute("insert into p values (1), (2); create table q (like p) partition by list (id)")
        writer.execute("create table q1 partition of q for values in (1); insert into q values (1)")
        with changes("p", "q") as found:
            writer.execute("truncate p2; insert into p values (2)")
        assert found == ["p"]

    def test_a_subtransaction_under_way_at_the_snapshot_is_found(self, writer, url, changes):
        """pg_visible_in_snapshot takes its rows for old ones: the list of running transactions leaves it out."""
        writer.execute("create table t (id int primary key); insert into t values (1)")
        with psycopg.connect(url) as late:
            late.execute("create table made_late (id int)")  # gives the transaction its id
            with late.transaction():
                late.execute("delete from t; insert into t values (1)")
            writer.execute("create table meanwhile (id int)")  # takes an id past the subtransaction's
            with changes("t") as found:
                late.commit()
        assert found == ["t"]

    def test_what_a_snapshot_saw_is_old_however_long_another_transaction_runs(self, writer, url, changes):
        writer.execute("create table t (id int primary key)")
        with psycopg.connect(url) as late:
            late.execute("create table made_late (id int)")
            writer.execute("insert into t values (1), (2)")
            with changes("t") as found:
                late.commit()
        assert found == []

    def test_where_nothing_of_a_mark_holds_all_is_new_and_that_is_said(self, writer, here):
        writer.execute("create table t (id int primary key); insert into t values (1)")
        with connect.source(here) as reader:
            mark = feed.mark(reader, "public", ["t"], "a plan")
            later = f"{mark.since + 1000}:{mark.since + 1000}:"
            for wrong, why in (
                ({"system_identifier": "1"}, "the server is another one"),
                ({"system_identifier": None}, "the server is another one"),
                ({"database_oid": 1}, "the database is another one"),
                ({"shape": "another plan"}, "the catalogue"),
                ({"snapshot": later}, "set back to an earlier state"),
            ):
                found = feed.compare(reader, "public", ["t"], replace(mark, **wrong), "a plan")
                assert why in found.anew and found.tables["t"].written == 1
            assert feed.changed_tables(reader, "public", replace(mark, system_identifier="1")) == ["t"]
            assert "two billion" in feed.why_anew(mark, mark, mark.since + FARTHEST)
            assert feed.compare(reader, "public", ["t"], mark, "a plan").changed == []

    @pytest.mark.parametrize(
        ("ddl", "change", "whole"),
        [
            ("id int", "insert into t values (2)", feed.NO_KEY),
            ("id int primary key", "truncate t", feed.NEW_FILES),
            ("id int primary key", "vacuum full t", feed.NEW_FILES),
            ("id int primary key", "alter table t drop constraint t_pkey; insert into t values (2)", feed.OTHER_KEY),
            ("id int primary key", "drop table t", feed.GONE_TABLE),
        ],
    )
    def test_what_cannot_be_told_by_rows_is_read_whole(self, writer, here, ddl, change, whole):
        writer.execute(f"create table t ({ddl}); insert into t values (1)")
        with connect.source(here) as reader:
            mark = feed.mark(reader, "public", ["t"])
            writer.execute(change)
            assert feed.compare(reader, "public", ["t"], mark).tables["t"].whole == whole

    def test_heirs_are_tables_of_their_own(self, writer, here):
        writer.execute("create table t (id int primary key); create table heir (primary key (id)) inherits (t)")
        writer.execute("insert into t values (1); insert into heir values (1)")
        with connect.source(here) as reader:
            mark = feed.mark(reader, "public", ["t", "heir"])
            writer.execute("delete from only heir")
            found = feed.compare(reader, "public", ["t", "heir"], mark).changed
        assert [(each.name, each.written, each.lost) for each in found] == [("heir", 0, 1)]


KEYS = """
    create table "Odd ""name" ("the %s" numeric, b text, value int, primary key (b, "the %s"));
    insert into "Odd ""name" select n, 'b', 0 from generate_series(1, 9) as n;
    create table known as table "Odd ""name"
"""
KNOWN = [sql.SQL('select b, "the %s" from public.known')]


class TestKeys:
    @pytest.fixture
    def settle(self, writer, here, url):
        """What becomes of the keys, after what the test does."""
        writer.execute(KEYS)
        with connect.source(here) as reader, psycopg.connect(url) as conn:
            mark = feed.mark(reader, "public", ['Odd "name'])

            def settled(change: str) -> tuple:
                writer.execute(change)
                found = feed.compare(reader, "public", mark.tables, mark)
                [table] = found.changed
                with keys.settled(reader, conn, found, table, KNOWN) as told:
                    gone = conn.execute(sql.SQL("select * from {} order by 2").format(told.gone_keys)).fetchall()
                return told.inserted, told.updated, told.gone, [int(key) for _, key in gone]

            yield settled

    def test_inserts_updates_and_what_is_gone_are_told_apart(self, settle):
        change = """
            update "Odd ""name" set value = 1 where "the %s" < 3; delete from "Odd ""name" where "the %s" = 4;
            update "Odd ""name" set "the %s" = 10 where "the %s" = 5; insert into "Odd ""name" values (11, 'b', 1);
            delete from "Odd ""name" where "the %s" = 6; insert into "Odd ""name" values (6, 'b', 1)
        """
        assert settle(change) == (2, 3, 2, [4, 5])

    def test_a_key_is_what_the_primary_key_takes_for_the_same(self, settle):
        assert settle("""update "Odd ""name" set "the %s" = 1.00 where "the %s" = 1""") == (0, 1, 0, [])

    def test_of_new_files_what_is_gone_is_found_too(self, settle):
        change = """delete from "Odd ""name" where "the %s" = 9; update "Odd ""name" set value = 2 where "the %s" = 1"""
        with_files = """; create table copied as table "Odd ""name"; truncate "Odd ""name";
                        insert into "Odd ""name" table copied"""
        assert settle(change + with_files) == (0, 8, 1, [9])

    def test_figures_that_do_not_add_up_end_the_round(self, settle, writer):
        writer.execute('delete from known where "the %s" = 7')
        with pytest.raises(VerificationFailed, match="do not add up: 1 keys have to be gone, and 0 are"):
            settle('delete from "Odd ""name" where "the %s" = 7')
