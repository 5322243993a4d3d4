"""Sessions on the source and the target: the same settings for all of them.

Laws
- A source session is read-only and unfiltered: default_transaction_read_only on, row_security off.
- Both sides read and write values in one form, whatever the database or the role has set (config.postgres.session).
- The search path has pg_catalog alone; every other name is written with its schema.
- Sessions that load do not wait until a commit is on disk. A server that crashes loses whole transactions, the latest
  first, and ends every session: nothing that a run remembers outlives it, and the books say what is there. What a
  person is told (a run's state, a publish, a certificate, a decision) is committed by a session that waits, and what
  was committed before is on disk with it.
- Every session is watched: one to which nothing comes back any more ends (config.postgres.network).
- A session's settings are its own: nothing is set on a server, a database or a role.
"""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from config.errors import MigrateError, SourceError, StagingError, TargetError
from config.postgres import network, pooling, session
from config.postgres.connection import Connection
from config.postgres.network import Line
from config.postgres.waits import Waits
from engine.session import fetch
from engine.session.blame import blame, blame_connecting, side
from engine.session.stop import Stop

if TYPE_CHECKING:  # half a second, for commands that open no such session
    import adbc_driver_postgresql.dbapi as adbc

LOCK_SECONDS = 30

# The server's side of it: a client that vanished gives up its locks within minutes. Means nothing on a socket.
SESSION_KEEPALIVES = {
    "tcp_keepalives_idle": "60",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "6",
    "tcp_user_timeout": "60s",
}
OWN = {"lock_timeout": f"{LOCK_SECONDS}s", **SESSION_KEEPALIVES}
# One worker of ours to a core: a query that takes several only takes them from the others, and to start them and to
# compile expressions cost a tenth of a build. A connection string's own options go before these.
WORKING = {
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "work_mem": "64MB",
    "hash_mem_multiplier": "2",
    "maintenance_work_mem": "256MB",  # sorts of an index and the join behind a foreign key; two fit small machines
}
READ_ONLY = {"default_transaction_read_only": "on"}
READ_WRITE = {"default_transaction_read_only": "off"}
FENCE = "nxtgauge-migrate fence"  # the application's name, for who wonders what his writers wait for
UNFLUSHED = {"synchronous_commit": "off"}
PLAIN = "select typreceive::pg_catalog.text from pg_catalog.pg_type where oid = 23"
SPELLED = (
    "the {side} at {place} spells names with quotes or schemas, by quote_all_identifiers or search_path of its "
    "database or role, and the pooler before it keeps a session from saying otherwise; reset these for the role, or "
    "name the server's own address in {name}"
)


@contextlib.contextmanager
def source(connection: Connection, stop: Stop | None = None) -> Iterator[psycopg.Connection]:
    """A read-only session on the source, in autocommit; closed at the end of the block. Errors: SourceError."""
    with _session(connection, SourceError, READ_ONLY, stop) as conn:
        yield conn


@contextlib.contextmanager
def fence(connection: Connection, stop: Stop | None = None) -> Iterator[psycopg.Connection]:
    """A session on the source that may lock its writers out, in autocommit; closed at the end. Errors: SourceError."""
    with _session(connection, SourceError, READ_WRITE | {"application_name": FENCE}, stop) as conn:
        yield conn


@contextlib.contextmanager
def target(connection: Connection, stop: Stop | None = None) -> Iterator[psycopg.Connection]:
    """A session on the target, in autocommit; closed at the end of the block. Errors: TargetError."""
    with _session(connection, TargetError, READ_WRITE, stop) as conn:
        yield conn


@contextlib.contextmanager
def target_loading(connection: Connection, stop: Stop | None = None) -> Iterator[psycopg.Connection]:
    """The same whose commits do not wait for the disk."""
    with _session(connection, TargetError, READ_WRITE | UNFLUSHED, stop) as conn:
        yield conn


@contextlib.contextmanager
def unflushed(conn: psycopg.Connection) -> Iterator[None]:
    """Within the block the session's commits do not wait for the disk; the first one after it takes them along."""
    conn.execute(session.query(UNFLUSHED))
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):  # a session that was lost commits nothing more
            conn.execute("reset synchronous_commit")


