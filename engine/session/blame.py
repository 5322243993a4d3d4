"""Turns errors of the drivers into ours: the place, the kind of fault and what to do.

Law: every driver's error passes through here, and loses passwords, connection strings and values of rows.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import adbc_driver_manager
import psycopg

from config.errors import Interrupted, MigrateError, SourceError, StagingError
from config.postgres import network, refused, standby
from config.postgres.connection import Connection
from engine.session.stop import STOP, Stop

# What went wrong, what to do. Kinds of SQLSTATE by their longest prefix.
HINTS = {
    "08": "the connection was lost",
    "08P01": "see the log of the pooler, if one is there: a run needs three sessions to a worker and about ten more",
    "0A": "the server does not support this",
    "25006": "the server takes no writes; is it a standby?",
    "28": "check user and password in the connection string, and the server's pg_hba.conf",
    "3D": "there is no such database; check its name, or create it",
    "40": "another session was in the way; try again",
    "42501": "grant the role the privilege, or connect as one that has it",
    "53100": "the server's disk is full; make room first",
    "53200": "the server is out of memory or locks; raise max_locks_per_transaction, or lower workers in the profile",
    "53300": "the server has no connection left; raise max_connections, or lower workers in the profile",
    "55P03": "another session holds a lock for too long; see pg_locks, then try again",
    "57014": "somebody cancelled the query",
    "57P": "the server or an administrator ended the session",
    "58": "the server met a fault of its system; see its log",
    "XX": "the server met a fault of its own; see its log",
}
RETRYABLE = ("08", "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "57P05")
# In these classes the message quotes values, or is somebody else's text; elsewhere it quotes names at most.
QUOTING = ("22", "23", "38", "39", "HV", "P0")

# What a system says of a network that is gone; the driver's own words are English everywhere.
SILENT = r"timed out|timeout expired|unreachable|[Nn]o route"
NETWORK = "nothing came back for too long; look at the network to it"

# libpq and the drivers give no SQLSTATE for these: (pattern, SQLSTATE that fits).
WITHOUT_SQLSTATE = [
    (standby.CONFLICT, "40001"),
    (r"deadlock detected", "40P01"),
    (r"lock timeout", "55P03"),
    (r"could not (send|receive) data|consuming input failed|lost synchronization|sending query failed", "08006"),
    (r"[Cc]onnection refused|No such file or directory|timeout expired|timed out|unreachable|reset by peer", "08001"),
    (r"starting up|shutting down|recovery mode|not yet accepting|Temporary failure in name", "57P03"),
    (r"too many (clients|connections)|remaining connection slots|no more connections allowed", "53300"),
    (r"database .* does not exist", "3D000"),
    (r"closed the connection|connection (is|was) (closed|lost)|no connection to the server|SSL SYSCALL", "08006"),
    (r"terminating connection", "57P01"),
    (r"canceling statement", "57014"),
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


def passes(sqlstate: str) -> bool:
    """Whether what an error says passes by itself."""
    return sqlstate.startswith(RETRYABLE)


@dataclass(frozen=True)
class Diagnosis:
    """What a driver's error says, in one form for psycopg and ADBC. text may quote values; sqlstate may be ''."""

    sqlstate: str
    text: str
    place: str = ""
    column: str | None = None

    @property
    def is_retryable(self) -> bool:
        return passes(self.sqlstate)

    @property
    def hint(self) -> str:
        if self.sqlstate.startswith("08") and (why := network.why() or (re.search(SILENT, self.text) and NETWORK)):
            return why
        if why := standby.why(self.text):
            return why
        prefixes = (self.sqlstate[:length] for length in (5, 3, 2))
        return next((HINTS[prefix] for prefix in prefixes if prefix in HINTS), "")


@contextlib.contextmanager
def blame(kind: type[MigrateError], what: str, stop: Stop | None = None) -> Iterator[None]:
    """Turn a driver's error within the block into one of `kind` (SourceError, TargetError, StagingError).

    The error carries `sqlstate` ('' if none), `retryable`, and `column` where the value of one was refused. After a
    request to stop, any of them is Interrupted; stop: where it is not this process that is asked.
    """
    try:
        yield
    except (psycopg.Error, adbc_driver_manager.Error, OSError, ValueError) as error:
        if not _is_drivers(error):
            raise
        if (stop or STOP).is_set():
            raise Interrupted(f"stopped while {what}") from None
        raise _blamed(kind, what, _diagnosis(error)) from None


