"""The command `rollback`: what it says, when it asks, how it ends; and the same as a flow's parameters."""

import inspect
import io
import json
import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from config.postgres.connection import parse
from engine.books import bookkeeping
from engine.publish.rollback import Wish
from engine.session import connect
from flows.cli.main import main
from tests.integration.engine.publish.builds import expected, published, standing
from tests.support.places import psql

DDL = """
    create table {build}.users (name text primary key);
    create table {build}.notes (id int primary key);
    insert into {build}.users values ({run});
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def conn(database, monkeypatch):
    """A session on a target that the command has in its environment."""
    url = database()
    for name, value in {"NXTGAUGE_TARGET_URL": url, "PREFECT_API_URL": "http://127.0.0.1:9/api"}.items():
        monkeypatch.setenv(name, value)
    with connect.target(parse(url, "NXTGAUGE_TARGET_URL")) as conn:
        bookkeeping.ensure(conn)
        yield conn


@pytest.fixture
def place(conn):
    """The session, and two runs that were published there."""
    return conn, published(conn, DDL), published(conn, DDL)


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
    assert main(["rollback", "--export", str(tmp_path / "what's kept; exit 9")]) == 0
    said = capsys.readouterr()
    assert "rollback --undo" in said.out and "export NXTGAUGE_TARGET_URL=" in said.out
    (command,) = [line for line in said.out.splitlines() if "restore.sql" in line]
    programs = {"PATH": f"{Path(psql()).parent}:{os.environ['PATH']}"}  # a shell that knows no more, as with a .env
    done = subprocess.run(["sh", "-c", command], env=programs, capture_output=True, text=True, check=False)
    assert done.returncode and "NXTGAUGE_TARGET_URL: is to be set in this shell" in done.stderr, done.stderr
    conn.execute("delete from nxtgauge.notes")
    subprocess.run(["sh", "-c", command], env=os.environ | programs, capture_output=True, check=True)
    assert conn.execute("select count(*) from nxtgauge.notes").fetchone() == (2,)
    conn.execute("delete from nxtgauge.notes")
    assert standing(conn) == expected(live=first, withdrawn=second)

    assert main(["rollback", "--undo", "--yes", "--json", "--lose"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["live_run"], done["replaced_run"], done["written"]["rows"]) == (second, first, 1)
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
    assert "to take this back: nxtgauge-migrate rollback --to-nothing" in capsys.readouterr().out
    assert standing(conn) == expected(live=first)
    assert main(["rollback", "--undo", "--yes", "--to-nothing"]) == 2


def test_tables_of_others_are_named_before_and_after(place, role, capsys, monkeypatch):
    conn, first, second = place
    mover = role("mover")
    conn.execute("create table nxtgauge._sqlx_migrations (version int primary key)")
    conn.execute(f"alter role {mover} login")
    for schema in ("nxtgauge", "nxtgauge__previous", "legacy_archive", "legacy_archive__previous", "migration"):
        conn.execute(f"alter schema {schema} owner to {mover}; grant all on all tables in schema {schema} to {mover}")
    conn.execute("revoke all on nxtgauge._sqlx_migrations from mover")
    conn.execute(f"grant all on database {conn.info.dbname} to {mover}")
    monkeypatch.setenv("NXTGAUGE_TARGET_URL", make_conninfo(os.environ["NXTGAUGE_TARGET_URL"], user=mover))

    assert main(["rollback", "--yes"]) == 3
    said = capsys.readouterr().err
    for text in (
        "cannot be told of table _sqlx_migrations: role mover may not read it",
        "writers of these could not be kept away, and may have written more: _sqlx_migrations",
        'GRANT SELECT ON TABLE nxtgauge._sqlx_migrations TO "mover" lets it be read',
    ):
        assert text in said, said
    assert standing(conn) == expected(live=second, previous=first)
    assert main(["rollback", "--yes", "--lose"]) == 0
    assert "writers of these could not be kept away" in capsys.readouterr().out
    assert standing(conn) == expected(live=first, withdrawn=second)


def test_a_run_that_another_has_replaced_is_refused_and_the_live_one_is_done(place, capsys, monkeypatch):
    conn, first, second = place
    monkeypatch.setenv("NXTGAUGE_SOURCE_URL", os.environ["NXTGAUGE_TARGET_URL"])
    assert main(["migrate", "--run", first]) == 2
    assert f"run {first} is published; only one that did not finish can be resumed" in capsys.readouterr().err
    assert main(["migrate", "--run", second]) == 0
    assert standing(conn) == expected(live=second, previous=first)


def test_books_of_an_older_program_have_no_mark_and_are_brought_up_to_date(place, capsys):
    conn, first, second = place
    conn.execute("drop table migration.cutovers, migration.rounds, migration.keys, migration.marks")
    conn.execute("delete from migration.version where version >= 14")
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
