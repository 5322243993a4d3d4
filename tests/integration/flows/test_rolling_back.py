"""The command `rollback`: what it says, when it asks, how it ends; and the same as a flow's parameters."""

import inspect
import io
import json

import psycopg
import pytest

from config.postgres.connection import parse
from engine.books import bookkeeping
from engine.publish.rollback import Wish
from engine.session import connect
from flows.cli.main import main
from tests.integration.engine.publish.builds import expected, published, standing

DDL = """
    create table {build}.users (name text primary key);
    create table {build}.notes (id int primary key);
    insert into {build}.users values ({run});
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def place(database, monkeypatch):
    """A session on a target into which two runs were published, which the command has in its environment."""
    url = database()
    for name, value in {"NXTGAUGE_TARGET_URL": url, "PREFECT_API_URL": "http://127.0.0.1:9/api"}.items():
        monkeypatch.setenv(name, value)
    with connect.target(parse(url, "NXTGAUGE_TARGET_URL")) as conn:
        bookkeeping.ensure(conn)
        yield conn, published(conn, DDL), published(conn, DDL)


def test_it_says_what_it_will_do_asks_and_can_be_undone(place, capsys, monkeypatch, tmp_path):
    conn, first, second = place
    conn.execute("insert into nxtgauge.notes values (1), (2); update nxtgauge.users set name = name")

    assert main(["rollback", "--yes"]) == 3
    said = capsys.readouterr()
    assert f"schema nxtgauge becomes run {first}'s again" in said.err and f"run {second}'s is set aside as" in said.err
    assert [line.split() for line in said.err.splitlines() if line.startswith("  ")][:3] == [
        ["table", "inserted", "updated", "deleted"], ["notes", "2", "0", "0"], ["users", "0", "1", "0"],
    ]  # fmt: skip
    assert "3 rows were written to schema nxtgauge" in said.err and not said.out

    assert main(["rollback", "--lose"]) == 2
    assert "--yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert main(["rollback", "--lose"]) == 130
    assert "nothing was changed" in capsys.readouterr().err
    assert standing(conn) == expected(live=second, previous=first)

    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert main(["rollback", "--export", str(tmp_path / "kept")]) == 0
    said = capsys.readouterr()
    assert "rollback --undo" in said.out and f"cd {tmp_path / 'kept'} && psql" in said.out
    assert standing(conn) == expected(live=first, withdrawn=second)

    assert main(["rollback", "--undo", "--yes", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["live_run"], done["replaced_run"], done["written"]["rows"]) == (second, first, 0)
    assert standing(conn) == expected(live=second, previous=first)


def test_nothing_is_left_published_only_where_that_is_asked_for(place, capsys):
    conn, first, second = place
    assert main(["rollback", "--yes"]) == 0
    assert main(["rollback", "--yes"]) == 3
    assert "--to-nothing" in capsys.readouterr().err
    assert main(["rollback", "--yes", "--to-nothing", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["drops"] == second and f"run {second}'s, which was set aside there before" in said.err
    assert main(["rollback", "--undo", "--yes"]) == 0
    assert standing(conn) == expected(live=first)
    assert main(["rollback", "--undo", "--yes", "--to-nothing"]) == 2


def test_books_of_an_older_program_have_no_mark_and_are_brought_up_to_date(place, capsys):
    conn, first, second = place
    conn.execute("drop table migration.rounds, migration.keys, migration.marks")
    conn.execute("delete from migration.version where version = 14")
    assert main(["rollback", "--yes"]) == 3
    assert "an older version of this program" in capsys.readouterr().err
    assert main(["rollback", "--yes", "--lose"]) == 0
    assert standing(conn) == expected(live=first, withdrawn=second)
    with psycopg.connect(conn.info.dsn, autocommit=True) as other:
        other.execute("insert into nxtgauge.notes values (3)")
    assert main(["rollback", "--undo", "--yes"]) == 3
    assert "1 rows were written" in capsys.readouterr().err


def test_the_flow_takes_what_the_command_takes():
    from flows.runs.rollback import rollback

    parameters = set(inspect.signature(rollback.fn).parameters)
    assert parameters == {"profile", *Wish.__dataclass_fields__}
