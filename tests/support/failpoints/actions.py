"""What happens at a point.

kill      the process dies at once, as by kill -9
stop      the process is asked to stop, as by SIGTERM
error     an error that nobody has foreseen
conflict  an error of the target that passes by itself, as of a deadlock
cut       the session's socket is shut: what the program sends next does not arrive
lost      the session's transaction, or else its next statement, is committed, and the answer is lost
deaf      no answer to what the session sends next arrives
sleep     the thread waits for some seconds
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

SLEEP_SECONDS = 3.0


class Struck(Exception):
    """The error of the action `error`."""


def kill(_: Iterable[object]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stop(_: Iterable[object]) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def error(_: Iterable[object]) -> None:
    raise Struck("struck at a failpoint")


def conflict(_: Iterable[object]) -> None:
    from config.errors import TargetError

    struck = TargetError("struck at a failpoint: serialization failure (40001) on the target")
    struck.sqlstate, struck.retryable = "40001", True
    raise struck


def cut(arguments: Iterable[object]) -> None:
    _shut(session_of(arguments), socket.SHUT_RDWR)


def lost(arguments: Iterable[object]) -> None:
    session = session_of(arguments)
    if session.info.transaction_status == TransactionStatus.IDLE:
        _shut(session, socket.SHUT_RD)
        return
    send = session._exec_command  # by which psycopg sends BEGIN, savepoints and COMMIT

    def deaf_from_commit(command: Any, *more: Any, **named: Any) -> Any:
        if command == b"COMMIT":
            _shut(session, socket.SHUT_RD)
        return send(command, *more, **named)

    vars(session)["_exec_command"] = deaf_from_commit


def deaf(arguments: Iterable[object]) -> None:
    _shut(session_of(arguments), socket.SHUT_RD)


def sleep(_: Iterable[object]) -> None:
    time.sleep(SLEEP_SECONDS)


ACTIONS: dict[str, Callable[[Iterable[object]], None]] = {
    action.__name__: action for action in (kill, stop, error, conflict, cut, lost, deaf, sleep)
}


def session_of(arguments: Iterable[object]) -> psycopg.Connection:
    """The session that a call was given, by itself or as an attribute. Errors: LookupError."""
    for each in arguments:
        for found in (each, getattr(each, "target", None), getattr(each, "conn", None)):
            if isinstance(found, psycopg.Connection):
                return found
    raise LookupError("this point has no session of its own; cut and lost need one")


def _shut(session: psycopg.Connection, how: int) -> None:
    with socket.socket(fileno=os.dup(session.pgconn.socket)) as own:
        own.shutdown(how)
