"""The cut-over of a build that follows its source.

Laws
- The whole build is verified by a round's own snapshot before anybody waits. While writers wait, what has been derived
  anew since then is verified by content, and all else by counts and sums of keys.
- The last snapshot is taken once the lock is had, or silence proven: nothing that was acknowledged before is missing.
- Every failure before the target's commit leaves both sides as they were, and the writers go on. The build stays, and
  goes on following.
- Where source and target are one database, lock, publish and fence are one transaction. Where they are two, the fence
  commits right after the publish; if that fails, what was written to the source meanwhile is found by its marks.
- A rehearsal goes through all of it but the publish's commit: that is rolled back where it would commit. Its fence is
  made, and taken back by whoever rehearses.
- What is found on the source after the fence is told, never ignored. A cut-over that died between publish and fence is
  finished by the next: the fence is made, and what was written to the source meanwhile is told.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import psycopg

from config.errors import ConfigError, MigrateError, PlanRefused, SourceError, TargetError
from config.settings import Settings
from engine import sync
from engine.books import bookkeeping, cutovers
from engine.chunks.work import Work
from engine.cutover import afterwards, catching_up, fence, foreseen, silence
from engine.cutover.binding import Binding, How
from engine.cutover.waiting import CutOver, Pause, Waiting
from engine.following import session as sessions
from engine.following.round import Anew
from engine.following.session import Following
from engine.gates import approval, gates, judgement, rehearsed
from engine.gates.approval import Desk, NoDesk
from engine.gates.certificate import Certificate
from engine.gates.gates import Auditor, DeltaAuditor, DeltaCase
from engine.load import statistics
from engine.publish import publish
from engine.session import connect, log_context, servers
from engine.session.blame import blame
from engine.session.execution import Silent, Watch, Workers
from engine.session.patience import patiently
from engine.session.pool import Pool
from engine.session.stop import STOP
from engine.start import published

__all__ = ["CutOver", "Cutting", "Pause", "cutover"]

FENCES = ("lock", "operator")
RESERVE, MOMENT = 0.5, 0.05  # seconds of the budget that are left for the commits; the shortest wait for a lock


def _nobody(_: Work) -> None:
    """Hears of a run and does nothing."""


def _nothing() -> None:
    """Nobody has to stop anything."""


def _roll_back() -> None:
    """The end of a rehearsed publish, in its transaction."""
    raise psycopg.Rollback


def _unheard(_: Binding) -> None:
    """Hears of a fence and does nothing."""


@dataclass(frozen=True, kw_only=True)
class Cutting:
    """What a person may ask of a cut-over, and the parties that the caller brings along.

    run_id: whose build; without one the open build of this target. budget: the most seconds that writers wait. fence:
    `lock` keeps writers away by itself, `operator` proves that they are silent. stopped: comes back once the operator
    has stopped the writers. terminate_after: end sessions that have kept the lock away for so many seconds. approve:
    wait for a person before the cut-over. is_rehearsal: nothing is published; fenced: hears of the fence before it is
    there, to take it back. delta_auditor: judges what the last rounds have written. auditor, workers, watch, desk,
    begun: see engine.start.options.
    """

    run_id: str | None = None
    budget: float = 10.0
    fence: str = "lock"
    stopped: Callable[[], None] = _nothing
    terminate_after: float | None = None
    approve: bool = False
    is_rehearsal: bool = False
    fenced: Callable[[Binding], None] = _unheard
    auditor: Auditor | None = None
    delta_auditor: DeltaAuditor | None = None
    workers: Workers | None = None
    watch: Watch = field(default_factory=Silent)
    desk: Desk = field(default_factory=NoDesk)
    begun: Callable[[Work], None] = _nobody


def cutover(settings: Settings, cutting: Cutting) -> CutOver:
    """Keep writers away, apply and verify the last round, publish. Errors: every kind of config.errors."""
    log_context.begin()
    if cutting.fence not in FENCES:
        raise ConfigError(f"the fence is {cutting.fence}; wanted {' or '.join(FENCES)}")
    if cutting.auditor is None or cutting.delta_auditor is None:
        raise ConfigError("a cut-over without an auditor would publish what nobody has verified")
    if not cutting.is_rehearsal and (died := afterwards.unfinished(settings, cutting.run_id)) is not None:
        return _finish(settings, cutting, died)
    run_id, is_dry = foreseen.open_build(settings, cutting.run_id).run_id, cutting.is_rehearsal
    with sessions.following(settings, run_id, cutting.workers, cutting.watch, is_rehearsal=is_dry) as session:
        try:
            with blame(TargetError, "cutting over", STOP):
                return _CutOver(session, cutting, cutting.auditor, cutting.delta_auditor).run()
        except Anew as why:
            raise ConfigError(
                f"the build of run {run_id} cannot follow its source: {why}; `nxtgauge-migrate sync --run {run_id}` "
                "makes it anew"
            ) from None


@dataclass
class _CutOver:
    """One attempt."""

    session: Following
    cutting: Cutting
    auditor: Auditor
    delta_auditor: DeltaAuditor
    waiting: Waiting = field(default_factory=Waiting)
    undo: list[str] = field(default_factory=list)
    late: tuple[tuple[str, int], ...] = ()
    pause: Pause = field(init=False)
    held_to: Certificate | None = None

    @property
    def settings(self) -> Settings:
        return self.session.settings

    @property
    def conn(self) -> psycopg.Connection:
        return self.session.conn

    @property
    def run_id(self) -> str:
        return self.session.run.run_id

    def run(self) -> CutOver:
        is_one = self._is_one_database()
        how = _how(self.settings, by_target=is_one) if self.cutting.fence == "lock" else "revoke"
        self._verify_whole()
        self._wait_for_approval()
        self._round()  # what was written so far need not be prepared once more while writers wait
        publish.prepare(
            self.conn, self.run_id, self.settings.target_schema, allow_dependants=self.settings.allow_dependants
        )
        self.delta_auditor.prepare(self._case("", {}))
        self._catch_up()
        try:
            if self.cutting.fence == "lock":
                self._behind_a_lock(how, is_one)
            else:
                self._in_silence()
        except BaseException as error:
            self._record_failure(error)
            raise
        certificate = self.held_to.brief("in force") if self.held_to else None
        return CutOver(replace(sync.told(self.settings, self.run_id), certificate=certificate), self.pause, self.late)

    # before anybody waits

    def _is_one_database(self) -> bool:
        with connect.source(self.settings.source, STOP) as source, blame(SourceError, "looking at the source", STOP):
            return servers.info(source).is_same_database(servers.info(self.conn))

    def _verify_whole(self) -> None:
        with self.session.snapshot() as held:
            work, told = self.session.round(held)
            self.cutting.begun(work)
            self.session.clock.message(f"round {told.number}: {told.behind} rows behind, {told.seconds:.1f} s")
            self.session.touched.clear()
            if not self.cutting.is_rehearsal:
                tell = self.session.clock.message
                self.held_to = rehearsed.hold_to(self.conn, self.settings, work.plan, self.cutting.budget, tell)
            sync.verify(self.session, work, self.auditor)

    def _wait_for_approval(self) -> None:
        run, oid = self.session.run, self._oid()
        if not (self.cutting.approve or self.settings.require_approval or run.approval):
            return
        approval.require_others(self.conn, run.run_id, oid)
        if approval.is_given(self.conn, run.run_id, oid):
            return
        so_far = replace(sync.told(self.settings, run.run_id), state="awaiting")
        request = approval.Request(run.run_id, approval.until(self.settings.approval_seconds), so_far)
        self.session.clock.stage("approval")
        self.session.clock.message(f"run {run.run_id} awaits approval: nxtgauge-migrate approve {run.run_id}")
        approval.wait(self.conn, oid, request, self.cutting.desk, STOP)

    def _catch_up(self) -> None:
        """Errors: ConfigError, if the last round would take too much of the budget."""
        catching_up.catch_up(self._round, self.cutting.budget)

    def _round(self) -> float:
        """One while nobody waits; the seconds that it took."""
        with self.session.snapshot() as held:
            _, told = self.session.round(held)
        self.session.clock.message(f"round {told.number}: {told.behind} rows behind, {told.seconds:.1f} s")
        return told.seconds

    def _oid(self) -> int:
        return bookkeeping.build(self.conn, self.run_id).schema_oid

    def _case(self, snapshot: str, touched: dict[str, set[str] | None]) -> DeltaCase:
        names = publish.names_of(self.settings.target_schema)
        return DeltaCase(self.run_id, names[0].build, names[1].build, snapshot, STOP, touched=touched)

    # while writers wait

    def _behind_a_lock(self, how: How, is_one: bool) -> None:
        budget = self.cutting.budget
        with contextlib.ExitStack() as stack:
            given = stack.enter_context(self.session.lease.session(STOP)) if is_one else None
            if given is not None:
                given.execute("begin isolation level read committed")
            locked = fence.locked(
                self.settings, STOP, budget, terminate_after=self.cutting.terminate_after, session=given
            )
            self.session.clock.stage("cut-over")
            with locked as lock:
                self.waiting.locked(lock)
                with self._last_round() as work:
                    lock.check()
                    binding = lock.bind(how)
                    self.undo = binding.undo()
                    self.cutting.fenced(binding)
                    self._publish(given, lock)
                    with afterwards.said(self.run_id, lock, is_one or self.cutting.is_rehearsal):
                        lock.commit()
                    self.waiting.step("fence")
                    self.pause = self.waiting.pause()
                    self._refresh_statistics(work)
        if not is_one or self.cutting.is_rehearsal:
            schema = lock.binding.retired if lock.binding else ""
            self.late = afterwards.late_writes(self.settings, self.cutting.watch.message, self.run_id, schema)
            self._mark_fenced()

    def _in_silence(self) -> None:
        self.session.rest()  # a person may take a while
        self.cutting.stopped()
        self.waiting = Waiting()
        self.session.clock.stage("cut-over")
        names = [
            table
            for (table,) in self.conn.execute(
                "select legacy_table from migration.tables where run_id = %s", [self.run_id]
            ).fetchall()
        ]
        silence.prove(lambda: connect.source(self.settings.source, STOP), self.settings.source_schema, names, STOP)
        self.waiting.step("silence")
        with self._last_round() as work:
            self._publish(None, None)
            self.pause = self.waiting.pause()
            self._refresh_statistics(work)
        self.late = afterwards.late_writes(self.settings, self.cutting.watch.message, self.run_id)
        self._mark_fenced()

    @contextlib.contextmanager
    def _last_round(self) -> Iterator[Work]:
        """The round over the last snapshot, judged and verified; the block publishes it."""
        with self.session.snapshot() as held:
            self.waiting.step("snapshot")
            work, _ = self.session.round(held)
            self.waiting.step("round")
            judgement.judge(self.conn, work, None)
            verdict = self.delta_auditor(self._case(held.name, self.session.touched))
            judgement.record_delta(self.conn, work, verdict)
            if shut := gates.closed(self.conn, self.run_id, self._oid()):
                raise gates.refusal(self.run_id, shut, follows=True)
            self.waiting.step("verification")
            yield work

    def _publish(self, locked: psycopg.Connection | None, lock: fence.Locked | None) -> None:
        """Publish the build. locked: the session of the lock, where source and target are one database; its commit is
        the publish's, too. lock: has to be held up to the commit, for whoever it let go writes to the source."""
        conn = locked or self.conn
        left = max(MOMENT, self.cutting.budget - (time.monotonic() - self.waiting.started) - RESERVE)
        allowed = self.settings.allow_dependants
        detail = f"to give the writers back what they had: {'; '.join(self.undo)}" if self.undo else ""
        try:
            with blame(TargetError, "publishing", STOP), conn.transaction():
                publish.publish(
                    conn, self.run_id, self.settings.target_schema, allow_dependants=allowed, lock_seconds=left
                )
                self.waiting.step("publish")
                cutovers.add(conn, self.run_id, self._attempt(cutovers.PUBLISHED, detail))
                if locked is not None:
                    bookkeeping.mark_done(conn, self.run_id, afterwards.FENCED)
                if lock is not None:
                    lock.check(RESERVE)
                STOP.check()  # for the last time: what is published is brought to its end
                if self.cutting.is_rehearsal:
                    _roll_back()
            if self.cutting.is_rehearsal:
                cutovers.add(self.conn, self.run_id, self._attempt(cutovers.REHEARSED, detail))
        except TargetError:
            if locked is not None or not conn.closed or not patiently(self._has_published, None):
                raise

    def _has_published(self, _: None) -> bool:
        """Whether the commit of which the answer was lost has gone through. Errors: TargetError, if nobody can say."""
        with connect.target(self.settings.target) as conn:
            return bookkeeping.run(conn, self.run_id).state == "published"

    def _mark_fenced(self) -> None:
        with connect.target(self.settings.target) as conn, conn.transaction():
            cutovers.found_late(conn, self.run_id, self.late)
            bookkeeping.mark_done(conn, self.run_id, afterwards.FENCED)

    def _attempt(self, outcome: str, detail: str) -> cutovers.NewAttempt:
        pause = self.waiting.pause()
        return cutovers.NewAttempt(
            began=pause.began,
            seconds=pause.seconds,
            steps=pause.steps,
            tries=pause.tries,
            outcome=outcome,
            detail=detail,
        )

    def _record_failure(self, error: BaseException) -> None:
        """Why it came to nothing; of one that was published, nothing more."""
        detail = str(error) if isinstance(error, MigrateError) else type(error).__name__
        with contextlib.suppress(psycopg.Error, MigrateError), connect.target(self.settings.target) as conn:
            if bookkeeping.run(conn, self.run_id).state != "published":
                cutovers.add(conn, self.run_id, self._attempt("failed", detail))

    # once it is published

    def _refresh_statistics(self, work: Work) -> None:
        """What is live gets statistics of its own. The run has ended: what goes wrong here is said, no more."""
        if self.cutting.is_rehearsal:
            return
        schemas = (self.settings.target_schema, publish.ARCHIVE)
        self.session.rest()
        self.session.clock.stage("statistics")
        try:
            with contextlib.closing(Pool(self.settings, work.snapshot, STOP, self.session.lease)) as pool:
                again = replace(work, sessions=pool)
                statistics.analyze(again, self.conn, self.session.workers, schemas)
        except (MigrateError, psycopg.Error) as error:
            self.session.clock.message(f"published with coarse statistics ({error}); run ANALYZE in the target")
        with contextlib.suppress(psycopg.Error):
            bookkeeping.mark_done(self.conn, self.run_id, published.DONE)


