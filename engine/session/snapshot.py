"""One snapshot of the source for all sessions of a run, and which tables have changed since.

Laws
- One session holds the snapshot from the first read to the last; it writes nothing, and so works on a standby too.
- A snapshot dies with its holder. A resumed run takes a new one and asks `changed_tables` what to read again.
- `changed_tables` may name a table that has not changed, and never leaves out one that has.

Which tables have changed. A row that a table got since has an xmin that the recorded snapshot did not see as settled:
one at or past the snapshot's own xmin, the oldest transaction then running. Asking pg_visible_in_snapshot in its place
would miss rows: its list of running transactions leaves out subtransactions, and on a standby it is empty. A row that
the table lost is missed in the count, unless one came for it. What rewrites a table gives it new files.
xmin has 32 bits and counts round: what is compared is the distance from the recorded xmin, modulo 2^32, with the
distance that the server's counter has gone since. An old frozen row can fall in that range only by chance.
"""

import contextlib
from collections.abc import Iterable, Iterator
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


@dataclass(frozen=True)
class Mark:
    """What is recorded of a table within a snapshot, to tell later whether it has changed."""

    table: str
    files: str
    row_count: int


# A partitioned table has no file of its own: its leaves' stand for it. A table without any has changed, to be safe.
FILES = """
    select c.relname::text, case when count(*) = count(pg_relation_filenode(f.oid))
                                 then string_agg(concat(pg_relation_filenode(f.oid)), ' ' order by f.oid) else '' end
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join lateral (
        select c.oid where c.relkind <> 'p'
        union all select t.relid from pg_partition_tree(c.oid) t where t.isleaf and c.relkind = 'p'
    ) f on true
    where n.nspname = %s and c.relname = any(%s) and c.relkind in ('r', 'p')
    group by c.oid, c.relname
"""

# {low}: the low 32 bits of the recorded xmin, {since}.
CHANGED = """
    select {name}::text, count(*), coalesce(bool_or(
        (int8in(xidout(t.xmin)) - {low} + {round}) % {round}
        < (select int8in(xid8out(pg_snapshot_xmax(pg_current_snapshot()))) - {since})
    ), false)
    from {table} as t
"""
ROUND = 2**32


def files(conn: psycopg.Connection, schema: str, tables: Iterable[str]) -> dict[str, str]:
    """Table → the numbers of its files as text, which changes when the table is rewritten; of the tables that exist."""
    return dict(conn.execute(FILES, (schema, list(tables))).fetchall())


def changed_tables(
    conn: psycopg.Connection, schema: str, marks: Iterable[Mark], visible: str | None, system_identifier: str | None
) -> list[str]:
    """Names of the marked tables that may have changed since the snapshot that `visible` records.

    The session has joined a newer snapshot, or not: each table is then judged at its own moment. Without a snapshot
    or a system identifier, or with another one, nothing is proved and all have changed.
    """
    marks = list(marks)
    server = servers.info(conn)
    if visible is None or server.system_identifier is None or server.system_identifier != system_identifier:
        return [mark.table for mark in marks]
    now = files(conn, schema, [mark.table for mark in marks])
    in_place = [mark.table for mark in marks if mark.files and now.get(mark.table) == mark.files]
    since = int(visible.split(":", maxsplit=1)[0])
    found = {name: (row_count, has_newer) for name, row_count, has_newer in _looks(conn, schema, in_place, since)}
    return [mark.table for mark in marks if found.get(mark.table) != (mark.row_count, False)]


def _looks(conn: psycopg.Connection, schema: str, tables: list[str], since: int) -> list[tuple[str, int, bool]]:
    """How many rows each table has, and whether one is newer; all tables in one statement."""
    numbers = {"low": sql.Literal(since % ROUND), "since": sql.Literal(since), "round": sql.Literal(ROUND)}
    looks = [
        sql.SQL(CHANGED).format(name=sql.Literal(table), table=sql.Identifier(schema, table), **numbers)
        for table in tables
    ]
    return conn.execute(sql.SQL(" union all ").join(looks)).fetchall() if looks else []
