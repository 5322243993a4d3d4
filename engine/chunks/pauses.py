"""When a run holds still: a person has asked for it, or a server is under strain.

Laws
- Between chunks and between steps, before the verification and before the publish: what is under way ends first, and
  what waits holds the snapshot, and no lock.
- However many chunks begin, the looks are seconds apart; before the verification and the publish there is always one.
- A look takes sessions of its own: a session of the run's snapshot would see the same strain for ever.
- A run that holds still says why, and when it goes on; a request to stop ends the wait.
- A bound that cannot be looked at is refused before the run begins.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from config.errors import ConfigError, SourceError, TargetError
from config.settings import Settings
from engine.books import pausing
from engine.chunks.work import Work
from engine.session import connect, fetch
from engine.session.blame import blame
from engine.session.patience import pause

LOOK_SECONDS = 2.0  # between two looks
SAY_SECONDS = 60.0  # between two lines about one reason
HEALTH_SECONDS = 10  # in which the operator's query has to answer

READS_ALL = "select pg_has_role(current_user, 'pg_read_all_stats', 'usage')"
ACTIVE = """
    select count(*) from pg_stat_activity
    where datname = current_database() and state = 'active' and backend_type = 'client backend'
      and application_name <> current_setting('application_name')
"""
# Bytes, not seconds: what a standby has yet to replay is told in time only once it has replayed it.
LAG = """
    select case when pg_is_in_recovery()
                then coalesce(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0)
                else coalesce((select max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))
                               from pg_stat_replication), 0) end::float8 / 1000000
"""


@dataclass(frozen=True)
class Reason:
    """Why a run holds still. kind: stays the same while the figure in the text changes."""

    kind: str
    text: str


class Pauses:
    """The pauses of one attempt, made as soon as it has its snapshot. say: tells people a line.

    Thread-safe: who comes while another waits waits with it.
    """

    def __init__(self, work: Work, say: Callable[[str], None]):
        self._work, self._say = work, say
        self._lock, self._next = threading.Lock(), 0.0
        self._told, self._told_at = "", 0.0
        self._began, self._is_age_told = time.monotonic(), False
        self.has_held = False  # whether the run has held still

    def wait_if_due(self) -> None:
        """As `wait`, unless the last look was a moment ago."""
        if time.monotonic() >= self._next:
            self.wait()

    def wait(self) -> None:
        """Hold still for as long as there is a reason to. Errors: Interrupted, SourceError, TargetError."""
        with self._lock:
            self._tell_age()
            while reason := self._reason():
                self._tell(reason)
                pause(LOOK_SECONDS, self._work.stop)
                self._tell_age()
            if self._told:
                self._say("goes on")
                self._told = ""
            self._next = time.monotonic() + LOOK_SECONDS

    def _tell(self, reason: Reason) -> None:
        now = time.monotonic()
        if reason.kind != self._told or now - self._told_at > SAY_SECONDS:
            self._say(f"holds still: {reason.text}")
            self.has_held = True
            self._told, self._told_at = reason.kind, now

    def _tell_age(self) -> None:
        """Say once that the snapshot has become old."""
        limit, age = self._work.settings.oldest_snapshot_seconds, time.monotonic() - self._began
        if limit and age > limit and not self._is_age_told:
            self._is_age_told = True
            self._say(
                f"the run's snapshot on the source is {age:.0f} s old, more than oldest_snapshot_seconds ({limit}): "
                "until the run has verified, VACUUM there keeps every row that has been changed or deleted since"
            )

    def _reason(self) -> Reason | None:
        return next(self._reasons(), None)

    def _reasons(self) -> Iterator[Reason]:
        work, settings = self._work, self._work.settings
        with work.sessions.lend("target") as target, blame(TargetError, "looking whether to hold still", work.stop):
            if asked := pausing.under_way(target, work.run_id):
                yield Reason(
                    "asked",
                    f"paused by {asked.asked_by} since {asked.asked_at:%Y-%m-%d %H:%M:%S %Z}; "
                    f"`nxtgauge-migrate continue {work.run_id}` goes on",
                )
            yield from _lagging(target, settings, "target")
        if settings.max_active_sessions or settings.max_lag_megabytes or settings.health_query:
            what = "looking at the source's strain"
            with connect.source(settings.source, work.stop) as source, blame(SourceError, what, work.stop):
                yield from _lagging(source, settings, "source")
                yield from _crowded(source, settings)
                yield from _unhealthy(source, settings)


def _lagging(conn: psycopg.Connection, settings: Settings, side: str) -> Iterator[Reason]:
    if (most := settings.max_lag_megabytes) and (lag := fetch.value(float, conn, LAG)) > most:
        yield Reason(
            f"lag of the {side}",
            f"a standby is {lag:.0f} MB behind on the {side}, more than max_lag_megabytes ({most:g})",
        )


def _crowded(conn: psycopg.Connection, settings: Settings) -> Iterator[Reason]:
    if (most := settings.max_active_sessions) and (count := fetch.value(int, conn, ACTIVE)) > most:
        yield Reason("sessions", f"{count} sessions are active on the source, more than max_active_sessions ({most})")


def _unhealthy(conn: psycopg.Connection, settings: Settings) -> Iterator[Reason]:
    """Whatever keeps the operator's query from saying yes is a no: what it reads may be locked, or overwhelmed."""
    if not settings.health_query:
        return
    try:
        answer = _health(conn, settings.health_query)
    except psycopg.OperationalError as error:
        if conn.closed:
            raise
        answer = f"failed ({error.sqlstate})"
    if answer is not True:
        told = "did not say true" if answer in (False, None) else str(answer)
        yield Reason("health", f"health_query {told}")


