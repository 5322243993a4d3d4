"""The auditor's own connections: read-only, in every form that libpq takes, and in one form of every value.

Laws
- No session can write. Both sides read and print values alike, whatever the database or the role has set
  (config.postgres.session).
- With a snapshot the session sees what the run saw, from its first statement to its last.
- A session that lies idle while others work is asked something now and then, lest a pooler or a reaper ends it.
- An error names the place and the kind of fault, never a connection string or a value of a row.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial

import psycopg
import sqlalchemy
from psycopg import generators, sql
from psycopg.pq import TransactionStatus
from sqlalchemy.pool import NullPool

from checks.reading.statements import one_value
from checks.verdict import Check
from config.errors import MigrateError, SourceError, StagingError, TargetError
from config.postgres import network, pooling, refused, session, standby
from config.postgres.connection import Connection
from config.postgres.waits import Session as Watched

OWN = {
    "default_transaction_read_only": "on",
    "lock_timeout": "30s",
    "jit": "off",  # its compilation costs more than it saves in queries of a second
    "work_mem": "64MB",
    "max_parallel_workers_per_gather": "0",  # several checks run at once as it is
    "enable_mergejoin": "off",  # sorting text by a language's rules costs more than hashing it
    "enable_sort": "off",
    "enable_nestloop": "off",  # whole tables are compared: a loop over rows that nobody could estimate takes hours
}

BEAT_SECONDS = 3.0
IDLE = (TransactionStatus.IDLE, TransactionStatus.INTRANS)
NOT_CONNECTED = "08001"
SIDES = {SourceError: "source", TargetError: "target", StagingError: "staging database"}
Work = Callable[[psycopg.Connection, psycopg.Connection], Check]  # how a check is made: by source and target
Reaching = network.Reaching  # how a request to stop gives up what a session does
unreached = network.unreached


@contextlib.contextmanager
def source(
    connection: Connection, snapshot: str | None = None, reaching: Reaching = unreached
) -> Iterator[psycopg.Connection]:
    """A session on the source, in this exported snapshot, else in one of its own. Errors: SourceError."""
    with _session(connection, SourceError, reaching) as conn:
        begin(conn, snapshot, SourceError)
        with _kept(conn):
            yield conn


@contextlib.contextmanager
def target(
    connection: Connection, reaching: Reaching = unreached, snapshot: str | None = None
) -> Iterator[psycopg.Connection]:
    """A session on the target, in this exported snapshot, else in one of its own. Errors: TargetError."""
    with _session(connection, TargetError, reaching) as conn:
        begin(conn, snapshot, TargetError)
        with _kept(conn):
            yield conn


@contextlib.contextmanager
def waiting(
    connection: Connection, kind: type[MigrateError], reaching: Reaching = unreached
) -> Iterator[psycopg.Connection]:
    """A session that reads nothing before `begin`. Errors: of this kind."""
    with _session(connection, kind, reaching) as conn, _kept(conn):
        yield conn


def begin(conn: psycopg.Connection, snapshot: str | None, kind: type[MigrateError]) -> None:
    """Read in this exported snapshot from now on, else in one of its own. Errors: of this kind, where it is gone."""
    conn.execute("begin isolation level repeatable read, read only")
    if snapshot:
        try:
            conn.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
        except (psycopg.errors.InvalidParameterValue, psycopg.errors.UndefinedObject):
            error = kind("judging: the session that held the snapshot has ended, and the snapshot with it")
            error.retryable = True
            raise error from None


def exported(conn: psycopg.Connection) -> str:
    """Name of this session's snapshot, for others to read in for as long as it lasts."""
    return one_value(conn, str, "select pg_export_snapshot()")


@contextlib.contextmanager
def staging(connection: Connection, reaching: Reaching = unreached) -> Iterator[psycopg.Connection]:
    """A session on a rehearsal copy, in one transaction. Errors: StagingError."""
    with _session(connection, StagingError, reaching) as conn:
        conn.execute("begin isolation level repeatable read, read only")
        with _kept(conn):
            yield conn


@contextlib.contextmanager
def _session(connection: Connection, error: type[MigrateError], reaching: Reaching) -> Iterator[Watched]:
    line = network.line(connection)
    with line.in_use(), contextlib.closing(_open(connection, error, reaching)) as conn:
        cancel = partial(conn.cancel_safe, timeout=network.CANCEL_SECONDS)
        try:
            with reaching(lambda: line.cancel(cancel)), held(conn, connection):
                yield conn
        except psycopg.Error as fault:
            if _passes(fault) and not is_of(conn):
                raise  # it was another session, whose block this one stands in
            raise failed(error, connection, fault) from None


