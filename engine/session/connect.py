"""Sessions on the source and the target: the same settings for all of them, errors without secrets, a way to stop.

Laws
- A source session is read-only and unfiltered: default_transaction_read_only on, row_security off.
- Both sides read and write values in one form, whatever the database or the role has set (config.session).
- Nothing is found by search path but the system's catalogue; every other name is written with its schema.
- A driver's error leaves here only through `blame`: it names the place, the kind of fault and what to do, and never a
  password, a connection string or a value of a row.
- A Stop cancels what the sessions given to it are doing, from any thread and from a signal handler.
"""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import psycopg

from config import cursors, session
from config.connection import Connection
from config.errors import Interrupted, MigrateError, SourceError, StagingError, TargetError

OLDEST_SERVER = 140000
LOCK_SECONDS = 30
CANCEL_SECONDS = 0.2  # between two rounds of cancelling: a query may start just after one

# Where the connection string is silent. Proxies and firewalls forget an idle connection after some minutes.
CONNECT = {
    "application_name": "nxtgauge-migrate",
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "6",
}

# The server's side of it: a client that vanished gives up its locks within minutes. Means nothing on a socket.
SESSION_KEEPALIVES = {"tcp_keepalives_idle": "60", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "6"}
OWN = {"lock_timeout": f"{LOCK_SECONDS}s", **SESSION_KEEPALIVES}
READ_ONLY = {"default_transaction_read_only": "on"}
READ_WRITE = {"default_transaction_read_only": "off"}


class Stop:
    """A request to stop, and the sessions that it reaches.

    Work that must still be done afterwards (marking the run interrupted) opens a session that no Stop knows.
    """

    def __init__(self) -> None:
        self._is_set = False  # no Event: its lock could be held by the very thread that a signal interrupts
        self._lock = threading.Lock()
        self._cancels: dict[int, Callable[[], None]] = {}

    def set(self) -> None:
        """Ask everybody to stop; queries are cancelled until the last session is closed."""
        self._is_set = True
        threading.Thread(target=self._cancel_until_idle, name="cancel", daemon=True).start()

    def is_set(self) -> bool:
        return self._is_set

    def check(self) -> None:
        """Errors: Interrupted, once somebody has asked to stop."""
        if self._is_set:
            raise Interrupted("asked to stop; run again to resume")

    @contextlib.contextmanager
    def reaching(self, cancel: Callable[[], None]) -> Iterator[None]:
        """While the block runs, a request to stop calls cancel, from another thread."""
        key = id(cancel)
        with self._lock:
            self._cancels[key] = cancel
        try:
            self.check()
            yield
        finally:
            with self._lock:  # also waits for a cancel under way: no session is closed beneath it
                del self._cancels[key]

    def _cancel_until_idle(self) -> None:
        while self._cancel_all():
            time.sleep(CANCEL_SECONDS)

    def _cancel_all(self) -> int:
        with self._lock:
            for cancel in self._cancels.values():
                with contextlib.suppress(psycopg.Error, adbc_driver_manager.Error):
                    cancel()
            return len(self._cancels)


@contextlib.contextmanager
def source(connection: Connection, stop: Stop | None = None) -> Iterator[psycopg.Connection]:
    """A read-only session on the source, in autocommit; closed at the end of the block. Errors: SourceError."""
    with _session(connection, SourceError, READ_ONLY, stop) as conn:
        yield conn


@contextlib.contextmanager
def target(connection: Connection, stop: Stop | None = None) -> Iterator[psycopg.Connection]:
    """A session on the target, in autocommit; closed at the end of the block. Errors: TargetError."""
    with _session(connection, TargetError, READ_WRITE, stop) as conn:
        yield conn


@contextlib.contextmanager
def staging(connection: Connection, stop: Stop | None = None) -> Iterator[psycopg.Connection]:
    """A session that fills the staging database, in autocommit; closed at the end. Errors: StagingError."""
    with _session(connection, StagingError, READ_WRITE, stop) as conn:
        yield conn


@contextlib.contextmanager
def adbc_source(connection: Connection, stop: Stop | None = None) -> Iterator[adbc.Connection]:
    """A read-only ADBC session on the source, not in autocommit; closed at the end. Errors: SourceError."""
    with _adbc_session(connection, SourceError, READ_ONLY, stop) as conn:
        yield conn


