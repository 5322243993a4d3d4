"""What others have in the live schema, or do with it, while it is published anew."""

import pytest

from config.errors import PlanRefused, TargetError
from engine.publish import publish
from engine.session import connect
from tests.integration.engine.publish.builds import PRODUCT, TARGET, build, expected, published, standing


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

    def test_the_session_waits_for_locks_as_before(self, conn):
        published(conn, lock_seconds=1.5)
        assert conn.execute("show lock_timeout").fetchone() == (f"{connect.LOCK_SECONDS}s",)
