"""A person's wish that a run hold still, in table migration.pauses; engine.chunks.pauses heeds it.

Law: a pause belongs to the run, not to a process: a run that is resumed is still paused.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from config.errors import ConfigError
from engine.books import bookkeeping, lease, versioned
from engine.session import fetch


@dataclass(frozen=True)
class Pause:
    """What a person has asked for. asked_by: who; ended_at, ended_by: None while it lasts."""

    run_id: str
    asked_at: datetime
    asked_by: str
    ended_at: datetime | None
    ended_by: str | None

    def to_dict(self) -> dict[str, Any]:
        """With instants as text, for JSON."""
        ended_at = self.ended_at and self.ended_at.isoformat()
        return asdict(self) | {"asked_at": self.asked_at.isoformat(), "ended_at": ended_at}


def ask(conn: psycopg.Connection, run_id: str, name: str) -> Pause:
    """Have the run hold still; one that does already keeps its pause. Errors: ConfigError if it has ended."""
    run = bookkeeping.run(conn, run_id)
    if run.state not in lease.OPEN:
        raise ConfigError(f"run {run_id} is {run.state}; only a run that is under way can be paused")
    bookkeeping.ensure(conn)
    conn.execute(
        "insert into migration.pauses (run_id, asked_by) values (%s, %s) on conflict do nothing", [run_id, name]
    )
    return _latest(conn, run_id)


def end(conn: psycopg.Connection, run_id: str, name: str) -> Pause:
    """Have a paused run go on. Errors: ConfigError if nobody has paused it."""
    if under_way(conn, run_id) is None:
        state = bookkeeping.run(conn, run_id).state
        raise ConfigError(f"run {run_id} is {state}, and nobody has paused it; `nxtgauge-migrate pause` does")
    conn.execute(
        "update migration.pauses set ended_at = clock_timestamp(), ended_by = %s "
        "where run_id = %s and ended_at is null",
        [name, run_id],
    )
    return _latest(conn, run_id)


def under_way(conn: psycopg.Connection, run_id: str) -> Pause | None:
    """The run's pause, if somebody has asked for one that lasts."""
    found = _latest(conn, run_id) if versioned.has(conn, "migration.pauses") and _any(conn, run_id) else None
    return found if found and found.ended_at is None else None


def _any(conn: psycopg.Connection, run_id: str) -> bool:
    return fetch.value(bool, conn, "select exists (select from migration.pauses where run_id = %s)", [run_id])


def _latest(conn: psycopg.Connection, run_id: str) -> Pause:
    query = "select * from migration.pauses where run_id = %s order by asked_at desc limit 1"
    with conn.cursor(row_factory=class_row(Pause)) as cursor:
        return cursor.execute(query, [run_id]).fetchall()[0]