@contextlib.contextmanager
def held(conn: Watched, connection: Connection) -> Iterator[None]:
    """Within the block it is noticed where an answer to this session is lost on its way."""
    conn.waits.is_pooled, line = pooling.is_pooled(connection), network.line(connection)
    with line.making_ready(conn.waits):
        process = one_value(conn, int, "select pg_backend_pid()")
    with line.holding(process, conn.waits):
        yield


@contextlib.contextmanager
def _kept(conn: Watched) -> Iterator[None]:
    """Within the block it never lies idle for long."""
    is_over = threading.Event()
    asking = threading.Thread(target=_ask_now_and_then, args=(conn, is_over), name="heartbeat", daemon=True)
    asking.start()
    try:
        yield
    finally:
        is_over.set()
        asking.join()  # or the session would be closed beneath it


def _ask_now_and_then(conn: Watched, is_over: threading.Event) -> None:
    """Whoever uses it next is told if it is lost."""
    while not is_over.wait(BEAT_SECONDS):
        if conn.lock.acquire(blocking=False):
            try:
                if conn.info.transaction_status in IDLE and not is_over.is_set():
                    conn.pgconn.send_query(b"select")
                    conn.wait(generators.execute(conn.pgconn))
            except psycopg.Error:
                return
            finally:
                conn.lock.release()


def failed(kind: type[MigrateError], connection: Connection, fault: psycopg.Error) -> MigrateError:
    """The error to raise for one of a driver. What passes by itself may be tried again."""
    state = fault.sqlstate or "connection lost"
    what = f"judging {connection.redacted} failed on the {SIDES[kind]}: {type(fault).__name__} ({state})"
    why = standby.why(str(fault)) or (network.why(connection) if _passes(fault) else "")
    error = kind("; ".join(filter(None, (what, why))))
    error.sqlstate, error.retryable = fault.sqlstate or "", _passes(fault)
    return error


def _passes(fault: psycopg.Error) -> bool:
    """Whether it passes by itself: the session was lost or ended, or a standby took back what it was reading."""
    is_told = (fault.sqlstate or "").startswith(("08", "57P", "40001"))
    return is_told or (isinstance(fault, psycopg.OperationalError) and fault.sqlstate is None)


def is_of(conn: psycopg.Connection) -> bool:
    """Whether an error that ends a session or a transaction was this session's."""
    return conn.broken or conn.info.transaction_status == TransactionStatus.INERROR


def lost(connection: Connection) -> TargetError:
    """The error of a session on the target that is gone."""
    error = TargetError(
        "; ".join(filter(None, (f"judging {connection.redacted} lost its session", network.why(connection))))
    )
    error.retryable = True
    return error


def engine(connection: Connection) -> sqlalchemy.Engine:
    """An engine whose sessions cannot write. psycopg opens them, so sockets, services and several hosts all work."""
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: _open(connection, TargetError), poolclass=NullPool
    )


def session_of(conn: sqlalchemy.Connection) -> Watched:
    """psycopg's session beneath SQLAlchemy's. Errors: LookupError where it was given back."""
    found: Watched | None = conn.connection.driver_connection
    if found is None:
        raise LookupError("the connection has given its session back")
    return found


def _refused(kind: type[MigrateError], connection: Connection, fault: psycopg.OperationalError) -> MigrateError:
    """The error to raise where there is no session."""
    what = f"cannot connect to the {SIDES[kind]} {connection.redacted} ({connection.variable})"
    if refusal := refused.find(fault, connection):
        error = kind(f"{what}: {refusal.text}; {refusal.remedy}")
        error.sqlstate = refusal.sqlstate
        return error
    error = kind(f"{what}; {network.why(connection) or 'is it running, and the network to it up?'}")
    error.sqlstate, error.retryable = NOT_CONNECTED, True  # within a run, which has been connected before
    return error


def _open(connection: Connection, error: type[MigrateError], reaching: Reaching = unreached) -> Watched:
    try:
        line = network.line(connection)
        conn = line.connect(reaching)
        with line.making_ready(conn.waits):
            if found := pooling.fault(conn, connection):
                conn.close()
                raise error(f"the {SIDES[error]} at {connection.redacted} {found}")
            conn.execute(session.query(session.PINNED | OWN))
    except psycopg.OperationalError as fault:
        raise _refused(error, connection, fault) from None
    conn.prepare_threshold = None  # no statement comes twice
    return conn
