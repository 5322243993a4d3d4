"""One snapshot of the source for all sessions of a run.

Laws
- One session holds the snapshot from the first read to the last; it writes nothing, and so works on a standby too.
- A snapshot dies with its holder. A resumed run takes a new one; engine.changes tells what was written in between.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from config.errors import SourceError
from config.postgres.connection import Connection
from engine.session import connect, fetch, servers
from engine.session.blame import blame
from engine.session.stop import Stop

if TYPE_CHECKING:  # half a second, for commands that open no such session
    import adbc_driver_postgresql.dbapi as adbc

BEGIN = "begin isolation level repeatable read, read only"
TAKE = "select pg_export_snapshot(), concat(pg_current_snapshot())"


@dataclass(frozen=True)
class ExportedSnapshot:
    """An exported snapshot. name: for other sessions, also of other machines; visible: pg_current_snapshot as text, to
    be recorded."""

    name: str
    visible: str
    server: servers.ServerInfo

    def join(self, conn: "psycopg.Connection | adbc.Connection") -> None:
        """Begin a transaction in which the session sees what the snapshot sees; end it with a rollback.

        Takes a session of engine.session.connect, in no transaction. Errors: SourceError.
        """
        with blame(SourceError, "joining the snapshot (its holder's session may have ended)"):
            if isinstance(conn, psycopg.Connection):
                conn.execute(BEGIN)
                conn.execute(self._set())
            else:
                with conn.cursor() as cursor:  # ADBC begins by itself, and takes one statement at a time
                    cursor.execute("set transaction isolation level repeatable read, read only")
                    cursor.execute(self._set().as_string())

    def _set(self) -> sql.Composed:
        return sql.SQL("set transaction snapshot {}").format(sql.Literal(self.name))


@dataclass(frozen=True)
class Snapshot(ExportedSnapshot):
    """The same in the process that holds it. holder: the session that took it; the snapshot ends with it."""

    holder: psycopg.Connection

    def check(self) -> None:
        """Errors: SourceError if the holder's session has ended, and the snapshot with it."""
        with blame(SourceError, "holding the snapshot"):
            self.holder.execute("select")


@contextlib.contextmanager
def hold(connection: Connection, stop: Stop | None = None) -> Iterator[Snapshot]:
    """Take a snapshot of the source and keep it for as long as the block runs. Errors: SourceError."""
    with connect.source(connection, stop) as conn:
        with blame(SourceError, "taking a snapshot", stop):
            server = servers.info(conn)
            conn.execute(BEGIN)
            name, visible = fetch.one(conn, TAKE)
        yield Snapshot(name, visible, server, conn)
