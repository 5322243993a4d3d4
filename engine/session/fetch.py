"""The one row of a query that always gives one: counts, settings, what the server says of itself."""

from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.abc import Params

Query = str | bytes | sql.SQL | sql.Composed

Value = TypeVar("Value")


def one(conn: psycopg.Connection | psycopg.Cursor, query: Query, values: Params | None = None) -> tuple[Any, ...]:
    """The query's first row. Errors: LookupError where there is none; a query that may find nothing asks by itself."""
    row = conn.execute(query, values).fetchone()
    if row is None:
        raise LookupError("the query gave no row; wanted one")
    return row


def value(
    kind: type[Value], conn: psycopg.Connection | psycopg.Cursor, query: Query, values: Params | None = None
) -> Value:
    """The first column of that row, which is of this kind. Errors: LookupError, TypeError."""
    found = one(conn, query, values)[0]
    if not isinstance(found, kind):
        raise TypeError(f"the query gave a {type(found).__name__}; wanted a {kind.__name__}")
    return found