def _health(conn: psycopg.Connection, query: str) -> Any:
    """What the query answers: the only value of its only row. Errors: psycopg.Error; ConfigError if it gives another
    shape."""
    conn.execute(f"set statement_timeout = '{HEALTH_SECONDS}s'")
    rows = conn.execute(query.encode()).fetchall()
    if len(rows) != 1 or len(rows[0]) != 1 or not isinstance(rows[0][0], bool | None):
        raise ConfigError("health_query gives something else; wanted one row of one boolean, true to go on")
    return rows[0][0]


def faults(settings: Settings, target: psycopg.Connection) -> list[str]:
    """Why the profile's bounds could not be looked at, one sentence each. Errors: SourceError, TargetError."""
    found = []
    if settings.max_lag_megabytes:
        with blame(TargetError, "looking at the target's privileges"):
            found += _blind(target, "target", "max_lag_megabytes")
    names = [name for name in ("max_active_sessions", "max_lag_megabytes") if getattr(settings, name)]
    if names or settings.health_query:
        with connect.source(settings.source) as source, blame(SourceError, "looking at the source's privileges"):
            if names:
                found += _blind(source, "source", " and ".join(names))
            found += _no_health(source, settings)
    return found


def _blind(conn: psycopg.Connection, side: str, names: str) -> list[str]:
    if fetch.value(bool, conn, READS_ALL):
        return []
    role = fetch.value(str, conn, "select quote_ident(current_user)")
    return [
        f"{names} asks for what other sessions do, and role {role} may not see that on the {side}; "
        f"grant pg_read_all_stats to {role}, or leave it out of the profile"
    ]


def _no_health(conn: psycopg.Connection, settings: Settings) -> list[str]:
    if not settings.health_query:
        return []
    try:
        _health(conn, settings.health_query)
    except ConfigError as error:
        return [str(error)]
    except psycopg.OperationalError:  # a time-out: the source is not healthy now, and may be later
        return []
    except psycopg.Error as error:
        kind = type(error).__name__
        return [f"health_query fails on the source: {kind} ({error.sqlstate}); wanted one row of one boolean"]
    return []
