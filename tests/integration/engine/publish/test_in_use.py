"""What others have in the live schema, or do with it, while it is published anew."""

import threading
import time

import psycopg
import pytest

from config.errors import PlanRefused, TargetError
from engine.publish import publish
from engine.session import connect
from tests.integration.engine.publish.builds import PRODUCT, TARGET, build, expected, published, standing, state
from tests.support.auditors import pass_gates
from tests.support.patience import allowed


class TestDependants:
    DDL = """
        create schema reporting;
        create view reporting.names as select name from {live}.users;
        create view reporting.names_of_names as select * from reporting.names;
        create table reporting.notes (user_id int references {live}.users, mood {live}.mood);
        alter table reporting.notes add n bigint default nextval('{live}.free');
        create function reporting.first() returns text language sql begin atomic select name from {live}.users; end;
        create publication everything for table {live}.orders;
    """

    def test_they_are_listed_and_refused(self, conn):
        first = published(conn, PRODUCT)
        conn.execute(self.DDL.format(live=TARGET))
        second = build(conn, PRODUCT)
        with pytest.raises(PlanRefused) as caught:
            publish.publish(conn, second, TARGET)
        assert conn.execute(f"select name from {TARGET}.users").fetchone() == (first,)
        (fault,) = caught.value.faults
        for name in (
            "view reporting.names",
            "table reporting.notes",
            "constraint notes_user_id_fkey on table reporting.notes",
            "default value for column n of table reporting.notes",
            "function reporting.first()",
            "publication everything",
        ):
            assert name in fault, name
        assert "names_of_names" not in fault and "allow_dependants" in fault
        assert publish.preflight(conn, TARGET) == [fault]
        assert publish.preflight(conn, TARGET, allow_dependants=True) == []

    def test_allowed_they_stay_on_what_was_replaced_until_it_is_to_be_dropped(self, conn):
        first = published(conn)
        conn.execute(f"create schema reporting; create view reporting.names as select name from {TARGET}.users")
        run_id = build(conn)
        switch = publish.publish(conn, run_id, TARGET, allow_dependants=True)
        assert switch.dependants == ("view reporting.names",)
        assert conn.execute("select name from reporting.names").fetchone() == (first,)
        third = build(conn)
        with pytest.raises(PlanRefused, match="nxtgauge__previous is to be dropped and others depend on it: view"):
            publish.publish(conn, third, TARGET, allow_dependants=True)
        conn.execute("drop view reporting.names")
        publish.publish(conn, third, TARGET)

    def test_an_extension_in_the_live_schema_is_a_fault(self, conn):
        published(conn)
        available = "select from pg_available_extensions where name = 'citext'"
        if conn.execute(available).fetchone() is None:
            pytest.skip("this server has no citext")
        conn.execute(f"create extension citext schema {TARGET}")
        faults = publish.preflight(conn, TARGET)
        assert any("extension citext lives in schema nxtgauge" in fault for fault in faults)


