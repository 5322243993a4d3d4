"""The ledger: which chunk is done and what became of its rows, written in the transaction that loads them."""

from dataclasses import asdict, dataclass

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class Counts:
    """What a chunk did. merged, archived, rejected: rows without a target row of their own; the others are loaded."""

    rows_read: int = 0
    rejected: int = 0
    merged: int = 0
    archived: int = 0
    bytes: int = 0


RECORD = """
    insert into migration.chunks (run_id, route, number, state, first_page, last_page,
                                  rows_read, rejected, merged, archived, bytes, seconds)
    values ({run_id}, {route}, {number}, 'done', {first}, {last},
            {rows_read}, {rejected}, {merged}, {archived}, {bytes}, {seconds})
"""


def recording(run_id: str, chunk, counts: Counts, seconds: float) -> str:
    """The ledger row of a chunk, as SQL that either driver can run."""
    values = {"run_id": run_id, "route": chunk.route, "number": chunk.number, "first": chunk.first}
    values["last"] = None if chunk.end is None else chunk.end - 1
    values |= asdict(counts) | {"seconds": round(seconds, 3)}
    return sql.SQL(RECORD).format(**{key: sql.Literal(value) for key, value in values.items()}).as_string(None)


def record(target: psycopg.Connection, run_id: str, chunk, counts: Counts, seconds: float) -> None:
    target.execute(recording(run_id, chunk, counts, seconds))


def done(target: psycopg.Connection, run_id: str) -> set[tuple[str, int]]:
    """(route, number) of every chunk that is loaded."""
    rows = target.execute("select route, number from migration.chunks where run_id = %s", (run_id,))
    return {(route, number) for route, number in rows}