@contextlib.contextmanager
def adbc_target(connection: Connection, stop: Stop | None = None) -> Iterator[adbc.Connection]:
    """An ADBC session on the target, not in autocommit; closed at the end. Errors: TargetError."""
    with _adbc_session(connection, TargetError, READ_WRITE, stop) as conn:
        yield conn


@contextlib.contextmanager
def _session(connection, kind, settings, stop) -> Iterator[psycopg.Connection]:
    stop = stop or Stop()
    with _blame_connecting(kind, connection):
        conn = cursors.taking_any_name(psycopg.connect(_conninfo(connection), autocommit=True))
    with contextlib.closing(conn), stop.reaching(lambda: conn.cancel_safe(timeout=5)):
        with blame(kind, "setting up the session", stop):
            conn.execute(session.query(session.PINNED | OWN | settings))
        yield conn


@contextlib.contextmanager
def _adbc_session(connection, kind, settings, stop) -> Iterator[adbc.Connection]:
    """As it connects it asks for all types, and knows them by the names of their functions: spelled with quotes or with
    a schema they would all be strange to it. So what spells names is told to the server beforehand."""
    stop = stop or Stop()
    with _blame_connecting(kind, connection):
        conn = adbc.connect(_conninfo(connection.with_options(session.options())))
    with contextlib.closing(conn), stop.reaching(conn.adbc_cancel):
        with blame(kind, "setting up the session", stop), conn.cursor() as cursor:
            cursor.execute(session.query(session.PINNED | OWN | settings))
            cursor.fetchall()
            conn.commit()
        yield conn


def _conninfo(connection: Connection) -> str:
    return connection.with_defaults(**CONNECT).conninfo


@dataclass(frozen=True)
class ServerFacts:
    """What a server says of itself. system_identifier: None where the role may not read it, or the service hides it."""

    version_number: int
    version: str
    encoding: str
    database: str
    database_oid: int
    system_identifier: str | None
    postmaster_started_at: str
    is_standby: bool
    user: str

    def identity(self) -> dict[str, object]:
        """As JSON takes it, for migration.runs.source_identity."""
        return asdict(self)

    def is_same_database(self, other: "ServerFacts") -> bool:
        if self.system_identifier and other.system_identifier:
            is_same_server = self.system_identifier == other.system_identifier
        else:
            is_same_server = self.postmaster_started_at == other.postmaster_started_at
        return is_same_server and self.database_oid == other.database_oid


FACTS = """
    select int4in(textout(current_setting('server_version_num'))), current_setting('server_version'),
           current_setting('server_encoding'), current_database()::text, d.oid::bigint, %(system)s::text,
           concat(extract(epoch from pg_postmaster_start_time())), pg_is_in_recovery(), current_user::text
    from pg_database d where d.datname = current_database()
"""


def server_facts(conn: psycopg.Connection) -> ServerFacts:
    return ServerFacts(*conn.execute(FACTS, {"system": _system_identifier(conn)}).fetchone())


def _system_identifier(conn: psycopg.Connection) -> str | None:
    """Identifies a cluster for as long as it lives; some hosted services refuse or lack the function."""
    with contextlib.suppress(psycopg.DatabaseError), conn.transaction():
        return conn.execute("select concat(system_identifier) from pg_control_system()").fetchone()[0]
    return None


def source_faults(facts: ServerFacts) -> list[str]:
    """What makes a server unfit as a source, one sentence each."""
    faults = _version_faults("source", facts)
    if facts.encoding == "SQL_ASCII":
        faults.append("the source's encoding is SQL_ASCII, so nothing says what its bytes mean; wanted a real encoding")
    return faults


def target_faults(facts: ServerFacts) -> list[str]:
    """What makes a server unfit as a target, one sentence each."""
    faults = _version_faults("target", facts)
    if facts.encoding != "UTF8":
        faults.append(f"the target's encoding is {facts.encoding}; wanted a database created with encoding UTF8")
    if facts.is_standby:
        faults.append("the target is a standby, which takes no writes; wanted its primary")
    return faults


