"""The rounds in which a build has followed its source: a list in the books.

Laws
- A round is recorded in the transaction that writes its rows: after a crash both are there, or neither is.
- The mark of the last round is what the next one begins from; nothing else says how far a build has followed. Older
  ones are not kept: a mark may be long, and rounds are many.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from engine.books import versioned
from engine.changes import marks
from engine.changes.marks import Mark

KNOWN = ("inserted", "updated", "deleted", "rejected", "behind")


@dataclass(frozen=True)
class Round:
    """found: table → what the round found in it, plain values for JSON."""

    number: int
    mark: dict[str, Any]
    found: dict[str, Any]
    seconds: float
    committed_at: datetime

    @property
    def reached(self) -> Mark:
        """What the build shows since this round."""
        return marks.of_dict(self.mark)


def add(conn: psycopg.Connection, run_id: str, mark: Mark, found: Mapping[str, Any], seconds: float) -> int:
    """Record a round of the run, in the caller's transaction; its number, the first one's being 0."""
    conn.execute("update migration.rounds set mark = '{}' where run_id = %s and mark <> '{}'", [run_id])
    query = """
        insert into migration.rounds (run_id, number, mark, found, seconds)
        select %(run_id)s, coalesce(max(number) + 1, 0), %(mark)s, %(found)s, %(seconds)s
        from migration.rounds where run_id = %(run_id)s returning number
    """
    values = {"run_id": run_id, "mark": json.dumps(mark.to_dict()), "found": json.dumps(found), "seconds": seconds}
    ((number,),) = conn.execute(query, values).fetchall()
    return int(number)


def last(conn: psycopg.Connection, run_id: str) -> Round | None:
    """The run's last round; None where it has had none."""
    query = """
        select number, mark, found, seconds, committed_at from migration.rounds
        where run_id = %s order by number desc limit 1
    """
    with conn.cursor(row_factory=class_row(Round)) as cursor:
        return cursor.execute(query, [run_id]).fetchone()


@dataclass(frozen=True)
class Told:
    """A round for people: as Round, without its mark.

    found: read and gone (legacy table → rows, keys), whole (legacy table → why all of it was read), inserted, updated,
    deleted, rejected, behind and parts, see engine.following.round.Told. What is not there is not known; but a build is
    as far behind as its last round took, and a cut-over, which has to make a round, keeps writers waiting for longer.
    """

    number: int
    found: dict[str, Any]
    seconds: float
    committed_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """Plain values, with the sums of all tables in place of each table's."""
        found = self.found
        sums = {name: sum((found.get(name) or {}).values()) for name in ("read", "gone")}
        known = {name: found.get(name) for name in KNOWN}
        known |= {"lag": self.seconds, "pause": self.seconds}
        of_tables = {"whole": dict(found.get("whole") or {}), "parts": dict(found.get("parts") or {})}
        ended = {"committed_at": self.committed_at.isoformat(), "seconds": self.seconds}
        return {"number": self.number} | ended | sums | known | of_tables


def latest(conn: psycopg.Connection, run_id: str, most: int) -> list[Told]:
    """The run's latest rounds, so many at most, the first one first; none in books of an older program."""
    if not versioned.has(conn, "migration.rounds"):
        return []
    query = """
        select number, found, seconds, committed_at from migration.rounds
        where run_id = %s order by number desc limit %s
    """
    with conn.cursor(row_factory=class_row(Told)) as cursor:
        return cursor.execute(query, [run_id, most]).fetchall()[::-1]