def _is_drivers(error: Exception) -> bool:
    """Rows that ADBC streams are read by pyarrow, whose errors are Python's own kinds and tell their origin in text."""
    return isinstance(error, psycopg.Error | adbc_driver_manager.Error) or "[libpq]" in str(error)


@contextlib.contextmanager
def blame_connecting(kind: type[MigrateError], connection: Connection, stop: Stop | None = None) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, adbc_driver_manager.Error) as error:
        if stop and stop.is_set():
            raise Interrupted(f"stopped while connecting to the {side(kind)}") from None
        what = f"connecting to {connection.redacted} ({connection.variable})"
        cause = _diagnosis(error)
        if refusal := refused.find(error, connection):
            raise _blamed(kind, what, Diagnosis(refusal.sqlstate, refusal.text), refusal.remedy) from None
        hint = None if cause.sqlstate else "check the connection string"
        if cause.sqlstate.startswith("08"):
            hint = (
                network.why(connection) or "is the server running, does it listen there, and is the network to it up?"
            )
        if "resolve host" in cause.text or "translate host" in cause.text:
            hint = "there is no such host; check its name in the connection string"
        cause = Diagnosis(cause.sqlstate, connection.redact(cause.text.split("\n")[0].removeprefix("IO: [libpq] ")))
        raise _blamed(kind, what, cause, hint) from None


def told(kind: type[MigrateError], what: str, sqlstate: str) -> MigrateError:
    """The error for what a program of PostgreSQL met."""
    return _blamed(kind, what, Diagnosis(sqlstate, ""))


def _blamed(kind: type[MigrateError], what: str, cause: Diagnosis, hint: str | None = None) -> MigrateError:
    what = f"{what}: {_condition(cause.sqlstate)} on the {side(kind)}"
    parts = [what, cause.place, _quotable(cause), hint or cause.hint]
    error = kind("; ".join(filter(None, parts)))
    error.sqlstate, error.retryable, error.column = cause.sqlstate, cause.is_retryable, cause.column
    return error


def side(kind: type[MigrateError]) -> str:
    """What messages call the database that errors of this kind are about."""
    return next(SIDES[base] for base in kind.__mro__ if base in SIDES)


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
    fields: dict[str, str | None]
    if isinstance(error, psycopg.Error):
        fields, text = _psycopg_fields(error), error.diag.message_primary or str(error)
    elif isinstance(error, adbc_driver_manager.Error):
        fields = {_decoded(key): _decoded(value) for key, value in error.details or []}
        text = fields.get("PG_DIAG_MESSAGE_PRIMARY") or str(error).split("Query was")[0]
    else:
        said = re.search(f"{SILENT}|{standby.CONFLICT}", str(error))
        return Diagnosis(
            guessed_sqlstate(str(error)), f"the stream of rows broke off {said[0] if said else ''}".strip()
        )
    return Diagnosis(error.sqlstate or guessed_sqlstate(text), text.strip(), _place(fields), _column(fields))


def _decoded(text: str | bytes) -> str:
    """ADBC declares its details as text, and gives bytes."""
    return text if isinstance(text, str) else text.decode("utf-8", "replace")


def _column(fields: dict[str, str | None]) -> str | None:
    """The column whose value was refused: of a constraint, or of the row that COPY was reading."""
    copying = COPIED_COLUMN.search(fields.get("PG_DIAG_CONTEXT") or "")
    return fields.get("PG_DIAG_COLUMN_NAME") or (copying and copying[1])


def _psycopg_fields(error: psycopg.Error) -> dict[str, str | None]:
    names = ("schema_name", "table_name", "column_name", "constraint_name", "context")
    return {f"PG_DIAG_{name.upper()}": getattr(error.diag, name) for name in names}


def guessed_sqlstate(text: str) -> str:
    """The SQLSTATE that fits what libpq, a driver or a program of PostgreSQL says; '' if none does."""
    return next((sqlstate for pattern, sqlstate in WITHOUT_SQLSTATE if re.search(pattern, text)), "")


def _place(fields: dict[str, str | None]) -> str:
    names = {key: fields.get(f"PG_DIAG_{key.upper()}_NAME") for key in ("schema", "table", "column", "constraint")}
    parts = [f"{key} {name}" for key, name in names.items() if name]
    line = CONTEXT.search(fields.get("PG_DIAG_CONTEXT") or "")
    return ", ".join(parts + ([line[0]] if line else []))
