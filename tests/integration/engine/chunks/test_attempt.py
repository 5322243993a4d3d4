"""Only the attempt under way writes for a run: a chunk of an earlier one ends without a trace."""

import psycopg
import pytest

from config import settings as configuration
from config.errors import ConfigError, TargetError
from engine import run as engine_run
from engine.books import bookkeeping
from engine.chunks.work import Chunk
from engine.load.moving import Move
from engine.session.execution import Silent
from engine.session.stop import Stop
from engine.start.options import Options
from tests.support.auditors import trusting

SOURCE = """
    create table users (id uuid primary key, email text);
    create table tutor_profiles (id uuid primary key, user_id uuid, status text);
    insert into users select gen_random_uuid(), concat(n) from generate_series(1, 5) n;
    insert into tutor_profiles select gen_random_uuid(), id, 'approved' from users;
"""


@pytest.fixture
def given(database):
    source, target = database(), database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(SOURCE)
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})


class AtBegin(Silent):
    """Does something before the first chunk of a legacy table is moved."""

    def __init__(self, table: str, action):
        self._table, self._action = table, action

    def begin(self, legacy_table: str) -> None:
        if legacy_table == self._table:
            self._action()


def _again(settings) -> None:
    """What another process does that takes the run up."""
    with psycopg.connect(settings.target.conninfo, autocommit=True) as conn:
        bookkeeping.resume_run(conn, bookkeeping.runs(conn)[0].run_id, "demo")


def _build_gone(settings) -> None:
    """What a new run does to the build of a former one, whose name its own build has then."""
    with psycopg.connect(settings.target.conninfo, autocommit=True) as conn:
        bookkeeping.forget_schema(conn, bookkeeping.build(conn, bookkeeping.runs(conn)[0].run_id))


@pytest.mark.parametrize("table", ["users", "tutor_profiles"])  # a table of either lane
@pytest.mark.parametrize("other", [_again, _build_gone])
def test_a_chunk_of_an_earlier_attempt_leaves_nothing(given, table, other):
    with pytest.raises(TargetError, match="no longer under way as this process began it"):
        engine_run.migrate(given, Options(auditor=trusting, watch=AtBegin(table, lambda: other(given))))
    with psycopg.connect(given.target.conninfo) as conn:
        done = "select count(*) from migration.chunks where route like %s"
        assert conn.execute(done, [f"{table}%"]).fetchone() == (0,)


def test_a_worker_with_another_program_moves_nothing(given, monkeypatch):
    moves = []

    def keep(move: Move, chunk: Chunk) -> None:
        moves.append(move)
        raise InterruptedError

    monkeypatch.setattr(Move, "__call__", keep)
    with pytest.raises(InterruptedError):
        engine_run.migrate(given, Options(auditor=trusting))
    elsewhere = moves[0].elsewhere()
    object.__setattr__(elsewhere, "program", "another")
    with pytest.raises(ConfigError, match="install the same version on every worker"):
        elsewhere(Chunk("users", 0), Stop())