def _version_faults(side: str, facts: ServerFacts) -> list[str]:
    if facts.version_number >= OLDEST_SERVER:
        return []
    return [f"the {side} is PostgreSQL {facts.version}; wanted {OLDEST_SERVER // 10000} or later"]


# What went wrong, what to do. Kinds of SQLSTATE by their longest prefix.
HINTS = {
    "08": "the connection was lost; run again to resume",
    "0A": "the server does not support this",
    "25006": "the server takes no writes; is it a standby?",
    "28": "check user and password in the connection string, and the server's pg_hba.conf",
    "3D": "there is no such database; check its name, or create it",
    "40": "another session was in the way; try again",
    "42501": "grant the role the privilege, or connect as one that has it",
    "53100": "the server's disk is full; make room, then run again to resume",
    "53200": "the server is out of memory or locks; raise max_locks_per_transaction, or lower workers in the profile",
    "53300": "the server has no connection left; raise max_connections, or lower workers in the profile",
    "55P03": "another session holds a lock for too long; see pg_locks, then try again",
    "57014": "somebody cancelled the query; run again to resume",
    "57P": "the server or an administrator ended the session; run again to resume",
    "58": "the server met a fault of its system; see its log",
    "XX": "the server met a fault of its own; see its log",
}
RETRYABLE = ("08", "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "57P05")
# In these classes the message quotes values, or is somebody else's text; elsewhere it quotes names at most.
QUOTING = ("22", "23", "38", "39", "HV", "P0")

# libpq and the drivers give no SQLSTATE for these: (pattern, SQLSTATE that fits).
WITHOUT_SQLSTATE = [
    (r"[Cc]onnection refused|No such file or directory|timeout expired|timed out|unreachable|reset by peer", "08001"),
    (r"starting up|shutting down|recovery mode|not yet accepting|Temporary failure in name", "57P03"),
    (r"too many (clients|connections)|remaining connection slots", "53300"),
    (r"authentication failed|no password supplied|pg_hba\.conf|role .* does not exist|certificate", "28000"),
    (r"database .* does not exist", "3D000"),
    (r"permission denied for database", "42501"),
    (r"closed the connection|connection (is|was) (closed|lost)|no connection to the server|SSL SYSCALL", "08006"),
    (r"terminating connection", "57P01"),
    (r"canceling statement", "57014"),
    (r"could not (send|receive) data|consuming input failed|lost synchronization|sending query failed", "08006"),
]
CONDITIONS = {  # where the standard's own name would puzzle
    "08001": "no connection",
    "08006": "connection lost",
    "28000": "not let in",
    "3D000": "no such database",
    "57P01": "session ended",
}
SIDES = {SourceError: "source", StagingError: "staging database", MigrateError: "target"}
COPIED_COLUMN = re.compile(r"^COPY .+, line \d+, column ([^\n:]+)$", re.MULTILINE)  # in binary no value follows
CONTEXT = re.compile(r"COPY [^\n:]+, line \d+(?:, column [^\n:]+)?")


@dataclass(frozen=True)
class Diagnosis:
    """What a driver's error says, in one form for psycopg and ADBC. text may quote values; sqlstate may be ''."""

    sqlstate: str
    text: str
    place: str = ""
    column: str | None = None

    @property
    def is_retryable(self) -> bool:
        return self.sqlstate.startswith(RETRYABLE)

    @property
    def hint(self) -> str:
        prefixes = (self.sqlstate[:length] for length in (5, 3, 2))
        return next((HINTS[prefix] for prefix in prefixes if prefix in HINTS), "")


@contextlib.contextmanager
def blame(kind: type[MigrateError], what: str, stop: Stop | None = None) -> Iterator[None]:
    """Turn a driver's error within the block into one of `kind` (SourceError, TargetError, StagingError).

    The error carries `sqlstate` ('' if none), `retryable`, and `column` where the value of one was refused. After a
    request to stop, any of them is Interrupted.
    """
    try:
        yield
    except (psycopg.Error, adbc_driver_manager.Error, OSError, ValueError) as error:
        if not _is_drivers(error):
            raise
        if stop and stop.is_set():
            raise Interrupted(f"stopped while {what}; run again to resume") from None
        raise _blamed(kind, what, _diagnosis(error)) from None


def _is_drivers(error: Exception) -> bool:
    """Rows that ADBC streams are read by pyarrow, whose errors are Python's own kinds and tell their origin in text."""
    return isinstance(error, psycopg.Error | adbc_driver_manager.Error) or "[libpq]" in str(error)


def is_retryable(error: BaseException) -> bool:
    """Whether doing the same once more may go well."""
    return getattr(error, "retryable", False)


@contextlib.contextmanager
def _blame_connecting(kind: type[MigrateError], connection: Connection) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, adbc_driver_manager.Error) as error:
        what = f"connecting to {connection.redacted} ({connection.variable})"
        cause = _diagnosis(error)
        hint = None if cause.sqlstate else "check the connection string"
        if cause.sqlstate.startswith("08"):
            hint = "is the server running, and does it listen there?"
        if "resolve host" in cause.text or "translate host" in cause.text:
            hint = "there is no such host; check its name in the connection string"
        cause = Diagnosis(cause.sqlstate, connection.redact(cause.text.split("\n")[0].removeprefix("IO: [libpq] ")))
        raise _blamed(kind, what, cause, hint) from None


