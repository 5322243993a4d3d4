"""The attempts at cutting a run's build over, in table migration.cutovers: when writers waited, for how long, for what.

Laws
- An attempt that publishes is recorded in the transaction that publishes; one that failed, once both sides stand as
  before.
- What is found on the source after the fence is kept with its attempt, whatever was found: somebody has looked.
- Steps are kept in their order; their names are words for people.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from engine.books import versioned

PUBLISHED, REHEARSED = "published", "rehearsed"

ADD = """
    insert into migration.cutovers (run_id, number, began, seconds, steps, tries, outcome, detail)
    select %(run_id)s, coalesce(max(number) + 1, 0), %(began)s, %(seconds)s, %(steps)s, %(tries)s, %(outcome)s,
           %(detail)s
    from migration.cutovers where run_id = %(run_id)s returning number
"""
OF_RUN = """
    select number, began, seconds, steps, tries, outcome, detail, to_jsonb(c) -> 'late' as late
    from migration.cutovers c where run_id = %s order by number
"""
LATE = """
    update migration.cutovers set late = %(late)s where run_id = %(run_id)s and number = (
        select max(number) from migration.cutovers where run_id = %(run_id)s and outcome = any(%(outcomes)s)
    )
"""


@dataclass(frozen=True, kw_only=True)
class NewAttempt:
    """began: when writers began to wait. seconds: for which they did. steps: name and seconds of each, in order. tries:
    for the lock. outcome: `published`, `rehearsed`, or in a word what became of it; detail: why, and what was found
    afterwards."""

    began: datetime
    seconds: float
    steps: Sequence[Sequence[Any]]
    tries: int
    outcome: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class CutoverAttempt(NewAttempt):
    """One row of the table; a run's first number is 0. late: legacy table → writes found on the source after the fence;
    None where nobody has looked, and in books of an older program."""

    number: int
    late: dict[str, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """With its instant as text and its steps by name, for JSON."""
        steps = [{"step": name, "seconds": seconds} for name, seconds in self.steps]
        return asdict(self) | {"began": self.began.isoformat(), "steps": steps}


def add(conn: psycopg.Connection, run_id: str, attempt: NewAttempt) -> int:
    """Record an attempt, in the caller's transaction; its number."""
    values = asdict(attempt) | {"run_id": run_id, "steps": json.dumps([list(step) for step in attempt.steps])}
    ((number,),) = conn.execute(ADD, values).fetchall()
    return int(number)


def found_late(conn: psycopg.Connection, run_id: str, late: Iterable[tuple[str, int]]) -> None:
    """What was written to the source after the fence of the run's last cut-over; nothing, if nothing was."""
    values = {"run_id": run_id, "late": json.dumps(dict(late)), "outcomes": [PUBLISHED, REHEARSED]}
    conn.execute(LATE, values)


def of_run(conn: psycopg.Connection, run_id: str) -> list[CutoverAttempt]:
    """All attempts of a run, the first one first; none in books of an older program."""
    if not versioned.has(conn, "migration.cutovers"):
        return []
    with conn.cursor(row_factory=class_row(CutoverAttempt)) as cursor:
        return cursor.execute(OF_RUN, [run_id]).fetchall()
