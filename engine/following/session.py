"""One process at work on a build that follows its source: the lease, the run under way, and its rounds.

Laws
- The lease is held from the first round to the last: nobody drops the build meanwhile, and nobody else writes to it.
- Each round has a snapshot and a plan of its own. The plan has to be the run's, or the build begins anew.
- The sessions of a round serve the next one, too, while writers may be waiting: to open one takes as long as a small
  table does. Whoever lets time pass between two rounds closes them (rest).
- What a plan asks of rows is not asked again of tables that nobody has written to since the round before. Which these
  are is scanned while the plan is made.
- Whatever ends the session, the build shows the last round that was committed.
"""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psycopg

from config.errors import ConfigError, PlanRefused, TargetError
from config.settings import Settings
from engine.books import bookkeeping, profiles
from engine.books import lease as leases
from engine.books.bookkeeping import Run
from engine.books.lease import Lease
from engine.changes.feed import Changes
from engine.chunks.pauses import Pauses
from engine.chunks.work import Work
from engine.following.hanging import Hanging, Known
from engine.following.round import Anew, Round, Told, compared, mark_of, read_of
from engine.planning import probe
from engine.planning.plan import Plan
from engine.session import connect, snapshot
from engine.session.blame import blame
from engine.session.execution import Clock, Threads, Watch, Workers
from engine.session.pool import Pool
from engine.session.snapshot import Snapshot
from engine.session.stop import STOP
from engine.start import begin, preflight

MADE = "renames"  # the last step of a build


@dataclass
class Following:
    """A build in our hands. settings: as the run began with them; conn: on the target. known: what of groups hangs
    together; None: groups are derived whole. sessions: of the last round, for the next."""

    settings: Settings
    run: Run
    conn: psycopg.Connection
    lease: Lease
    workers: Workers
    clock: Clock
    touched: dict[str, set[str] | None] = field(default_factory=dict)
    before: tuple[Plan, probe.Again] | None = None
    known: Known | None = None
    sessions: Pool | None = None

    def rest(self) -> None:
        """Close the sessions of the last round."""
        if self.sessions:
            self.sessions.close()
        self.sessions = None

    @contextlib.contextmanager
    def _sessions(self, held: Snapshot) -> Iterator[Pool]:
        """Sessions for a round; those of one that fails are closed."""
        pool = self.sessions or Pool(self.settings, held, STOP, self.lease)
        self.sessions = None
        with contextlib.ExitStack() as stack:
            stack.callback(pool.close)
            pool.see(held)
            yield pool
            pool.leave()
            stack.pop_all()
        self.sessions = pool

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A snapshot of the source, for as long as the block runs."""
        with snapshot.hold(self.settings.source, STOP) as held:
            yield held

    def round(self, held: Snapshot) -> tuple[Work, Told]:
        """One round over this snapshot. Errors: those of a round, PlanRefused; Anew, if the plan is not the run's."""
        began, parts, run = time.monotonic(), dict[str, float](), self.run
        before, self.before = self.before, None
        with self._sessions(held) as sessions:
            looks = probe.Again(probe.Source(held.holder, self.settings.source_schema))
            if before:
                plan, looks, changes = self._planned_again(held, sessions, *before)
                parts["scan"] = round(time.monotonic() - began, 3)
            else:
                plan, changes = self.planned(held, lambda: looks), None
            work = Work(run.run_id, run.started_at, plan, self.settings, held, STOP, sessions)
            with connect.unflushed(self.conn):
                pauses = Pauses(work, self.clock.message)
                pauses.wait()
                own = (work, self.conn, self.workers, self.clock, pauses, changes)
                hanging = Hanging(work, self.known) if self.known else None
                told = Round(*own, hanging, began, parts).run()
        self.before = plan, looks
        for table, keys in told.touched.items():
            known = self.touched.get(table, set())
            self.touched[table] = None if keys is None or known is None else known | set(keys)
        return work, told

    def planned(self, held: Snapshot, looks: Callable[[], probe.Probe] | None = None) -> Plan:
        """The plan in a snapshot. Errors: Anew, where it is not the run's; PlanRefused."""
        settings, run = self.settings, self.run
        plan = preflight.planned(settings, held, run.created_at.isoformat(), self.conn.info.server_version, looks)
        if plan.faults:
            raise PlanRefused([str(fault) for fault in plan.faults])
        if begin.fingerprint(plan, settings) != run.plan_hash:
            raise Anew(
                "the mapping, the source's schema, the profile or the program is not what it was, or "
                "ids that are texts have another form: a first one that is no UUID, or most that are none"
            )
        return plan

    def _planned_again(
        self, held: Snapshot, sessions: Pool, before: Plan, looked: probe.Again
    ) -> tuple[Plan, probe.Again, Changes]:
        """The plan, while another session scans. Of tables that nobody has written to it knows what rows are like."""
        self.clock.stage("scan")
        source, schema = probe.Source(held.holder, self.settings.source_schema), self.settings.source_schema
        since = mark_of(self.conn, held.holder, self.run.run_id, schema)

        def scan() -> Changes:
            with sessions.lend("source") as session:
                return compared(session, schema, read_of(before), since, STOP)

        with ThreadPoolExecutor(1) as beside:
            scanned = beside.submit(scan)

            @functools.cache
            def looks() -> probe.Again:
                if scanned.exception():  # what the plan is refused for is told first
                    return probe.Again(source)
                written = {found.name for found in scanned.result().changed}
                return probe.Again(source, looked, looked.answers.keys() - written)

            return self.planned(held, looks), looks(), scanned.result()


@contextlib.contextmanager
def following(
    settings: Settings,
    run_id: str,
    workers: Workers | None,
    watch: Watch,
    *,
    is_rehearsal: bool = False,
    known: Known | None = None,
) -> Iterator[Following]:
    """Take up a finished build. Afterwards its run is `built`, unless an error says otherwise.

    is_rehearsal: the build is a dry-run's, and is not to be published. known: see Following.
    Errors: ConfigError where there is no such build; TargetBusy, SourceError, TargetError.
    """
    clock = Clock(watch)
    held = leases.hold(settings.target)
    with held as lease, lease.session(STOP) as conn, blame(TargetError, "following the source", STOP):
        bookkeeping.ensure(conn)
        run = require(conn, run_id, is_rehearsal=is_rehearsal)
        begin.drop_deltas(conn, run.target_schema)
        settings = profiles.as_begun(settings, run)
        run = bookkeeping.resume_run(conn, run_id, settings.profile)
        taken = Following(settings, run, conn, lease, workers or Threads(settings.workers), clock, known=known)
        try:
            yield taken
        finally:
            taken.rest()
            clock.finish()
            with contextlib.suppress(psycopg.Error):
                if bookkeeping.run(conn, run_id).state == "running":
                    bookkeeping.set_state(conn, run_id, "built")


def require(conn: psycopg.Connection, run_id: str, *, is_rehearsal: bool = False) -> Run:
    """The run, whose build is made. Errors: ConfigError."""
    run = bookkeeping.run(conn, run_id)
    if run.dry_run and not is_rehearsal:
        raise ConfigError(f"run {run_id} is a dry-run; a build that follows its source is to be published")
    if not is_made(conn, run):
        raise ConfigError(
            f"run {run_id} has no finished build that could follow its source; `nxtgauge-migrate sync` makes one"
        )
    return run


def is_made(conn: psycopg.Connection, run: Run) -> bool:
    """Whether the run's build is there, and finished."""
    return bookkeeping.find_build(conn, run.run_id) is not None and MADE in bookkeeping.done_steps(conn, run.run_id)
