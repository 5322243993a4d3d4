"""Sessions of which an answer was lost on its way, while the server answers others: a proxy may lose one connection.

Laws
- Both ends are asked. Whoever uses the session has waited for so long, and all that he sent has left, and nothing came;
  and the server's process waits for its client, or is gone. A statement that takes its time keeps its process busy.
- A session that nobody waits for is well, however long it lies idle.
- Only TCP is looked at: there is no network behind any other socket.
"""

import contextlib
import fcntl
import os
import socket
import struct
import termios
import time
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

Answer = TypeVar("Answer")

# Of its own role everybody sees what a process waits for.
WAIT_FOR_US = """
    select p.pid from pg_catalog.unnest(%s::int4[]) as p (pid)
    left join pg_catalog.pg_stat_activity a on a.pid operator(pg_catalog.=) p.pid
    where a.pid is null or a.wait_event_type operator(pg_catalog.=) 'Client'
"""
HEARD = struct.Struct("=52xI")  # where Linux's tcp_info has the milliseconds since data came
NEVER = float("inf")


class Waits:
    """Whether somebody waits for a session. sockets: numbers of inodes; one of them, and mostly the only, is its own.

    is_pooled: whether its process may be another client's as soon as it has gone.
    """

    def __init__(self, sockets: Collection[int] = ()):
        self.sockets, self.is_pooled, self.since = frozenset(sockets), False, NEVER

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Within the block somebody waits for an answer."""
        self.since = time.monotonic()
        try:
            yield
        finally:
            self.since = NEVER


class Session(psycopg.Connection[TupleRow]):
    """A session of psycopg that says whether somebody waits for it."""

    _waits: Waits | None = None

    @property
    def waits(self) -> Waits:
        if self._waits is None:
            self._waits = Waits([inode(self.fileno())])
        return self._waits

    def wait(self, gen: PQGen[Answer], *more: Any, **named: Any) -> Answer:
        """All that psycopg asks of a server it waits for by this."""
        waits = self.waits
        waits.since = time.monotonic()
        try:
            return super().wait(gen, *more, **named)
        finally:
            waits.since = NEVER


def asking(conn: psycopg.Connection) -> contextlib.AbstractContextManager[None]:
    """Within the block somebody waits for an answer of libpq's own, of which psycopg does not hear."""
    return conn.waits.asking() if isinstance(conn, Session) else contextlib.nullcontext()


def long_waited_for(held: dict[int, Waits], sockets: Collection[socket.socket], seconds: float) -> dict[int, set[int]]:
    """Of the server's processes those for which somebody has waited so long, and heard nothing: with their sockets."""
    now = time.monotonic()
    known = {inode(one.fileno()): one for one in sockets}
    certain = {number for waits in held.values() if len(waits.sockets) == 1 for number in waits.sockets}
    found = {}
    for process, waits in held.items():
        own = waits.sockets if len(waits.sockets) == 1 else waits.sockets - certain
        own = own & known.keys()
        if now - waits.since > seconds and own and all(_is_silent(known[number], seconds) for number in own):
            found[process] = set(own)
    return found


def inode(number: int) -> int:
    """What a file is known by, however often its number was given away."""
    return os.fstat(number).st_ino


def silence(one: socket.socket) -> float:
    """Seconds since anything was heard on it; for ever, where the system does not tell."""
    with contextlib.suppress(OSError, AttributeError):
        info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, HEARD.size)
        return float(HEARD.unpack(info)[0]) / 1000
    return NEVER


def _is_silent(one: socket.socket, seconds: float) -> bool:
    """Whether it is the other end's turn, and for so long."""
    if one.family not in (socket.AF_INET, socket.AF_INET6) or silence(one) < seconds:
        return False
    unsent = fcntl.ioctl(one.fileno(), termios.TIOCOUTQ, bytes(4))
    return not int.from_bytes(unsent, "little")
