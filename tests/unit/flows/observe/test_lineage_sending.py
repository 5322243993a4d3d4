"""Lineage events on their way: to a real server of the test's own, which may fail or be slow, and to a file."""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from flows.observe.lineage import events, sending
from flows.observe.lineage.story import Database, Story


@dataclass
class Server:
    """answers: status codes yet to be given, then 201; hung: what it waits for before it answers."""

    place: str
    requests: list = field(default_factory=list)
    answers: deque = field(default_factory=deque)
    hung: threading.Event = field(default_factory=threading.Event)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(event["eventType"], event["job"]["name"]) for _, _, event in self.requests]


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(sending, "PAUSE_SECONDS", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.hung.wait(20)
            found.requests.append((self.path, self.headers["Authorization"], body))
            self.send_response(found.answers.popleft() if found.answers else 201)
            self.end_headers()

        def log_message(self, *_) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    found = Server(f"127.0.0.1:{http.server_port}")
    found.hung.set()
    yield found
    found.hung.set()
    http.shutdown()
    http.server_close()


def _begin() -> list:
    """Four events."""
    here = Database("postgres://localhost:5432", "db")
    story = Story("r1", "demo", False, here, here, "public", "nxtgauge", {}, ())
    verdict = {"passed": True, "seconds": 1.0, "checks": []}
    return [*events.begins(story), *events.ends_well(story, verdict)]


WHOLE = [("START", "db.nxtgauge.migrate"), ("START", "db.nxtgauge.verify")]
WHOLE += [("COMPLETE", "db.nxtgauge.verify"), ("COMPLETE", "db.nxtgauge.migrate")]


@pytest.mark.parametrize(
    ("address", "path", "authorization"),
    [
        ("http://{}", "/api/v1/lineage", None),
        ("http://{}/", "/api/v1/lineage", None),
        ("http://{}/other/path?key=1", "/other/path?key=1", None),
        ("http://t%40ken@{}", "/api/v1/lineage", "Bearer t@ken"),
        ("http://bob:p%40ss@{}/x", "/x", "Basic Ym9iOnBAc3M="),
    ],
)
def test_events_arrive_in_their_order(server, address, path, authorization):
    sender = sending.Sender(address.format(server.place))
    sender.send(_begin())
    sender.close(20)
    assert server.told == WHOLE
    assert {(path, said) for path, said, _ in server.requests} == {(path, authorization)}


def test_one_fault_is_overcome_and_a_second_ends_the_burst_alone(server, caplog):
    server.answers.extend([503, 201, 503, 503])
    sender = sending.Sender(f"http://bob:sw0rdfish@{server.place}/t0ken")
    sender.send(_begin())
    sender.send(_begin()[:1])
    sender.close(20)
    assert server.told == [WHOLE[0], WHOLE[0], WHOLE[1], WHOLE[1], WHOLE[0]]
    warnings = [record.getMessage() for record in caplog.records]
    assert warnings == [f"lineage was not told to http://{server.place}: it answered 503; the run goes on"]


def test_a_server_that_hangs_holds_up_no_run(server, caplog):
    server.hung.clear()
    sender = sending.Sender(f"http://{server.place}")
    sender.send(_begin())
    sender.close(0.2)
    assert [record.getMessage() for record in caplog.records if "has not taken every event" in record.getMessage()]


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_file_gets_an_object_a_line_after_those_that_it_has(tmp_path, form):
    path = tmp_path / "lineage.jsonl"
    path.write_text("{}\n")
    sender = sending.Sender(form.format(path))
    sender.send(_begin())
    sender.close(20)
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert found[0] == {} and [(e["eventType"], e["job"]["name"]) for e in found[1:]] == WHOLE


def test_a_file_that_it_makes_is_its_owners_alone(tmp_path):
    sender = sending.Sender(str(tmp_path / "new.jsonl"))
    sender.send(_begin())
    sender.close(20)
    assert (tmp_path / "new.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_said(tmp_path, caplog):
    sender = sending.Sender(str(tmp_path / "no" / "file"))
    sender.send(_begin())
    sender.close(20)
    assert "No such file or directory; the run goes on" in caplog.text


@pytest.mark.parametrize(
    ("host", "namespace"),
    [
        ("db.example", "postgres://db.example:5433"),
        ("/var/run", "postgres://localhost:5433"),
        ("", "postgres://localhost:5433"),
        ("::1", "postgres://[::1]:5433"),
    ],
)
def test_a_database_is_named_by_its_server(host, namespace):
    assert Database.of(SimpleNamespace(host=host, port=5433, dbname="db")) == Database(namespace, "db")
