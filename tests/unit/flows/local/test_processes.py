"""Processes of our own: the Prefect server that is ours, what is taken for it, and what signals do to a run."""

import contextlib
import http.server
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from config import errors
from flows.local import places, prefect_server, processes, stopping

pytestmark = pytest.mark.usefixtures("surroundings")


def test_no_server_is_found_where_none_was_started():
    assert prefect_server.running() is None
    assert prefect_server.answering_url() is None
    assert prefect_server.stop() is False


def test_the_folder_of_logs_is_closed_to_others_also_where_it_stood_open():
    places.cache_folder().chmod(0o755)
    assert places.cache_folder().stat().st_mode & 0o777 == 0o700


def test_a_process_that_was_not_started_here_is_never_taken_for_the_server():
    record = {"pid": os.getpid(), "started": 1.0, "port": 4200}
    prefect_server.state_path().write_text(json.dumps(record))
    assert prefect_server.running() is None
    assert prefect_server.stop() is False


@pytest.fixture
def served(monkeypatch):
    """A process that stands for a server, wherever one is started."""
    monkeypatch.setattr(prefect_server, "_command", lambda port: ["sleep", "60"])
    yield
    prefect_server.stop()


def test_a_new_server_begins_with_the_database_that_was_made_at_set_up_and_no_other_does(served, monkeypatch, tmp_path):
    made, own = tmp_path / "made.db", prefect_server.home_path() / prefect_server.DATABASE
    monkeypatch.setattr(prefect_server, "made_database", lambda: made)
    for wanted in (None, b"made", b"its own"):
        prefect_server.begin()
        assert (own.read_bytes() if own.exists() else None) == wanted
        prefect_server.stop()
        if wanted:
            own.write_bytes(b"its own")
        made.write_bytes(b"made")
    assert [path.name for path in own.parent.iterdir()] == [own.name]


def test_the_database_that_is_made_at_set_up_is_prefects_and_empty(monkeypatch, tmp_path):
    monkeypatch.setattr(prefect_server, "made_database", lambda: tmp_path / "made" / "prefect.db")
    prefect_server.make_database()
    with contextlib.closing(sqlite3.connect(prefect_server.made_database())) as conn:
        tables = [name for (name,) in conn.execute("select name from sqlite_master where type = 'table'")]
        filled = [name for name in tables if conn.execute(f'select 1 from "{name}" limit 1').fetchone()]
    assert filled == ["alembic_version"]


def test_the_demo_stops_only_a_server_that_nobody_else_has_asked_for(served):
    assert prefect_server.begin(for_demo=True).is_demos
    assert prefect_server.stop(only_demos=True)
    prefect_server.begin(for_demo=True)
    assert not prefect_server.begin().is_demos
    assert not prefect_server.begin(for_demo=True).is_demos
    assert not prefect_server.stop(only_demos=True) and prefect_server.running()
    assert prefect_server.stop()


@pytest.fixture
def stranger():
    """A Prefect server of somebody else's, as far as its health goes; its port."""

    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"true")

        def log_message(self, *args): ...

    found = http.server.ThreadingHTTPServer((prefect_server.HOST, 0), Healthy)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found.server_port
    found.shutdown()
    found.server_close()


def test_anothers_server_on_our_port_is_never_taken_for_ours(stranger, tmp_path):
    child = processes.spawn([sys.executable, "-c", ""], os.environ, tmp_path, prefect_server.log_path())
    with pytest.raises(prefect_server.ServerError, match="ended while starting"):
        prefect_server._await_health(prefect_server.StartedServer(child.pid, child.started, stranger))


def test_commands_go_to_a_server_that_is_named_or_their_own_and_to_no_other(stranger, monkeypatch):
    monkeypatch.setattr(prefect_server, "DEFAULT_PORT", stranger)
    named = f"http://{prefect_server.HOST}:{stranger}/api"
    monkeypatch.setenv("PREFECT_API_URL", named)
    assert prefect_server.answering_url() == named
    monkeypatch.delenv("PREFECT_API_URL")
    assert (prefect_server.configured_url(), prefect_server.answering_url()) == (None, None)
    assert prefect_server.silence() == "PREFECT_API_URL is not set, and no server of this checkout runs"
    mine = {"pid": os.getpid(), "started": processes.started(os.getpid()), "port": stranger}
    prefect_server.state_path().write_text(json.dumps(mine))
    assert prefect_server.answering_url() == named
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        theirs = mine | {"pid": other.pid, "started": processes.started(other.pid)}
        prefect_server.state_path().write_text(json.dumps(theirs))
        assert prefect_server.answering_url() is None  # ours does not answer: another took its port
    finally:
        other.communicate()


def test_who_waits_is_told_for_what_and_for_how_long(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(prefect_server, "SAY_SECONDS", 1.0)
    caplog.set_level("INFO", "nxtgauge")
    waiting = prefect_server.Waiting("the server", tmp_path / "log", 1.1)
    while waiting.goes_on():
        pass
    first, second = caplog.messages
    assert first == f"waiting for the server; its log is {tmp_path / 'log'}"
    assert second == "waiting for the server; 1 of at most 1 s"


def test_who_listens_is_the_process_or_its_child(stranger):
    me = processes.Process(os.getpid(), processes.started(os.getpid()))
    assert processes.listens(me, stranger) and not processes.listens(me, 1)


def test_the_first_signal_asks_to_stop_and_handlers_come_back():
    before = [signal.getsignal(number) for number in stopping.SIGNALS]
    stop = threading.Event()
    with stopping.on_signal(stop):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)  # of one request: whoever stops a group signals a run twice
        assert stop.is_set()
    assert [signal.getsignal(number) for number in stopping.SIGNALS] == before


def test_a_later_signal_ends_the_process_at_once():
    code = """
import signal, threading
from flows.local import stopping
stopping.SAME_REQUEST_SECONDS = 0
with stopping.on_signal(threading.Event()):
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    print("still here")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (errors.Interrupted.exit_code, "")
