"""The snapshot that all sessions share, and which tables have changed since."""

import contextlib

import psycopg
import pytest

from config.errors import SourceError
from engine.session import connect, servers, snapshot
from engine.session.snapshot import Mark


@pytest.fixture
def changes(here, writer):
    """Which of the tables are told to have changed, after what the test does within the block."""

    @contextlib.contextmanager
    def watch(*tables: str):
        found: list[str] = []
        with snapshot.hold(here) as taken, connect.source(here) as reader:
            taken.join(reader)
            files = snapshot.files(reader, "public", tables)
            counts = {table: reader.execute(f"select count(*) from public.{table}").fetchone()[0] for table in tables}
            marks = [Mark(table, files[table], counts[table]) for table in tables]
        yield found
        with connect.source(here) as reader:
            args = (marks, taken.visible, taken.server.system_identifier)
            found += snapshot.changed_tables(reader, "public", *args)

    return watch


class TestSnapshot:
    def test_all_sessions_see_what_its_holder_saw(self, writer, here):
        writer.execute("create table t (id int); insert into t values (1)")
        with snapshot.hold(here) as taken, connect.source(here) as reader, connect.adbc_source(here) as arrow:
            writer.execute("insert into t values (2)")
            for _ in range(2):  # a session joins again for each chunk
                taken.join(reader)
                taken.join(arrow)
                assert reader.execute("select count(*) from public.t").fetchone() == (1,)
                with arrow.cursor() as cursor:
                    cursor.execute("select count(*) from public.t")
                    assert cursor.fetchall() == [(1,)]
                reader.rollback()
                arrow.rollback()
            assert reader.execute("select count(*) from public.t").fetchone() == (2,)

    def test_it_dies_with_its_holder_and_says_so(self, writer, here):
        with snapshot.hold(here) as taken, connect.source(here) as reader, connect.adbc_source(here) as arrow:
            taken.check()
            writer.execute("select pg_terminate_backend(%s)", [taken.holder.info.backend_pid])
            with pytest.raises(SourceError) as caught:
                taken.check()
            assert caught.value.retryable
            for conn in (reader, arrow):
                with pytest.raises(SourceError, match="holder's session"):
                    taken.join(conn)

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

    def test_another_server_proves_nothing(self, writer, here):
        writer.execute("create table t (id int)")
        with connect.source(here) as reader:
            mark = Mark("t", snapshot.files(reader, "public", ["t"])["t"], 0)
            system = servers.info(reader).system_identifier
            visible = reader.execute("select pg_current_snapshot()::text").fetchone()[0]
            answers = [snapshot.changed_tables(reader, "public", [mark], visible, s) for s in (system, "1", None)]
        assert answers == [[], ["t"], ["t"]]
