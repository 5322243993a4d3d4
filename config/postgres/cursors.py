"""psycopg's cursors, made safe for foreign names: a % in a name is no placeholder.

Law: in a composed query that takes parameters only the text of the program itself (sql.SQL) holds placeholders; a % in
an identifier or a literal stands for itself.
"""

from collections.abc import Iterable
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.abc import AdaptContext, Params, Query
from psycopg.rows import Row


def _literally(query: Any, context: AdaptContext) -> Any:
    """The query with the % of its names and values doubled, as psycopg wants them beside placeholders."""
    return _doubled(query, context) if isinstance(query, sql.Composed) else query


def _doubled(query: sql.Composed, context: AdaptContext) -> sql.Composed:
    return sql.Composed([_part(part, context) for part in query])


def _part(part: sql.Composable, context: AdaptContext) -> sql.Composable:
    if isinstance(part, sql.Composed):
        return _doubled(part, context)
    if isinstance(part, sql.SQL | sql.Placeholder):
        return part
    # What is quoted here is a name or a value that somebody gave, no text of the program.
    return sql.SQL(part.as_string(context).replace("%", "%%"))


class Cursor(psycopg.Cursor[Row]):
    """A cursor that takes any name."""

    def execute(self, query: Any, params: Params | None = None, **more: Any) -> Self:
        return super().execute(query if params is None else _literally(query, self), params, **more)

    def executemany(self, query: Query, params_seq: Iterable[Params], **more: Any) -> None:
        super().executemany(_literally(query, self), params_seq, **more)


class ServerCursor(Cursor[Row], psycopg.ServerCursor[Row]):
    """A cursor on the server that takes any name."""


def taking_any_name(conn: psycopg.Connection) -> psycopg.Connection:
    """The same connection; from now on its cursors take any name."""
    conn.cursor_factory, conn.server_cursor_factory = Cursor, ServerCursor
    return conn
