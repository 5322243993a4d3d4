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


UNDER_WAY = "select * from migration.pauses where run_id = %s and ended_at is null"
END = """
    update migration.pauses set ended_at = clock_timestamp(), ended_by = %s
    where run_id = %s and ended_at is null returning *
"""


def ask(conn: psycopg.Connection, run_id: str, name: str) -> Pause:
    """Have the run hold still; one that does already keeps its pause. Errors: ConfigError if it has ended."""
    run = bookkeeping.run(conn, run_id)
    if run.state not in lease.OPEN:
        raise ConfigError(f"run {run_id} is {run.state}; only a run that is under way can be paused")
    bookkeeping.ensure(conn)
    query = "insert into migration.pauses (run_id, asked_by) values (%s, %s) on conflict do nothing"
    conn.execute(query, [run_id, name])
    return _pauses(conn, UNDER_WAY, run_id)[0]


def end(conn: psycopg.Connection, run_id: str, name: str) -> Pause:
    """Have a paused run go on. Errors: ConfigError if nobody has paused it."""
    run = bookkeeping.run(conn, run_id)
    bookkeeping.ensure(conn)
    if not (ended := _pauses(conn, END, name, run_id)):
        raise ConfigError(f"run {run_id} is {run.state}, and nobody has paused it; `nxtgauge-migrate pause` does")
    return ended[0]


def under_way(conn: psycopg.Connection, run_id: str) -> Pause | None:
    """The run's pause, if somebody has asked for one that lasts."""
    found = _pauses(conn, UNDER_WAY, run_id) if versioned.has(conn, "migration.pauses") else []
    return found[0] if found else None


def _pauses(conn: psycopg.Connection, query: str, *parameters: str) -> list[Pause]:
    with conn.cursor(row_factory=class_row(Pause)) as cursor:
        return cursor.execute(query, parameters).fetchall()
