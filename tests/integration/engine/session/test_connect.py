"""Sessions have the same settings whatever the server has; what is told of the server; rows of queries."""

import pytest

from checks.reading import connect as checks_connect
from config.errors import SourceError, TargetError
from config.postgres import session
from engine.session import connect, fetch, servers
from engine.session.blame import blame
from tests.integration.engine.session.connections import connection_to
from tests.support.oddities import set_oddly


class TestSession:
    @pytest.mark.parametrize("name", ["source", "adbc_source", "target", "adbc_target"])
    def test_every_session_has_the_same_settings_whatever_the_role_has(self, writer, here, name):
        set_oddly(writer)
        with getattr(connect, name)(here) as conn, conn.cursor() as cursor:
            query = "select name, current_setting(name, true) from (values {}) as t (name)"
            cursor.execute(query.format(", ".join(f"('{name}')" for name in session.PINNED)))
            # a server may quote what it is told
            settings = {name: value and value.replace('"', "") for name, value in cursor.fetchall()}
        assert settings["TimeZone"] == "UTC" and settings["DateStyle"] == "ISO, YMD"
        assert settings["statement_timeout"] == settings["idle_session_timeout"] == "0"
        assert settings["row_security"] == "off" and settings["search_path"] == "pg_catalog"
        assert settings == session.PINNED | {n: None for n, value in settings.items() if value is None}

    @pytest.mark.parametrize("name", ["source", "target", "staging"])
    def test_so_has_the_auditor(self, writer, here, name):
        set_oddly(writer)
        with getattr(checks_connect, name)(here) as conn:
            for setting, value in session.PINNED.items():
                (found,) = conn.execute("select replace(current_setting(%s, true), '\"', '')", [setting]).fetchone()
                assert found in (value, None), setting

    @pytest.mark.parametrize("name", ["source", "adbc_source"])
    def test_a_source_session_writes_nothing(self, writer, here, name):
        writer.execute("create table t (id int)")
        with getattr(connect, name)(here) as conn, conn.cursor() as cursor:
            with pytest.raises(SourceError, match="takes no writes") as caught, blame(SourceError, "writing"):
                cursor.execute("insert into public.t values (1)")
            assert caught.value.sqlstate == "25006" and not caught.value.retryable

    def test_a_filtered_read_is_an_error(self, writer, url):
        writer.execute("create table t (id int); alter table t enable row level security; insert into t values (1)")
        writer.execute("drop role if exists filtered_reader; create role filtered_reader login")
        try:
            writer.execute("grant select on t to filtered_reader")
            with (
                connect.source(connection_to(url, user="filtered_reader")) as conn,
                pytest.raises(SourceError, match="row-level security"),
                blame(SourceError, "reading t"),
            ):
                conn.execute("select from public.t")
        finally:
            writer.execute("drop owned by filtered_reader; drop role filtered_reader")

    def test_the_users_own_options_and_name_stay(self, url):
        here = connection_to(url, options="-c work_mem=77MB", application_name="nightly")
        with connect.source(here) as conn:
            assert conn.execute("show work_mem").fetchone() == ("77MB",)
            assert conn.execute("show application_name").fetchone() == ("nightly",)
            assert conn.execute("show jit").fetchone() == ("off",)  # of which they say nothing

    def test_commits_that_need_not_wait_for_the_disk_do_not_and_those_after_them_do(self, here):
        with connect.target(here) as conn, connect.target_loading(here) as loading:
            assert loading.execute("show synchronous_commit").fetchone() == ("off",)
            before = conn.execute("show synchronous_commit").fetchone()
            with pytest.raises(TargetError), connect.unflushed(conn), blame(TargetError, "making the build"):
                assert conn.execute("show synchronous_commit").fetchone() == ("off",)
                conn.execute("select 1 / 0")
            assert conn.execute("show synchronous_commit").fetchone() == before

    def test_closing_never_commits_what_was_left_open(self, writer, here):
        with connect.target(here) as conn:
            conn.execute("begin")
            conn.execute("create table public.t (id int)")
        assert writer.execute("select to_regclass('public.t')").fetchone() == (None,)

    def test_facts_of_the_server(self, here, database, url):
        with connect.source(here) as conn, connect.source(connection_to(database())) as other:
            server, elsewhere = servers.info(conn), servers.info(other)
            again = servers.info(conn)
        assert server.encoding == "UTF8" and server.version_number >= 140000 and not server.is_standby
        assert server.database in url and server.identity()["system_identifier"]
        assert server.is_same_database(again) and not server.is_same_database(elsewhere)
        assert servers.source_faults(server) == servers.target_faults(server) == []

    def test_facts_without_the_right_to_read_the_control_file(self, writer, url):
        writer.execute("revoke execute on function pg_control_system() from public")
        writer.execute("drop role if exists modest; create role modest login")
        try:
            with connect.source(connection_to(url, user="modest")) as conn:
                server = servers.info(conn)
                assert server.system_identifier is None
                assert server.is_same_database(servers.info(writer))
        finally:
            writer.execute("drop role modest")

    def test_an_old_server_and_one_without_encoding_are_faults(self, here):
        with connect.source(here) as conn:
            server = servers.info(conn)
        old = servers.ServerInfo(**server.identity() | {"version_number": 130011, "version": "13.11"})
        ascii_only = servers.ServerInfo(**server.identity() | {"encoding": "SQL_ASCII", "is_standby": True})
        assert servers.source_faults(old) == ["the source is PostgreSQL 13.11; wanted 14 or later"]
        assert "SQL_ASCII" in servers.source_faults(ascii_only)[0]
        assert len(servers.target_faults(ascii_only)) == 2


def test_the_row_of_a_query_that_gives_one(database) -> None:
    with connect.target(connection_to(database())) as conn:
        assert fetch.one(conn, "select %s::int, 'a'", [1]) == (1, "a")
        assert fetch.value(int, conn, "select 1") == 1
        with pytest.raises(LookupError, match="the query gave no row; wanted one"):
            fetch.one(conn, "select 1 where false")
        with pytest.raises(TypeError, match="the query gave a NoneType; wanted a int"):
            fetch.value(int, conn, "select null::int")
