"""`cutover` and `sync --abort`: what they say and ask before anything is done."""

import io
import json
import os

import psycopg
import pytest

from config import settings as configuration
from config.errors import PlanRefused
from config.postgres.connection import parse
from engine.books import bookkeeping
from engine.publish import publish
from engine.session import connect
from engine.session.execution import Silent
from flows.cli.main import main
from flows.runs.live import cutting
from tests.integration.engine.publish.builds import build, standing


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def conn(database, monkeypatch):
    """A session on a target that the commands have in their environment, beside a source."""
    source, url = database(), database()
    environ = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": url, "NXTGAUGE_FENCE_URL": source}
    environ |= {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
    with psycopg.connect(source, autocommit=True) as there:
        there.execute("create table users (id int primary key)")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with connect.target(parse(url, "NXTGAUGE_TARGET_URL")) as conn:
        bookkeeping.ensure(conn)
        yield conn


@pytest.mark.parametrize("command", [["cutover"], ["sync", "--abort"]])
def test_without_a_build_nobody_is_asked(conn, capsys, command):
    assert main(command) == 2
    said = capsys.readouterr()
    assert "there is no build of schema nxtgauge; `nxtgauge-migrate sync` makes one" in said.err
    assert main([*command, "--json", "--yes"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "ConfigError"


@pytest.mark.parametrize("command", [["cutover"], ["sync", "--abort"]])
def test_without_a_terminal_yes_is_wanted_and_a_no_changes_nothing(conn, capsys, monkeypatch, command):
    run_id = build(conn)
    before = standing(conn)
    assert main(command) == 2
    said = capsys.readouterr()
    assert run_id in said.err and "--yes" in said.err and not said.out
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert main(command) == 130
    assert "nothing was changed" in capsys.readouterr().err
    assert standing(conn) == before


def test_the_cut_over_says_before_what_it_will_do(conn, capsys):
    run_id = build(conn)
    assert main(["cutover", "--budget", "4s", "--terminate-after", "500ms"]) == 2
    said = capsys.readouterr().err
    for text in (
        f"run {run_id}'s build, nxtgauge__build, becomes schema nxtgauge", "wait for 4 s at most",
        "are ended after 0.5 s", "nobody else is connected to the source now",
    ):  # fmt: skip
        assert text in said


def test_what_the_fence_lacks_is_said_before_anybody_is_asked(conn, capsys, monkeypatch):
    build(conn)
    monkeypatch.delenv("NXTGAUGE_FENCE_URL")
    assert main(["cutover", "--yes", "--json"]) == 3
    said = capsys.readouterr()
    (fault,) = json.loads(said.out)["error"]["faults"]
    assert "NXTGAUGE_FENCE_URL is not set" in fault and "becomes schema nxtgauge" in said.err
    assert main(["cutover", "--fence", "operator"]) == 2  # nobody can be asked here
    said = capsys.readouterr().err
    assert "You are told when" in said and "NXTGAUGE_FENCE_URL" not in said


FOLLOWED = """
    create table users (id uuid primary key, email text);
    insert into users select ('00000000-0000-0000-0000-0000000000' || n)::uuid, 'u' || n || '@example.com'
    from generate_series(10, 39) n;
"""
NEW = "insert into users values ('00000000-0000-0000-0000-000000000099', 'new@example.com')"
BEHIND = "select (found ->> 'behind')::int from migration.rounds order by number desc limit 2"


def test_a_build_is_cut_over_and_the_way_back_is_told(conn, role, capsys, monkeypatch):
    """By an application's role, which waits for nothing and may not write afterwards."""
    source = os.environ["NXTGAUGE_SOURCE_URL"]
    monkeypatch.setenv("NXTGAUGE_PROFILE", "demo")
    with psycopg.connect(source, autocommit=True) as there:
        there.execute("drop table users")
        there.execute(FOLLOWED)
        app = role("app")
        there.execute(f"alter role {app} login; grant select, insert, update on users to {app}")
    assert main(["sync"]) == 0
    capsys.readouterr()
    strict = configuration.load("demo").model_copy(update={"require_certificate": True})
    asked = {"run_id": None, "budget": 60.0, "fence": "lock", "terminate_after": None, "approve": False}
    with pytest.raises(
        PlanRefused, match="was not rehearsed: profile demo requires"
    ):  # from a form: nobody looked before
        cutting.cutover(strict, **asked, watch=Silent())
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    prepare = publish.prepare

    def prepares_while_one_writes(*given, **named):
        prepare(*given, **named)
        with psycopg.connect(source, autocommit=True) as there:
            there.execute(NEW)

    monkeypatch.setattr(publish, "prepare", prepares_while_one_writes)
    assert main(["cutover", "--budget", "60s", "--json"]) == 0
    said = capsys.readouterr()
    assert "note: this cut-over was not rehearsed: this target has no certificate" in said.err
    done = json.loads(said.out)
    assert done["headline"]["word"] == "CUT OVER" and done["late_writes"] == []
    (cut,) = done["cutovers"]
    steps = [step["step"] for step in cut["steps"]]
    assert steps[:4] == ["lock", "snapshot", "round", "verification"] and "publish" in steps and cut["seconds"] < 60
    assert cut["late"] == {} and done["certificate"] is None
    assert cut["outcome"] == "published" and "writers back" in cut["detail"]
    assert done["verification"]["level"] == "full"
    assert any("rollback --export" in line for step in done["next_steps"] for line in step["commands"])
    assert conn.execute("select count(*) from nxtgauge.users").fetchone() == (31,)
    assert conn.execute(BEHIND).fetchall() == [(0,), (1,)]  # what was written by then was not left for the pause
    writing = psycopg.connect(source, user=app)
    with writing, pytest.raises(psycopg.errors.InsufficientPrivilege):
        writing.execute("update users set email = 'x'")
    with psycopg.connect(source, autocommit=True) as there:
        there.execute(f"drop owned by {app}")
    assert main(["cutover", "--yes"]) == 2  # nothing follows any more
