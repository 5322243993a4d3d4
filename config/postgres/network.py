"""Whether a server is still there at the other end of the network, and what becomes of sessions where it is not.

Laws
- A line is the way to one server. It is lost where nothing is heard on it, and whoever asks anew gets no answer either,
  for LOST_SECONDS. That a session is silent proves nothing, for a statement may take hours; any answer proves that the
  server is there, be it a refusal.
- So is a single session, where its answer alone was lost on its way (config.postgres.waits).
- What is lost is cut: the sockets of all sessions of this process, whoever opened them, are shut down, or those of that
  one. Whoever waits for one of them meets the error of a lost connection, which may be tried again.
- What was cut at this end may live on at the other, and hold locks there. The first session that is had again ends it.
- A pooler lets a client wait for a session until one is free, and tells it after a while that none came. So where one
  stands, or may stand, who gets no answer is waited for longer than that, unless others that come later get theirs.
- A request to stop waits for no answer: where the server gives none within STOP_SECONDS its sessions are cut, and for
  a moment none is opened there.

The kernel notices a network that is gone (tcp_user_timeout), but no proxy that takes everything and passes on nothing.
"""

import contextlib
import logging
import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from config.postgres import cursors, pooling, waits
from config.postgres.asking import Asking
from config.postgres.connection import Connection
from config.postgres.waits import Session as Watched
from config.postgres.waits import Waits

ASK_SECONDS = 10.0  # between two looks, and how long an answer is waited for
LOST_SECONDS = 30.0
POOL_SECONDS = 150.0  # the same where a pooler may stand: pgbouncer tells a client after 120 (query_wait_timeout)
STOP_SECONDS = 0.5
OPEN_SECONDS = 30.0  # that a session may take to be opened, and again to be made ready
CANCEL_SECONDS = 5.0  # of a server that answers
REFUSED_SECONDS = 5.0
TOLD_SECONDS = 60.0  # how long errors name the network as their cause
# What every server answers, with one byte and before it asks who is there: whether it takes TLS. It logs nothing of it.
QUESTION = struct.pack("!ii", 8, 80877103)
SOCKETS = next((path for path in map(Path, ("/proc/self/fd", "/dev/fd")) if path.is_dir()), None)
NOTHING = "nothing comes back from {}, nor does it answer anybody new; look at the network to it"
ONE_ANSWER = (
    "an answer from {} was lost on its way, though it answers others; look at the network to it, and at what stands "
    "between (a proxy, a pooler, a firewall)"
)
HELD = (
    "%s has not answered for %g s; if a pooler stands there, all of its sessions may be taken: waiting for one for up "
    "to %g s. A pool has to have three for each worker, and about ten more (default_pool_size)"
)
NO_SESSION = (
    "{} gave no session, nor one to anybody new; look at the pooler's size (default_pool_size; wanted three for each "
    "worker, and about ten more), at who holds its sessions, and at the network to it"
)
LEFT = """
    select pg_catalog.pg_terminate_backend(a.pid)
    from rows from (pg_catalog.unnest(%s::int4[]), pg_catalog.unnest(%s::float8[])) as cut (pid, age)
    join pg_catalog.pg_stat_activity a on a.pid operator(pg_catalog.=) cut.pid
    where a.usename operator(pg_catalog.=) current_user and a.datname operator(pg_catalog.=) current_database()
        and a.pid operator(pg_catalog.<>) pg_catalog.pg_backend_pid() and a.query_start operator(pg_catalog.<)
            (pg_catalog.clock_timestamp() operator(pg_catalog.-) pg_catalog.make_interval(secs => cut.age))
"""

LOG = logging.getLogger("config")

Session = TypeVar("Session")
Reaching = Callable[[Callable[[], None]], contextlib.AbstractContextManager[None]]
Place = tuple[int, Any]  # a family of addresses, and one of these


