"""Errors of the server say what was done, where and why, and no value."""

import pytest

from config.errors import SourceError, TargetError
from engine.session import connect
from engine.session.blame import blame
from tests.integration.engine.session.connections import connection_to

SECRET = "hunter2"


class TestBlame:
    @pytest.mark.parametrize("opening", [connect.source, connect.adbc_target])
    @pytest.mark.parametrize(
        ("changes", "hint", "is_retryable"),
        [
            ({"host": "127.0.0.1", "port": "1"}, "is the server running", True),
            ({"host": "no-such-host.invalid"}, "there is no such host", False),
            ({"dbname": "no_such_database"}, "there is no such database", False),
            ({"user": "no_such_role"}, "check user and password", False),
        ],
    )
    def test_a_failed_connection_says_why_and_what_to_do(self, url, opening, changes, hint, is_retryable):
        here = connection_to(url, password=SECRET, **changes)
        with pytest.raises((SourceError, TargetError), match=hint) as caught, opening(here):
            pass
        assert caught.value.retryable is is_retryable
        assert caught.value.exit_code == (4 if opening is connect.source else 5)
        assert "NXTGAUGE_SOURCE_URL" in str(caught.value) and SECRET not in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "sqlstate"),
        [
            ("[libpq] Error executing query 'fetch': canceling statement due to conflict with recovery", "40001"),
            ("[libpq] Error: FATAL: terminating connection due to conflict with recovery", "40001"),
            ("[libpq] Error: canceling statement due to lock timeout", "55P03"),
            ("[libpq] Error: could not receive data from server: Connection timed out", "08006"),
            ("[libpq] Error: canceling statement due to user request", "57014"),
        ],
    )
    def test_what_passes_by_itself_is_known_where_a_driver_gives_no_code(self, text, sqlstate):
        with pytest.raises(SourceError) as caught, blame(SourceError, "reading"):
            raise OSError(text)
        assert (caught.value.sqlstate, caught.value.retryable) == (sqlstate, sqlstate != "57014")
        assert ("look at the network" in str(caught.value)) is ("timed out" in text)
        assert ("hot_standby_feedback" in str(caught.value)) is ("recovery" in text)

    @pytest.mark.parametrize("name", ["target", "adbc_target"])
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            (f"insert into public.t values (1, '{SECRET}')", "unique violation (23505)"),
            (f"insert into public.t values (2, null, '{SECRET}')", "not null violation (23502)"),
            (f"insert into public.t select '{SECRET}'::int", "invalid text representation (22P02)"),
            ("select * from public.nowhere", 'relation "public.nowhere" does not exist'),
        ],
    )
    def test_an_error_names_its_kind_and_place_and_no_value(self, writer, here, name, query, expected):
        writer.execute(
            f"create table t (id int unique, name text not null, other text); insert into t values (1,'{SECRET}')"
        )
        with (
            getattr(connect, name)(here) as conn,
            conn.cursor() as cursor,
            pytest.raises(TargetError) as caught,
            blame(TargetError, "loading t"),
        ):
            cursor.execute(query)
        message = str(caught.value)
        assert message.startswith("loading t: ") and expected in message and "on the target" in message
        assert SECRET not in message and not caught.value.retryable
        if caught.value.sqlstate.startswith("23"):
            assert "table t" in message

    def test_a_copy_names_line_and_column_and_no_value(self, writer, here):
        writer.execute("create table t (id int, born date)")
        with (
            connect.target(here) as conn,
            pytest.raises(TargetError) as caught,
            blame(TargetError, "loading t"),
            conn.cursor().copy("copy public.t from stdin") as copy,
        ):
            copy.write(f"1\t2024-01-01\n2\t{SECRET}\n")
        assert "COPY t, line 2, column born" in str(caught.value) and SECRET not in str(caught.value)

    @pytest.mark.parametrize("name", ["source", "adbc_source"])
    def test_an_ended_session_may_be_tried_again(self, writer, here, name):
        with getattr(connect, name)(here) as conn, conn.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            writer.execute("select pg_terminate_backend(%s)", cursor.fetchone())
            for _ in range(2):  # the second time the driver itself says so, without an SQLSTATE
                with pytest.raises(SourceError) as caught, blame(SourceError, "reading"):
                    cursor.execute("select pg_sleep(5)")
                assert caught.value.retryable, str(caught.value)

    def test_a_lock_not_had_may_be_tried_again(self, writer, here):
        writer.execute("create table t (id int)")
        with connect.target(here) as conn, writer.transaction():
            writer.execute("lock t")
            conn.execute("set lock_timeout = '50ms'")
            with pytest.raises(TargetError, match="holds a lock") as caught, blame(TargetError, "altering t"):
                conn.execute("alter table public.t add x int")
            assert caught.value.retryable

    def test_other_errors_pass(self):
        with pytest.raises(ValueError, match="of my own"), blame(SourceError, "reading"):
            raise ValueError("of my own")
