"""A run of the small legacy database that is struck, resumed, and compared with one that nobody disturbs.

Attempts that end by the strike are processes of their own, forked from one that has imported the program.
"""

import contextlib
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from config import settings as configuration
from config.errors import MigrateError
from config.settings import Settings
from engine import operations, staging
from engine.publish.rollback import Wish
from engine.run import migrate
from engine.session.stop import STOP
from engine.start.options import Options
from flows.local.stopping import on_signal
from tests.support import pictures
from tests.support.auditors import trusting
from tests.support.failpoints.arming import armed
from tests.support.patience import allowed
from tests.support.pictures import Picture

LEGACY = Path(__file__).with_name("legacy.sql")
SMALL = {"frame_chunk_bytes": 64 * 1024, "stream_chunk_bytes": 64 * 1024}  # several chunks of little
PATIENCE_SECONDS, SETTLE_SECONDS = 120, 15
KILLED, UNSTRUCK = -9, 99
LEFT = """
    select 'session', application_name, state from pg_stat_activity
    where datname = current_database() and application_name = 'nxtgauge-migrate'
    union all select 'lease', mode, pid::text from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
    union all select 'schema', nspname, '' from pg_namespace where nspname like '%\\_\\_build'
"""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Ended:
    """How an attempt in a process of its own ended. code: of exit, KILLED if it was; said: its error's text."""

    code: int
    said: str = ""


@dataclass(frozen=True)
class Trial:
    """source and target: URLs of their databases."""

    source: str
    target: str

    def settings(self, **changes: object) -> Settings:
        urls = {"NXTGAUGE_SOURCE_URL": self.source, "NXTGAUGE_TARGET_URL": self.target}
        return configuration.load("demo", urls).model_copy(update=SMALL | changes)

    def here(self, **options: Any) -> str:
        """An attempt in this process; the run's id."""
        return migrate(self.settings(), Options(auditor=trusting, **options)).run_id

    def migrated(self, strikes: str = "", **changes: object) -> Ended:
        """An attempt that goes on with whatever is there."""
        return _apart(_migrate, self, strikes, changes)

    def rolled_back(self, strikes: str = "", **wish: Any) -> Ended:
        return _apart(_roll_back, self, strikes, wish)

    def copied(self, strikes: str = "") -> Ended:
        """An attempt at a staging copy, in the target's place."""
        return _apart(_copy, self, strikes, {})

    def ask(self, query: LiteralString) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.target, autocommit=True) as conn:
            return conn.execute(query).fetchall()

    @property
    def live_run(self) -> str | None:
        rows = self.ask("select run_id from migration.schemas where (kind, role) = ('product', 'live')")
        return rows[0][0] if rows else None

    def left_over(self) -> list[tuple[Any, ...]]:
        """Sessions, leases and half-made schemas that nobody needs any more, and that stay."""
        until = time.monotonic() + allowed(SETTLE_SECONDS)
        while (left := self.ask(LEFT)) and time.monotonic() < until:
            time.sleep(0.1)  # the server notices late that a process was killed
        return left

    def picture(self) -> Picture:
        return pictures.of(self.target, run_id=self.live_run)


def legacy(url: str) -> str:
    """Fills the database; its URL."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(LEGACY.read_text())
        conn.execute("analyze")
    return url


def _apart(
    function: Callable[[Trial, dict[str, object]], None], trial: Trial, strikes: str, changes: dict[str, object]
) -> Ended:
    ours, theirs = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_ended, args=(function, trial, strikes, changes, theirs))
    process.start()
    theirs.close()
    process.join(allowed(PATIENCE_SECONDS))
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"struck by {strikes or 'nothing'}, an attempt did not end in {PATIENCE_SECONDS} s")
    with ours, contextlib.suppress(EOFError):  # one that was killed says nothing
        return Ended(process.exitcode, ours.recv())
    return Ended(process.exitcode)


def _ended(
    function: Callable[[Trial, dict[str, object]], None],
    trial: Trial,
    strikes: str,
    changes: dict[str, object],
    theirs: Connection,
) -> None:
    try:
        with armed(strikes) as waiting, on_signal(STOP):
            function(trial, changes)
    except MigrateError as error:
        theirs.send(str(error))
        raise SystemExit(error.exit_code) from None
    except Exception as error:
        theirs.send(f"{type(error).__name__}: {error}")
        raise SystemExit(1) from None
    if late := [str(strike) for strike in waiting if not strike.struck]:
        theirs.send(f"it ended well, and never came to {', '.join(late)}")
        raise SystemExit(UNSTRUCK)


def _migrate(trial: Trial, changes: dict[str, object]) -> None:
    migrate(trial.settings(**changes), Options(auditor=trusting, resume=True))


def _roll_back(trial: Trial, wish: dict[str, Any]) -> None:
    operations.rollback(trial.settings(), Wish(**wish))


def _copy(trial: Trial, _: dict[str, object]) -> None:
    urls = {"NXTGAUGE_SOURCE_URL": trial.source, "NXTGAUGE_STAGING_URL": trial.target}
    settings = configuration.load("demo", urls | {"NXTGAUGE_MASKING_KEY": "a key that stays the same"})
    staging.refresh(settings, staging.Wish(), None)