def unreached(cancel: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
    """Where no request to stop can come."""
    return contextlib.nullcontext()


class Line:
    """The way to one server, as a connection string names it. Thread-safe.

    Sessions are opened by it, and within in_use(): for as long it is watched.
    """

    def __init__(self, connection: Connection):
        self._connection, self._lock = connection, threading.Lock()
        self._places: set[Place] = set()  # where sessions have found the server
        self._endings: dict[int, Callable[[], None]] = {}
        self._processes: dict[int, Waits] = {}  # of the server, one for each session
        self._doubted: set[int] = set()  # those of them that seemed lost at the last look
        self._left: dict[int, float] = {}  # those that were cut, and when
        self._users, self._is_over = 0, threading.Event()
        self._unanswered: float | None = None  # since when, by the monotonic clock
        self._given_up = self._lost_at = float("-inf")
        self._lost = ""

    def __str__(self) -> str:
        return str(self._connection)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._is_over = threading.Event()
                threading.Thread(target=self._watch, args=(self._is_over,), name="network", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._is_over.set()

    def connect(self, reaching: Reaching = unreached) -> Watched:
        """A session of psycopg, in autocommit. Errors: the driver's; psycopg.OperationalError, once it is given up."""
        conn = self.open(lambda: Watched.connect(self._connection.watched, autocommit=True), reaching)
        self._know(conn)
        with self.making_ready(conn.waits):
            self._end_left(conn)
        cursors.taking_any_name(conn)
        return conn

    def open(self, open_it: Callable[[], Session], reaching: Reaching = unreached) -> Session:
        """A session of any driver. reaching: how a request to stop gives the opening up. Errors: as connect."""
        if self._is_given_up:
            raise psycopg.OperationalError("no answer came a moment ago: timed out")
        opening = Asking(open_it)
        try:
            with reaching(opening.give_up):
                return opening.start().result(POOL_SECONDS if pooling.is_pooled(self._connection) else OPEN_SECONDS)
        except psycopg.errors.ConnectionTimeout:  # who asks next need not wait as long again
            self._given_up = time.monotonic()
            raise

    @contextlib.contextmanager
    def holding(self, process: int, waited: Waits) -> Iterator[None]:
        """Within the block a session has this process of the server."""
        with self._lock:
            self._processes[process] = waited
        try:
            yield
        finally:
            with self._lock:
                self._processes.pop(process, None)

    @contextlib.contextmanager
    def making_ready(self, waited: Waits) -> Iterator[None]:
        """Within the block a session is made ready, before its process is known. That takes no time, so where it does
        an answer was lost, or a pooler has no session."""
        is_ready = threading.Event()
        threading.Thread(target=self._guard, args=(waited, is_ready), name="ready", daemon=True).start()
        try:
            yield
        finally:
            is_ready.set()

    def _guard(self, waited: Waits, is_ready: threading.Event) -> None:
        """Cut the session that does not get ready."""
        if is_ready.wait(OPEN_SECONDS):
            return
        what = ONE_ANSWER
        if pooling.may_stand(self._connection):
            LOG.warning(HELD, self, OPEN_SECONDS, POOL_SECONDS)
            what = ONE_ANSWER if self._serves_others(waited, is_ready) else NO_SESSION
        if not is_ready.is_set():
            self._cut(what.format(self), lambda: self._shut_those(set(waited.sockets)))

    def _serves_others(self, waited: Waits, is_ready: threading.Event) -> bool:
        """Whether who comes later gets a session while this one goes on waiting, in the time that a pooler may take."""
        until = time.monotonic() + POOL_SECONDS - OPEN_SECONDS
        while time.monotonic() < until and not is_ready.is_set():
            since = waited.since
            with contextlib.suppress(psycopg.Error, OSError):
                Asking(lambda: self._ask([])).start().result(ASK_SECONDS)
                if not is_ready.wait(ASK_SECONDS) and waited.since == since != waits.NEVER:
                    return True
            is_ready.wait(ASK_SECONDS)
        return False

    def inodes(self) -> set[int]:
        """Of this process's sockets that lead to the server."""
        return {waits.inode(one.fileno()) for one in _sockets(self._places)}

    def know(self, reaching: Reaching = unreached) -> None:
        """Have a session of psycopg find the server, if none has: other drivers do not say where they found it."""
        if not self._places:
            self.connect(reaching).close()

    def cancel(self, cancel: Callable[[], None]) -> None:
        """Cancel what a session does, if the server is there; else cut the line."""
        if self._is_given_up or not self._is_there(STOP_SECONDS):
            self._given_up = time.monotonic()
            self.cut()
        else:
            cancel()

    @contextlib.contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """Within the block, end() is called when the line is cut: a program has sockets of its own."""
        with self._lock:
            self._endings[id(end)] = end
        try:
            yield
        finally:
            with self._lock:
                del self._endings[id(end)]

    def cut(self) -> int:
        """End all sessions, from this side alone; how many sockets there were."""
        with self._lock:
            for end in self._endings.values():
                end()
        for other in {self, *list(_LINES.values())}:
            other.lose(self._places)
        return sum(map(_shut, _sockets(self._places)))

    def lose(self, places: set[Place]) -> None:
        """What leads to one of these places has been cut; of this line too, if it is to another database there."""
        if self._places & places:
            self._leave(list(self._processes))

    def _leave(self, processes: Iterable[int]) -> None:
        """What a pooler has given to another client is not ours to end."""
        with self._lock:
            ours = [pid for pid in processes if pid in self._processes and not self._processes[pid].is_pooled]
        self._left |= dict.fromkeys(ours, time.monotonic())

    @property
    def is_known(self) -> bool:
        """Whether a session of this process has found the server."""
        return bool(self._places)

    @property
    def _is_given_up(self) -> bool:
        return time.monotonic() < self._given_up + REFUSED_SECONDS

    def _know(self, conn: psycopg.Connection) -> None:
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(conn.fileno())) as one:
            self._places.add(_place(one))

    def _end_left(self, conn: psycopg.Connection) -> None:
        """End what was cut and has not noticed. One that was asked anything since is another's by now: numbers come
        again, and a pooler gives its sessions to the next."""
        left, self._left = self._left, {}
        if left:
            ages = [time.monotonic() - cut_at for cut_at in left.values()]
            with contextlib.suppress(psycopg.Error):
                conn.execute(LEFT, [list(left), ages])

    def _watch(self, is_over: threading.Event) -> None:
        while not is_over.wait(ASK_SECONDS):
            try:
                self._look()
            except Exception as error:  # no file, or no thread, is left; the next look may have one
                LOG.warning("whether %s answers could not be asked: %s", self, type(error).__name__)

    def _look(self) -> None:
        began = time.monotonic()
        is_heard, long = self._heard()
        if not is_heard or long:
            waiting = self._answer(long, ASK_SECONDS) if self._is_there(ASK_SECONDS) else None
            self._cut_doubted(long, waiting or set())
            is_heard = is_heard or waiting is not None
        if is_heard:
            self._unanswered = None
        elif self._unanswered is None:
            self._unanswered = began
        elif time.monotonic() - self._unanswered > self._patience:
            self._unanswered = None
            self._cut(NOTHING.format(self), self.cut)

    @property
    def _patience(self) -> float:
        """How long nobody need be answered: a pooler all of whose sessions work has none for who comes anew."""
        return POOL_SECONDS if pooling.may_stand(self._connection) else LOST_SECONDS

    def _heard(self) -> tuple[bool, dict[int, set[int]]]:
        """Whether anything was heard of late; the processes for which somebody has long waited, with their sockets."""
        with self._lock:
            held = dict(self._processes)
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(_copy(one.fileno())) for one in _sockets(self._places)]
            silences = [waits.silence(one) for one in sockets]
            is_heard = not silences or min(silences) < ASK_SECONDS
            return is_heard, waits.long_waited_for(held, sockets, LOST_SECONDS - ASK_SECONDS)

    def _cut_doubted(self, long: dict[int, set[int]], waiting: set[int]) -> None:
        """Cut what seems lost now and did so at the last look. waiting: the server's processes that wait for us."""
        now = long.keys() & waiting
        lost, self._doubted = self._doubted & now, now
        if lost:
            self._leave(lost)
            numbers = set().union(*(long[process] for process in lost))
            self._cut(ONE_ANSWER.format(self), lambda: self._shut_those(numbers))

    def _shut_those(self, inodes: set[int]) -> int:
        return sum(_shut(one) for one in _sockets(self._places) if waits.inode(one.fileno()) in inodes)

    def _cut(self, what: str, cut: Callable[[], int]) -> None:
        """what: the reason, which whoever is cut off tells."""
        self._lost, self._lost_at = what, time.monotonic()
        LOG.warning("%s; connections ended: %d", what, cut())

    @property
    def told(self) -> str:
        """What was lost of late, for errors; '' if nothing was."""
        return self._lost if time.monotonic() - self._lost_at < TOLD_SECONDS else ""

    def _is_there(self, seconds: float) -> bool:
        """Whether anybody answers there, or nobody has found it yet."""
        return not self._places or any(_answers(place, seconds) for place in list(self._places))

    def _answer(self, long: Iterable[int], seconds: float) -> set[int] | None:
        """Those of these processes that wait for us, as a newcomer is told; none where it is turned away, for a server
        is there. None if it is not answered in time: a pooler may be there, and the server not."""
        asking = Asking(lambda: self._ask(list(long))).start()
        if not asking.ends_within(seconds):
            return None
        with contextlib.suppress(psycopg.Error, OSError):
            return asking.result(seconds)
        return set()

    def _ask(self, processes: list[int]) -> set[int]:
        with psycopg.connect(self._connection.watched, autocommit=True) as conn:
            return {process for (process,) in conn.execute(waits.WAIT_FOR_US, [processes])}


