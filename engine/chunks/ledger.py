"""The ledger: the chunks that are done, with counts of their rows, written in the transaction that loads them.

Laws
- The totals grow in the same statement, so they count a chunk if and only if it is done.
- Only the attempt that is under way writes. A process of an earlier one that still moves a chunk fails as it records
  it, and its transaction with it; until a chunk's transaction has ended, no attempt begins or ends.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

import psycopg
from psycopg import sql

from engine.books import totals
from engine.books.totals import Increment
from engine.chunks.work import Chunk, Work


@dataclass(frozen=True)
class Counts:
    """What a chunk did. merged, archived, rejected: rows without a target row of their own; the others are loaded.

    bytes: as COPY or Arrow holds the rows that were read; reasons: reason → rejected rows.
    """

    rows_read: int = 0
    rejected: int = 0
    merged: int = 0
    archived: int = 0
    bytes: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Counts") -> "Counts":
        figures = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self) if f.name != "reasons"}
        return Counts(**figures, reasons=Counter(self.reasons) + Counter(other.reasons))


RECORD = """
    with counted as ({totals})
    insert into migration.chunks (run_id, route, number, state, first_page, last_page,
                                  rows_read, rejected, merged, archived, bytes, seconds)
    select {run_id}, {route}, {number}, 'done', {first}, {last},
           {rows_read}, {rejected}, {merged}, {archived}, {bytes}, {seconds}
    from migration.require_attempt({attempt_run}, {started_at})
"""


def recording(work: Work, chunk: Chunk, counts: Counts, seconds: float) -> str:
    """The ledger row of a chunk and the totals that it adds to, as SQL that either driver can run."""
    values: dict[str, str | int | float | None] = {"run_id": work.run_id, "started_at": work.started_at.isoformat()}
    values["attempt_run"] = work.attempt_run
    values |= zip(("route", "number", "first", "last"), chunk.span, strict=True)
    values |= {name: getattr(counts, name) for name in ("rows_read", "rejected", "merged", "archived", "bytes")}
    values["seconds"] = round(seconds, 3)
    literals = {key: sql.Literal(value) for key, value in values.items()}
    adding = totals.adding(_increments(work, chunk, counts, seconds))
    return sql.SQL(RECORD).format(totals=adding, **literals).as_string(None)


def _increments(work: Work, chunk: Chunk, counts: Counts, seconds: float) -> Iterator[Increment]:
    """Rows count once, in the route that accounts for them; bytes and seconds are those of all routes."""
    route = work.route(chunk.route)
    labels = totals.labels(work.settings.profile, table=route.legacy_table)
    yield Increment("bytes", labels, counts.bytes)
    yield Increment("seconds", labels, round(seconds, 3))
    if route.is_accounted:
        yield Increment("rows", labels, counts.rows_read)
    for reason, rows in counts.reasons.items():
        yield Increment("rejects", labels | {"reason": reason}, rows)


def record(target: psycopg.Connection, work: Work, chunk: Chunk, counts: Counts, seconds: float) -> None:
    target.execute(recording(work, chunk, counts, seconds))


def done(target: psycopg.Connection, run_id: str) -> set[tuple[str, int, int, int | None]]:
    """The span of every chunk that is loaded."""
    query = "select route, number, first_page, last_page from migration.chunks where run_id = %s"
    return set(target.execute(query, (run_id,)))


def counts_of(target: psycopg.Connection, work: Work, chunk: Chunk) -> Counts | None:
    """What became of a chunk that is done; None of any other. Its reasons are left out: the totals have them."""
    query = """select rows_read, rejected, merged, archived, bytes from migration.chunks
               where (run_id, route, number) = (%s, %s, %s)"""
    row = target.execute(query, (work.run_id, chunk.route, chunk.number)).fetchone()
    return Counts(*row) if row else None