class TestLocks:
    def test_a_writer_under_way_stops_the_publish_and_is_named(self, conn, other):
        first, second = published(conn), build(conn)
        with other.transaction():
            other.execute(f"insert into {TARGET}.users values ('late')")
            with pytest.raises(TargetError) as caught:
                publish.publish(conn, second, TARGET, lock_seconds=0.2)
        message = str(caught.value)
        assert f"session {other.info.backend_pid} of postgres" in message and "nothing was changed" in message
        assert caught.value.retryable
        assert standing(conn) == expected(live=first, build=second)
        publish.publish(conn, second, TARGET, lock_seconds=0.2)

    def test_a_reader_of_the_live_schema_is_in_nobodys_way(self, conn, other):
        first, second = published(conn), build(conn)
        with other.transaction():
            other.execute(f"select * from {TARGET}.users")
            publish.publish(conn, second, TARGET, lock_seconds=0.2)
            assert other.execute(f"select name from {TARGET}.users").fetchone() == (second,)
        assert standing(conn)[TARGET + "__previous"] == first

    def test_a_reader_of_what_is_to_be_dropped_is(self, conn, other):
        first, second, third = published(conn), published(conn), build(conn)
        with other.transaction():
            other.execute(f"select * from {TARGET}__previous.users")
            with pytest.raises(TargetError, match=f"session {other.info.backend_pid}"):
                publish.publish(conn, third, TARGET, lock_seconds=0.2)
        assert standing(conn) == expected(live=second, previous=first, build=third)

    @pytest.mark.parametrize(
        ("what", "table"),
        [
            ("a writer of the build", "insert into {}__build.users values ('late')"),
            ("a writer of the archive's", "insert into legacy_archive__build.professionals values ('late')"),
            ("who has the live schema alone", "lock table {}.users in access exclusive mode"),
            ("who has the build alone", "lock table {}__build.users in access exclusive mode"),
            ("a reader of what is dropped", "select from legacy_archive__previous.professionals"),
        ],
    )
    def test_nobody_is_waited_for_longer_than_the_caller_allows(self, conn, other, what, table):
        first, second, third = published(conn), published(conn), build(conn)
        with other.transaction():
            other.execute(table.format(TARGET))
            began = time.monotonic()
            with pytest.raises(
                TargetError, match=f"session {other.info.backend_pid} .* held a lock for 0.3 s"
            ) as caught:
                publish.publish(conn, third, TARGET, lock_seconds=0.3)
            assert 0.3 <= time.monotonic() - began < allowed(5), what
        assert "nothing was changed" in str(caught.value) and caught.value.sqlstate == "55P03"
        assert (
            standing(conn) == expected(live=second, previous=first, build=third) and state(conn, third) != "published"
        )

    def test_nor_are_several_one_after_another(self, conn, here):
        """A lock on a table after another would each wait so long."""
        ddl = "create table {build}.users as select {run}::text as name; create table {build}.others as select 1"
        published(conn, ddl)
        run_id = build(conn, ddl)
        with psycopg.connect(here.conninfo) as one, psycopg.connect(here.conninfo) as two:
            one.execute(f"insert into {TARGET}.others values (2)")
            two.execute(f"insert into {TARGET}.users values ('late')")
            ending = threading.Timer(3.6, one.commit)
            ending.start()
            began = time.monotonic()
            with pytest.raises(TargetError, match=f"session {two.info.backend_pid} .* held a lock for 4 s"):
                publish.publish(conn, run_id, TARGET, lock_seconds=4)
            waited = time.monotonic() - began
            ending.join()
        assert waited < 7.3

    def test_readers_of_the_build_are_in_nobodys_way(self, conn, other):
        run_id = build(conn)
        with other.transaction():
            other.execute(f"select * from {TARGET}__build.users")
            publish.publish(conn, run_id, TARGET, lock_seconds=0.2)

    def test_the_session_waits_for_locks_as_before(self, conn):
        published(conn, lock_seconds=1.5)
        assert conn.execute("show lock_timeout").fetchone() == (f"{connect.LOCK_SECONDS}s",)


class TestTablesOfOthers:
    """Somebody has put a table into the build, where nobody knows of it."""

    @pytest.fixture
    def stranger(self, moving, conn, role):
        run_id, name = build(moving), role("stranger")
        conn.execute(
            f"create table {TARGET}__build.theirs (id int); alter table {TARGET}__build.theirs owner to {name}"
        )
        return run_id, name

    def test_one_that_cannot_be_read_is_named_with_its_owner(self, moving, conn, stranger):
        run_id, name = stranger
        with pytest.raises(PlanRefused) as caught:
            publish.publish(moving, run_id, TARGET)
        [fault] = caught.value.faults
        assert fault.startswith(f"table {TARGET}__build.theirs of owner {name} cannot be judged: role ")
        assert (
            "may not read it" in fault
            and "GRANT SELECT ON TABLE" in fault
            and "nothing was changed or dropped" in fault
        )
        assert conn.execute(f"select count(*) from {TARGET}__build.theirs").fetchone() == (0,)
        with pytest.raises(PlanRefused, match="cannot be judged"):
            pass_gates(moving, run_id, TARGET)
        conn.execute(f"drop table {TARGET}__build.theirs")
        publish.publish(moving, run_id, TARGET)

    def test_so_is_one_whose_writers_cannot_be_kept_away(self, moving, conn, stranger):
        conn.execute(f"grant select on {TARGET}__build.theirs to public")
        pass_gates(moving, stranger[0], TARGET)
        with pytest.raises(PlanRefused, match=f"writers of table {TARGET}__build.theirs cannot be kept away"):
            publish.publish(moving, stranger[0], TARGET)
