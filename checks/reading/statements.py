"""Statements that always give one row (counts, settings), and the columns of a SELECT.

Law: a missing row is an error; a statement that may find nothing does not belong here.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import psycopg

Kind = TypeVar("Kind")
BATCH_ROWS = 20_000
Params = Sequence[object] | Mapping[str, object] | None


def one_row(conn: psycopg.Connection, query: str, params: Params = None) -> tuple[Any, ...]:
    """The row that the statement gives. Errors: LookupError where it gives none."""
    row = conn.execute(query, params).fetchone()
    if row is None:
        raise LookupError("a statement gave no row; wanted one, as of a count")
    return row


def one_value(conn: psycopg.Connection, kind: type[Kind], query: str, params: Params = None) -> Kind:
    """The first value of that row, of this kind. Errors: LookupError, TypeError."""
    value = one_row(conn, query, params)[0]
    if not isinstance(value, kind):
        raise TypeError(f"a statement gave {type(value).__name__}; wanted {kind.__name__}")
    return value


@contextlib.contextmanager
def batches(
    conn: psycopg.Connection, query: str, params: Params = None, name: str = "batches"
) -> Iterator[Iterator[list[tuple[Any, ...]]]]:
    """The rows of a statement, so many at a time that a million of them need no more room than these.

    Its cursor is closed with the block: one that is closed later, by whoever collects what is left of a failure, would
    end a transaction that has gone on.
    """
    with conn.cursor(name=name) as cursor:
        cursor.execute(query, params)
        yield iter(lambda: cursor.fetchmany(BATCH_ROWS), [])


def column_names(conn: psycopg.Connection, query: str) -> list[str]:
    """The columns of a SELECT, none of whose rows is fetched."""
    return [column.name for column in conn.execute(f"select * from ({query}) as x limit 0").description or ()]