_LINES: dict[str, Line] = {}


def line(connection: Connection) -> Line:
    """The line of all sessions of this process to that place."""
    return _LINES.setdefault(connection.conninfo, Line(connection))


def why(connection: Connection | None = None) -> str:
    """What the error of a lost connection should say of the network; '' if nothing is known of it.

    connection: where it led, if that is known.
    """
    lines = [line(connection)] if connection else list(_LINES.values())
    return " and ".join(dict.fromkeys(one.told for one in lines if one.told))


def _sockets(places: set[Place]) -> Iterator[socket.socket]:
    """Copies of this process's sockets that lead to one of the places."""
    for number in map(int, os.listdir(SOCKETS) if SOCKETS else ()):  # noqa: PTH208  # names are wanted, not paths
        with contextlib.suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            one = _copy(number)  # so that it stays this one while it is looked at
            if _leads_to(one, places):
                yield one
            one.close()


def _copy(number: int) -> socket.socket:
    """Without socket.dup(), which would have libpq's own socket wait from then on: copies share that."""
    return socket.socket(fileno=os.dup(number))


def _leads_to(one: socket.socket, places: set[Place]) -> bool:
    with contextlib.suppress(OSError):
        return _place(one) in places
    return False


def _shut(one: socket.socket) -> bool:
    """Whether it was open until now."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
        return True
    return False


def _place(one: socket.socket) -> Place:
    return one.family, one.getpeername()


def _answers(place: Place, seconds: float) -> bool:
    """Whether anybody answers there, and be it by hanging up."""
    family, address = place
    try:
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.settimeout(seconds)
            one.connect(address)
            one.sendall(QUESTION)
            one.recv(1)
    except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
        return True
    except OSError:  # no answer in time, or no way there
        return False
    return True