def _finish(settings: Settings, cutting: Cutting, run_id: str) -> CutOver:
    """Make the fence of a cut-over that died after its publish, and tell what was written to the source since."""
    cutting.watch.message(f"run {run_id} is published, and its fence was not made: it is made now")
    waiting, schema = Waiting(), afterwards.retired(settings)
    if cutting.fence == "lock" and not schema:
        how = _how(settings)
        with fence.locked(settings, STOP, cutting.budget, terminate_after=cutting.terminate_after) as lock:
            waiting.locked(lock)
            schema = lock.bind(how).retired
            lock.commit()
            waiting.step("fence")
    late = afterwards.late_writes(settings, cutting.watch.message, run_id, schema)
    recording = blame(TargetError, "recording the fence", STOP)
    with connect.target(settings.target) as conn, recording, conn.transaction():
        cutovers.found_late(conn, run_id, late)
        bookkeeping.mark_done(conn, run_id, afterwards.FENCED)
    return CutOver(sync.told(settings, run_id), waiting.pause(), late)


def _how(settings: Settings, *, by_target: bool = False) -> How:
    """How writers are kept away for good: by taking what they were granted, else by another name of the schema.

    Errors: PlanRefused, with all that stands in the way.
    """
    refused = fence.faults(settings, "revoke", by_target=by_target)
    if refused and not fence.faults(settings, "rename", by_target=by_target):
        return "rename"
    if refused:
        raise PlanRefused(refused)
    return "revoke"
