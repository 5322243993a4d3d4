"""Whole legacy rows as the rejects keep them: a document where jsonb takes the row's text, else the text itself."""

from typing import Any

import psycopg
from psycopg import sql

from engine.chunks.culprits import OF_A_VALUE

DOCUMENT = "jsonb_in(textout({0}))"
EITHER = "case when migration.is_valid({0}, 'jsonb') then jsonb_in(textout({0})) else to_jsonb({0}) end"


def insert(
    target: psycopg.Connection, query: str, text: str, values: dict[str, Any] | None = None
) -> psycopg.Cursor[tuple[Any, ...]]:
    """Execute a query that writes rows. It has {row} for the document that an SQL expression has the text of.

    All rows are tried as documents; only where one of them is none are they asked one by one, which takes ten times as
    long.
    """
    try:
        with target.transaction():
            return target.execute(_of(query, DOCUMENT, text), values)
    except psycopg.DatabaseError as error:
        if not (error.sqlstate or "").startswith(OF_A_VALUE):
            raise
    return target.execute(_of(query, EITHER, text), values)


def _of(query: str, form: str, text: str) -> sql.Composed:
    return sql.SQL(query).format(row=sql.SQL(form.format(text)))