def _blamed(kind: type[MigrateError], what: str, cause: Diagnosis, hint: str | None = None) -> MigrateError:
    side = next(side for base, side in SIDES.items() if issubclass(kind, base))
    parts = [f"{what}: {_condition(cause.sqlstate)} on the {side}", cause.place, _quotable(cause), hint or cause.hint]
    error = kind("; ".join(filter(None, parts)))
    error.sqlstate, error.retryable, error.column = cause.sqlstate, cause.is_retryable, cause.column
    return error


def _condition(sqlstate: str) -> str:
    """`22003` → `numeric value out of range (22003)`."""
    if sqlstate in CONDITIONS:
        return f"{CONDITIONS[sqlstate]} ({sqlstate})"
    try:
        name = psycopg.errors.lookup(sqlstate).__name__
    except KeyError:
        return f"error {sqlstate}" if sqlstate else "an error"
    return f"{re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name).lower()} ({sqlstate})"


def _quotable(cause: Diagnosis) -> str:
    if cause.sqlstate.startswith(QUOTING):
        return ""
    text = cause.text.split("\n")[0][:300]
    # A driver's own message quotes values; the server's quotes names in these classes.
    return text if cause.sqlstate else re.sub(r"'[^']*'", "'…'", text)


def _diagnosis(error: Exception) -> Diagnosis:
    if isinstance(error, psycopg.Error):
        fields, text = _psycopg_fields(error), error.diag.message_primary or str(error)
    elif isinstance(error, adbc_driver_manager.Error):
        fields = {key.decode(): value.decode("utf-8", "replace") for key, value in error.details or []}
        text = fields.get("PG_DIAG_MESSAGE_PRIMARY") or str(error).split("Query was")[0]
    else:
        return Diagnosis(_guessed_sqlstate(str(error)), "the stream of rows broke off")
    return Diagnosis(error.sqlstate or _guessed_sqlstate(text), text.strip(), _place(fields), _column(fields))


def _column(fields: dict[str, str | None]) -> str | None:
    """The column whose value was refused: of a constraint, or of the row that COPY was reading."""
    copying = COPIED_COLUMN.search(fields.get("PG_DIAG_CONTEXT") or "")
    return fields.get("PG_DIAG_COLUMN_NAME") or (copying and copying[1])


def _psycopg_fields(error: psycopg.Error) -> dict[str, str | None]:
    names = ("schema_name", "table_name", "column_name", "constraint_name", "context")
    return {f"PG_DIAG_{name.upper()}": getattr(error.diag, name) for name in names}


def _guessed_sqlstate(text: str) -> str:
    return next((sqlstate for pattern, sqlstate in WITHOUT_SQLSTATE if re.search(pattern, text)), "")


def _place(fields: dict[str, str | None]) -> str:
    names = {key: fields.get(f"PG_DIAG_{key.upper()}_NAME") for key in ("schema", "table", "column", "constraint")}
    parts = [f"{key} {name}" for key, name in names.items() if name]
    line = CONTEXT.search(fields.get("PG_DIAG_CONTEXT") or "")
    return ", ".join(parts + ([line[0]] if line else []))
