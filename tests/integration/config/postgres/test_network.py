"""A network that takes everything and passes on nothing: sessions end all the same, at a request to stop at once."""

import contextlib
import os
import threading
import time

import psycopg
import pytest

from checks.expectations import runner
from checks.reading import connect as checks_connect
from config.errors import Interrupted, MigrateError, SourceError, TargetError
from config.postgres import network
from config.postgres.connection import parse
from engine.session import connect
from engine.session.blame import blame
from engine.session.stop import Stop
from engine.staging import programs
from tests.support.patience import allowed
from tests.support.proxies import between


@pytest.fixture
def url(database) -> str:
    return database()


@pytest.fixture
def proxy(url):
    with between(url) as proxy:
        yield proxy


@pytest.fixture
def soon(monkeypatch):
    """A line counts as lost within a second."""
    monkeypatch.setattr(network, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(network, "LOST_SECONDS", 0.4)
    monkeypatch.setattr(network, "TOLD_SECONDS", 5)


def swallowing(proxy, seconds: float = 0.3) -> None:
    threading.Timer(seconds, setattr, (proxy, "swallows", True)).start()


def read(conn, cursor):
    cursor.execute("select pg_sleep(60)")
    cursor.fetchall()


def write(conn, cursor):
    cursor.execute("create temporary table t (a text)")
    with cursor.copy("copy t from stdin") as sink:
        while True:
            sink.write("x" * 100_000 + "\n")
            time.sleep(0.01)


@pytest.mark.parametrize(
    ("opening", "use"),
    [
        (connect.source, read),
        (connect.adbc_source, read),
        (connect.target, write),
        (checks_connect.source, read),
    ],
)
def test_whoever_waits_meets_a_lost_connection_that_names_the_network(proxy, soon, opening, use):
    here, blaming = parse(proxy.url, "NXTGAUGE_SOURCE_URL"), blame(SourceError, "reading")
    with (
        pytest.raises(MigrateError, match=r"nothing comes back from .*; look at the network") as caught,
        opening(here) as conn,
        conn.cursor() as cursor,
        blaming if opening is not checks_connect.source else contextlib.nullcontext(),
    ):
        swallowing(proxy)
        started = time.monotonic()
        use(conn, cursor)
    assert caught.value.retryable and time.monotonic() - started < allowed(5)
    assert proxy.url not in str(caught.value)


def answered_late(conn, cursor):
    cursor.execute("select pg_sleep(1)")
    cursor.fetchall()


def written_late(conn, cursor):
    cursor.execute("create temporary table t (a text)")
    with cursor.copy("copy t from stdin") as sink:
        sink.write("x\n")
        time.sleep(1)
        sink.write("y\n")


@pytest.mark.parametrize(
    ("opening", "use"),
    [
        (connect.source, answered_late),
        (connect.adbc_source, answered_late),
        (connect.target, written_late),
        (checks_connect.source, answered_late),
    ],
)
def test_so_does_who_waits_for_an_answer_that_alone_was_lost(proxy, soon, opening, use):
    here, blaming = parse(proxy.url, "NXTGAUGE_SOURCE_URL"), blame(SourceError, "reading")
    with opening(here), contextlib.ExitStack() as others:
        with (
            pytest.raises(MigrateError, match=r"an answer from .* was lost on its way, though it answers") as caught,
            opening(here) as conn,
            conn.cursor() as cursor,
            blaming if opening is not checks_connect.source else contextlib.nullcontext(),
        ):
            threading.Timer(0.3, setattr, (proxy, "forgotten", proxy.count)).start()
            idle = others.enter_context(opening(here))
            started = time.monotonic()
            use(conn, cursor)
        assert caught.value.retryable and time.monotonic() - started < allowed(6)
        with idle.cursor() as cursor:  # of which nothing was lost
            cursor.execute("select 1")
            assert cursor.fetchall() == [(1,)]


def test_so_does_who_makes_a_session_ready(proxy, soon, monkeypatch):
    monkeypatch.setattr(network, "OPEN_SECONDS", 0.5)
    line = network.line(parse(proxy.url, "NXTGAUGE_SOURCE_URL"))
    with contextlib.closing(line.connect()) as conn, line.making_ready(conn.waits):
        proxy.forgotten = proxy.count
        started = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            conn.execute("select")
    assert time.monotonic() - started < allowed(5) and "was lost on its way" in line.told


def test_a_session_that_others_make_ready_is_not_lost(proxy, soon, monkeypatch, caplog):
    """To know a pooler other sessions are asked in between."""
    monkeypatch.setattr(network, "OPEN_SECONDS", 0.2)
    line = network.line(parse(proxy.url, "NXTGAUGE_TARGET_URL"))
    with contextlib.closing(line.connect()) as conn, line.making_ready(conn.waits):
        time.sleep(1.5)
        assert conn.execute("select 1").fetchone() == (1,)
    assert "waiting for one" in caplog.text and "connections ended" not in caplog.text


def test_what_was_cut_at_this_end_is_ended_at_the_other_by_the_next_session(url, proxy, soon):
    here, idle = parse(proxy.url, "NXTGAUGE_SOURCE_URL"), "select pid from pg_stat_activity where pid = %s"
    with psycopg.connect(url, autocommit=True) as conn:
        with connect.target(here) as lost:
            lost.execute("select pg_advisory_lock(1)")
            process = lost.info.backend_pid
            proxy.swallows = True
            with pytest.raises(TargetError), blame(TargetError, "waiting"):
                lost.execute("select")
        proxy.swallows = False
        assert conn.execute(idle, [process]).fetchone()
        with checks_connect.target(here) as other:
            until = time.monotonic() + allowed(5)
            while conn.execute(idle, [process]).fetchone():
                assert time.monotonic() < until
                time.sleep(0.05)
            assert other.execute("select 1").fetchone()


def test_a_statement_that_takes_its_time_is_none_that_is_lost(proxy, soon):
    with connect.source(parse(proxy.url, "NXTGAUGE_SOURCE_URL")) as conn:
        assert conn.execute("select 1 from pg_sleep(1.5)").fetchone() == (1,)
        assert not os.get_blocking(conn.fileno())  # as libpq has it, however often it was looked at


def test_nor_is_one_that_is_written_to_seldom_or_read_from_slowly(proxy, soon):
    here = parse(proxy.url, "NXTGAUGE_SOURCE_URL")
    with connect.source(here) as source, connect.target(here) as target, target.cursor() as cursor:
        cursor.execute("create temporary table t (a text)")
        rows = "copy (select repeat('x', 1000) from generate_series(1, 20000)) to stdout"
        with source.cursor().copy(rows) as given, cursor.copy("copy t from stdin") as sink:
            for number, row in enumerate(given):
                sink.write(row)
                time.sleep(0.7 if number in (1, 10000) else 0)
        assert cursor.rowcount == 20000


def test_a_server_that_turns_newcomers_away_is_there(url, proxy, soon):
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with connect.source(parse(proxy.url, "NXTGAUGE_SOURCE_URL")) as conn:
        with psycopg.connect(psycopg.conninfo.make_conninfo(url, dbname="postgres"), autocommit=True) as admin:
            admin.execute(f"alter database {name} allow_connections false")
        assert conn.execute("select 1 from pg_sleep(1.5)").fetchone() == (1,)


@pytest.mark.parametrize("name", ["source", "adbc_source"])
def test_a_request_to_stop_waits_for_no_answer(proxy, name):
    here, stop = parse(proxy.url, "NXTGAUGE_SOURCE_URL"), Stop()
    swallowing(proxy)
    threading.Timer(0.5, stop.set).start()
    started = time.monotonic()
    with (
        pytest.raises(Interrupted),
        getattr(connect, name)(here, stop) as conn,
        conn.cursor() as cursor,
        blame(SourceError, "reading", stop),
    ):
        cursor.execute("select pg_sleep(60)")
        cursor.fetchall()
    with pytest.raises(SourceError, match="network to it up"), connect.source(here):
        pass
    assert time.monotonic() - started < allowed(2.5)  # half a second of it before the request


@pytest.mark.parametrize("name", ["source", "adbc_source"])
def test_nor_does_it_wait_for_a_session_that_is_being_opened(proxy, name):
    proxy.swallows = True
    stop, started = Stop(), time.monotonic()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(Interrupted), getattr(connect, name)(parse(proxy.url, "NXTGAUGE_SOURCE_URL"), stop):
        pass
    assert time.monotonic() - started < allowed(2.5)


def test_programs_end_too(url, proxy, soon):
    here = parse(proxy.url, "NXTGAUGE_SOURCE_URL")
    with connect.source(here), psycopg.connect(url) as holder:
        holder.execute("create table t (id int)")
        holder.commit()
        holder.execute("lock table t")  # so that it waits
        swallowing(proxy)
        done = programs.run("pg_dump", ["--schema-only"], Stop(), here)
    assert done.passing == "08006"


def test_the_process_of_the_suites_ends_with_its_session(url, proxy, monkeypatch):
    code = "from config.postgres import network as n; n.ASK_SECONDS, n.LOST_SECONDS = 0.2, 0.4\n"
    monkeypatch.setattr(runner, "PROGRAM", ["-c", code + "from checks.expectations import runner; runner.main()"])
    with psycopg.connect(url, autocommit=True) as conn, psycopg.connect(url) as holder:
        conn.execute("create table users (id int)")
        holder.execute("lock table users")  # so that they wait
        child = runner.start(parse(proxy.url, "NXTGAUGE_TARGET_URL"), "public", {})
        while not conn.execute("select from pg_locks where relation = 'users'::regclass and not granted").fetchall():
            time.sleep(0.1)
        swallowing(proxy, 0)
        started = time.monotonic()
        with pytest.raises(TargetError, match="look at the network") as caught:
            child.result()
    assert caught.value.retryable and time.monotonic() - started < allowed(10)
