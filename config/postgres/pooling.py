"""Whether a pooler stands before a server, and whether it leaves each client its session.

Laws
- A pooler is known by this: the process of the server that it names to a client as that connects is not the one that
  answers.
- One that gives a client's transactions to several sessions is refused as the first session is opened, before anything
  is set, taken or written there: settings, locks, snapshots and prepared statements are a session's.
- So is one that hands a session on as the last client left it: our settings would be somebody else's then, and a lock
  of a client that died would stay.
- What was found of an address holds for the process that asked.
"""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

from config.postgres.connection import Connection

ASK_SECONDS = 10.0  # how long a pooler may let a client wait for a session
OTHERS = 3  # clients that are in a transaction while the first one is asked again
PAUSES = (0, 0, 0.02, 0.1, 0.5)  # seconds before each client that looks for what the one before it has left
PID = "select pg_catalog.pg_backend_pid()"
MARK = "nxtgauge.mark"  # a setting that means nothing

NOT_KEPT = (
    "is reached through a pooler with {mode}, which lets a client's settings, locks, snapshots and prepared statements "
    "get lost between two transactions; wanted session pooling or the server itself: set pool_mode = session for this "
    "database or user, or name the server's own address in {variable}"
)
TOO_FEW = (
    "is reached through a pooler that had {count} for us, and no other within {seconds:g} s; wanted three to each "
    "worker and about ten more: raise the pool's size (default_pool_size), or name the server's own address in "
    "{variable}"
)
NOT_RESET = (
    "is reached through a pooler that hands a session on as the last client left it, settings and locks included; "
    "wanted one that resets it: set server_reset_query = DISCARD ALL, or name the server's own address in {variable}"
)

_POOLED: dict[str, bool] = {}  # by connection string


def fault(conn: psycopg.Connection, connection: Connection) -> str:
    """Why sessions of this connection cannot be used, as a sentence goes on after "the target"; '' if they can.

    conn: a session that has just been opened. Errors: psycopg.Error.
    """
    if connection.conninfo in _POOLED:
        return ""
    pid = _value(conn.execute(PID, prepare=False))  # a pool that is full may be so for a while: the pooler says when
    is_pooled = pid != str(conn.info.backend_pid)
    found = _fault_of_pooler(conn, pid, connection) if is_pooled else ""
    if not found:
        _POOLED[connection.conninfo] = is_pooled
    return found


def is_known(connection: Connection) -> bool:
    """Whether sessions of this connection have been looked at."""
    return connection.conninfo in _POOLED


def is_pooled(connection: Connection) -> bool:
    """Whether a pooler stands there: it takes no `options`. Asked of one that has a session, or had one."""
    return _POOLED.get(connection.conninfo, False)


def may_stand(connection: Connection) -> bool:
    """Whether a pooler stands there, or nobody knows yet."""
    return _POOLED.get(connection.conninfo, True)


def _fault_of_pooler(conn: psycopg.Connection, pid: str | None, connection: Connection) -> str:
    name = connection.variable
    with contextlib.ExitStack() as stack:
        for number in range(OTHERS):
            other = stack.enter_context(_client(connection))
            found = _asked_twice(conn)  # a session that was made for the other may be next in turn
            try:
                began = _asked(other, "begin")
            except psycopg.Error as error:
                if _is_of_pooler(error):
                    return NOT_KEPT.format(mode="statement pooling", variable=name)
                raise
            if began is None:
                return TOO_FEW.format(count=number + 1, seconds=ASK_SECONDS, variable=name)
            stack.callback(_undo, other)
            if found | _asked_twice(conn) != {pid}:
                return NOT_KEPT.format(mode="transaction pooling", variable=name)
    return NOT_RESET.format(variable=name) if _is_left_as_it_was(connection) else ""


def _client(connection: Connection) -> contextlib.closing[psycopg.Connection]:
    return contextlib.closing(psycopg.connect(connection.watched, autocommit=True))


def _asked(conn: psycopg.Connection, query: str) -> str | None:
    """The first value, or '' where there is none; None if no answer came in time."""
    asking = ThreadPoolExecutor(1, thread_name_prefix="pooler")
    try:
        cursor = asking.submit(conn.execute, query.encode(), prepare=False).result(ASK_SECONDS)
    except TimeoutError:
        return None
    finally:
        asking.shutdown(wait=False)  # it ends when the session is closed
    return _value(cursor)


def _value(cursor: psycopg.Cursor) -> str:
    row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""


def _asked_twice(conn: psycopg.Connection) -> set[str | None]:
    """The processes that answer; a pooler may give out the session that was used last, or the one before all."""
    return {_asked(conn, PID), _asked(conn, PID)}


def _is_of_pooler(error: psycopg.Error) -> bool:
    """No server refuses to begin a transaction, unless it ends the session."""
    return error.sqlstate in ("08P01", "0A000") or "statement pooling" in str(error)


def _undo(other: psycopg.Connection) -> None:
    with contextlib.suppress(psycopg.Error):
        other.execute("rollback")


def _is_left_as_it_was(connection: Connection) -> bool:
    """Whether a client finds what another one has set, in a session that both were given.

    A pooler has a session back a moment after its client has gone, and gives the next one another until then.
    """
    marked = set()
    for seconds in PAUSES:
        time.sleep(seconds)
        with _client(connection) as other:
            pid = _asked(other, PID)
            is_left = _asked(other, f"select pg_catalog.current_setting('{MARK}', true)") == "left"
            other.execute(f"reset {MARK}" if is_left else f"set {MARK} = 'left'")
        if is_left or pid in marked:
            return is_left
        marked.add(pid)
    return False
