"""What a contender costs: wall time, CPU of client and of server, WAL, memory and statements.

Laws
- The client is every process that the contender starts; this one, which waits for it, is none of them.
- The server is the postmaster and every process that it has started, those that have ended too: the kernel adds a
  process's CPU to its parent's account as it is reaped, so none is lost and none counts twice.
- What a contender leaves to sessions that are still ending is waited for, after the clock has stopped.
"""

import contextlib
import os
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring.server import Server

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MEMORY_SECONDS = 0.05
OWN = Path("/proc/self/cmdline").read_bytes()
WAL = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
OTHERS = "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
STATEMENTS = """
    select coalesce(sum(calls), 0)::bigint from pg_stat_statements
    where query not like '%pg_current_wal_insert_lsn%'  -- a meter's own
"""
PATIENCE_SECONDS = 10


@dataclass
class Measures:
    """What one run of a contender took. statements: None where they were not counted."""

    wall_seconds: float = 0
    client_cpu_seconds: float = 0
    server_cpu_seconds: float = 0
    wal_bytes: int = 0
    peak_bytes: int = 0
    statements: int | None = None


@contextlib.contextmanager
def measured(server: Server, is_counting: bool = False) -> Iterator[Measures]:
    """Measures of the block, there when it has ended."""
    found = Measures()
    server.rows("checkpoint")
    wal, client, cpu = wal_bytes(server), client_cpu_seconds(), server_cpu_seconds(server.pid)
    with _counting(server, found) if is_counting else contextlib.nullcontext(), _memory() as peak:
        started = time.monotonic()
        yield found
        found.wall_seconds = time.monotonic() - started
    _wait_for_sessions(server)
    found.server_cpu_seconds = server_cpu_seconds(server.pid) - cpu
    found.client_cpu_seconds = client_cpu_seconds() - client
    found.wal_bytes = wal_bytes(server) - wal
    found.peak_bytes = peak.bytes


@contextlib.contextmanager
def _counting(server: Server, found: Measures) -> Iterator[None]:
    """Count the statements of the block."""
    server.count_statements(True)
    try:
        server.rows("select pg_stat_statements_reset()")
        yield
        ((found.statements,),) = server.rows(STATEMENTS)
    finally:
        server.count_statements(False)


def wal_bytes(server: Server) -> int:
    """How much WAL there has been so far."""
    ((found,),) = server.rows(WAL)
    return int(found)


def client_cpu_seconds() -> float:
    """CPU of all processes that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def server_cpu_seconds(postmaster: int) -> float:
    """CPU of the postmaster and all that it has started, alive or ended. Read until nothing ended meanwhile."""
    while True:
        own = _ticks(postmaster)
        living = [_ticks(pid) for pid in _children(postmaster)]
        if None not in living and own is not None and own[1] == (_ticks(postmaster) or own)[1]:
            return (sum(own) + sum(sum(pair) for pair in living if pair)) / TICKS


def _ticks(pid: int) -> tuple[int, int] | None:
    """(ticks of the process itself, ticks of its children that were reaped); None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    user, system, children_user, children_system = map(int, fields[11:15])
    return user + system, children_user + children_system


def _children(pid: int) -> list[int]:
    """Processes that a thread of this one has started and that were not reaped."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, path.read_text().split())
    return found


def _wait_for_sessions(server: Server) -> None:
    """Until the contender's sessions have ended."""
    until = time.monotonic() + PATIENCE_SECONDS
    while server.rows(OTHERS) != [(0,)] and time.monotonic() < until:
        time.sleep(0.02)


@dataclass
class _Peak:
    bytes: int = 0


@contextlib.contextmanager
def _memory() -> Iterator[_Peak]:
    """The most memory that the client's processes held together. Pages that several share count for each."""
    peak, ended = _Peak(), threading.Event()

    def watch() -> None:
        while not ended.wait(MEMORY_SECONDS):
            peak.bytes = max(peak.bytes, *_resident_bytes(os.getpid()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def _resident_bytes(pid: int) -> tuple[int, int]:
    """(what all descendants hold now, the most that any one of them ever held)."""
    now = most = 0
    for child in _children(pid):
        held, peak = _status(child)
        below, peak_below = _resident_bytes(child)
        now, most = now + held + below, max(most, peak, peak_below)
    return now, most


def _status(pid: int) -> tuple[int, int]:
    """Resident bytes of a process, and the most that they have been; zero if it is gone, or is still this program,
    whose memory a new process shares until it has begun another."""
    try:
        if Path(f"/proc/{pid}/cmdline").read_bytes() == OWN:
            return 0, 0
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {name: int(value.split()[0]) * 1024 for name, _, value in (line.partition(":") for line in lines)
             if name in ("VmRSS", "VmHWM")}  # fmt: skip
    return sizes.get("VmRSS", 0), sizes.get("VmHWM", 0)