@contextlib.contextmanager
def staging(connection: Connection, stop: Stop | None = None) -> Iterator[psycopg.Connection]:
    """A session that fills the staging database, in autocommit; closed at the end. Errors: StagingError."""
    with _session(connection, StagingError, READ_WRITE, stop) as conn:
        yield conn


@contextlib.contextmanager
def adbc_source(connection: Connection, stop: Stop | None = None) -> Iterator["adbc.Connection"]:
    """A read-only ADBC session on the source, not in autocommit; closed at the end. Errors: SourceError."""
    with _adbc_session(connection, SourceError, READ_ONLY, stop) as conn:
        yield conn


@contextlib.contextmanager
def adbc_target(connection: Connection, stop: Stop | None = None) -> Iterator["adbc.Connection"]:
    """An ADBC session on the target, not in autocommit, whose commits do not wait for the disk; closed at the end.

    Errors: TargetError.
    """
    with _adbc_session(connection, TargetError, READ_WRITE | UNFLUSHED, stop) as conn:
        yield conn


@contextlib.contextmanager
def _session(
    connection: Connection, kind: type[MigrateError], settings: dict[str, str], stop: Stop | None
) -> Iterator[psycopg.Connection]:
    stop, line = stop or Stop(), network.line(connection)
    with line.in_use():
        with blame_connecting(kind, connection, stop):
            conn = line.connect(stop.reaching)
        cancel = partial(conn.cancel_safe, timeout=network.CANCEL_SECONDS)
        with contextlib.closing(conn), stop.reaching(lambda: line.cancel(cancel)):
            with line.making_ready(conn.waits), blame(kind, "setting up the session", stop):
                _require_own_session(conn, connection, kind)
                _, process = fetch.one(conn, session.query(session.PINNED | OWN | settings, WORKING))
            with _holding(line, connection, process, conn.waits):
                yield conn


def _require_own_session(conn: psycopg.Connection, connection: Connection, kind: type[MigrateError]) -> None:
    if found := pooling.fault(conn, connection):
        raise kind(f"the {side(kind)} at {connection.redacted} {found}")


@contextlib.contextmanager
def _adbc_session(
    connection: Connection, kind: type[MigrateError], settings: dict[str, str], stop: Stop | None
) -> Iterator["adbc.Connection"]:
    """As it connects it asks for all types, and knows them by the names of their functions: spelled with quotes or with
    a schema they would all be strange to it. So what spells names is told to the server beforehand; where a pooler
    takes no such options, the database has to spell them plainly."""
    from config.postgres import arrow

    stop, line = stop or Stop(), network.line(connection)
    told = _spelling(connection, kind, stop)
    with line.in_use():
        with blame_connecting(kind, connection, stop):
            line.know(stop.reaching)
            conn = line.open(lambda: arrow.connect(told.watched, line.inodes), stop.reaching)
        with contextlib.closing(conn), stop.reaching(lambda: line.cancel(conn.adbc_cancel)):
            ready = line.making_ready(conn.waits)
            with ready, blame(kind, "setting up the session", stop), conn.cursor() as cursor:
                _require_plain_names(cursor, connection, kind)
                cursor.execute(session.query(session.PINNED | OWN | settings, WORKING))
                process = cursor.fetchall()[0][1]
                conn.commit()
            with _holding(line, connection, process, conn.waits):
                yield conn


def _holding(line: Line, connection: Connection, process: int, waits: Waits) -> contextlib.AbstractContextManager[None]:
    waits.is_pooled = pooling.is_pooled(connection)
    return line.holding(process, waits)


def _spelling(connection: Connection, kind: type[MigrateError], stop: Stop) -> Connection:
    """The connection with what the driver needs to be told; whether a pooler stands there is asked first."""
    if not pooling.is_known(connection):
        with _session(connection, kind, {}, stop):
            pass
    return connection if pooling.is_pooled(connection) else connection.with_options(session.options())


def _require_plain_names(cursor: "adbc.Cursor", connection: Connection, kind: type[MigrateError]) -> None:
    """Errors: that of the kind, if nobody could be told how to spell, and names are spelled otherwise."""
    if not pooling.is_pooled(connection):
        return
    cursor.execute(PLAIN)
    if cursor.fetchall() != [("int4recv",)]:
        raise kind(SPELLED.format(side=side(kind), place=connection.redacted, name=connection.variable))
