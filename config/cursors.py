"""psycopg's cursors, for names that anybody may have given: a % in one is no placeholder.

Law: in a composed query that takes parameters only the text of the program itself (sql.SQL) holds placeholders; a % in
an identifier or a literal stands for itself.
"""

import psycopg
from psycopg import sql
from psycopg.abc import AdaptContext


def _literally(query, context: AdaptContext):
    """The query with the % of its names and values doubled, as psycopg wants them beside placeholders."""
    if isinstance(query, sql.Composed):
        return sql.Composed([_literally(part, context) for part in query])
    if not isinstance(query, sql.Composable) or isinstance(query, sql.SQL | sql.Placeholder):
        return query
    return sql.SQL(query.as_string(context).replace("%", "%%"))


class _AnyName:
    def execute(self, query, params=None, **more):
        return super().execute(query if params is None else _literally(query, self), params, **more)

    def executemany(self, query, params_seq, **more):
        return super().executemany(_literally(query, self), params_seq, **more)


class Cursor(_AnyName, psycopg.Cursor):
    """A cursor that takes any name."""


class ServerCursor(_AnyName, psycopg.ServerCursor):
    """A cursor on the server that takes any name."""


def taking_any_name(conn: psycopg.Connection) -> psycopg.Connection:
    """The connection, whose cursors are such from now on."""
    conn.cursor_factory, conn.server_cursor_factory = Cursor, ServerCursor
    return conn
