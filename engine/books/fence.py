"""The fence around a database that one run at a time may change: every session that writes for a run stands behind it.

Laws
- A session that writes holds the fence, a shared advisory lock, for as long as it lives. A run begins once it had the
  fence for itself for a moment: until the last session of an earlier one has ended, whatever became of its lease.
- A session that a run opens later asks, once it holds the fence, whether the lease is the run's still. If it is, no
  other run can have begun, nor can one begin while this session lives.
- A lease is known by the server's process that holds it and by a number that nobody else has: processes' numbers come
  again.
"""

import contextlib
import secrets
from dataclasses import dataclass

import psycopg

from config.errors import MigrateError
from engine.session import fetch
from engine.session.blame import blame

OFFSET = 2  # from the key of the lease to that of the fence; the next one is the books'
TOKENS = int.from_bytes(b"nxtr")  # first half of the keys by which leases are told apart
ORPHAN_CHECK = "2s"  # a server that works for a client that is gone stops; not every system can tell

HELD = """
    select count(*) = 2 from pg_locks l
    where l.locktype = 'advisory' and l.granted and l.pid = %(pid)s
      and l.database = (select oid from pg_database where datname = current_database())
      and (l.classid::bigint, l.objid::bigint, l.objsubid) in (
          (%(lock)s::bigint >> 32, %(lock)s::bigint & 4294967295, 1), (%(tokens)s, %(token)s, 2))
"""


def key_of(lock: int) -> int:
    """Key of the fence that goes with the lease of this key."""
    return lock + OFFSET


@dataclass(frozen=True)
class Fence:
    """What a session needs to write for the holder of a lease; small, picklable, without secrets.

    lock: key of the lease; pid, token: of the session that holds it. place: as errors call the database.
    """

    lock: int
    pid: int
    token: int
    place: str
    error: type[MigrateError]

    def enter(self, session: psycopg.Connection) -> None:
        """From now on the session may write. Errors: that of the place, if the lease is no longer ours."""
        with blame(self.error, f"beginning to write to {self.place}"):
            with contextlib.suppress(psycopg.errors.InvalidParameterValue):
                session.execute(f"set client_connection_check_interval = '{ORPHAN_CHECK}'")
            session.execute("select pg_advisory_lock_shared(%s)", [key_of(self.lock)])
            if not self.is_held(session):
                raise self.lost()

    def is_held(self, session: psycopg.Connection) -> bool:
        """Whether the lease is ours, by a session that has nothing to do with it."""
        given = {"pid": self.pid, "lock": self.lock, "tokens": TOKENS, "token": self.token}
        return fetch.value(bool, session, HELD, given)

    def lost(self) -> MigrateError:
        """The error to raise; the run goes on by itself, in another attempt, if it can have the lease again."""
        return self.error(f"the session that held the lease of {self.place} has ended, and the lease with it")

    def check(self) -> None:
        """Nothing: in another process than the holder's each session asks as it is opened."""

    def elsewhere(self) -> "Fence":
        return self


def made(holder: psycopg.Connection, lock: int, place: str, error: type[MigrateError]) -> Fence:
    """The fence of the lease that this session has just taken."""
    token = secrets.randbelow(2**31)
    query = "select pg_backend_pid(), pg_advisory_lock(%s, %s)"
    pid = fetch.value(int, holder, query, [TOKENS, token])
    return Fence(lock, pid, token, place, error)


def is_clear(holder: psycopg.Connection, lock: int, seconds: int) -> bool:
    """Whether no session stands behind the fence; waits so long for the last of them to end."""
    try:
        with holder.transaction():
            holder.execute(f"set local lock_timeout = '{seconds}s'")
            holder.execute("select pg_advisory_xact_lock(%s)", [key_of(lock)])
    except psycopg.errors.LockNotAvailable:
        return False
    return True
