"""A rehearsal of following and cutting over: a dry-run from the staging copy, to which a writer writes meanwhile.

Laws
- Nothing is written before the copy's books have proven that it is one (engine.staging.writer).
- What the profile tolerates is judged of the copy as it is, before the writer begins: what it makes up shows nothing of
  the source's rows. Where an earlier rehearsal has written to the copy, the certificate says so. All else is judged of
  what the writer has written, too.
- The cut-over is the real one, up to the publish's commit, which is a rollback; the fence is made, and taken back.
- A certificate is issued only if no write that was acknowledged is lost, and none came past the fence. It says what was
  rehearsed, and what was not.
- However it ends, the writer has ended, and the copy is open to writers.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from config.errors import ConfigError, Interrupted, MigrateError, TargetError, VerificationFailed
from config.settings import Settings
from engine import run as runs
from engine.books import bookkeeping, profiles
from engine.books import lease as leases
from engine.changes import rounds
from engine.chunks.work import Work
from engine.cutover.binding import Binding
from engine.cutover.cutover import Cutting, cutover
from engine.cutover.waiting import CutOver
from engine.following import session as sessions
from engine.following.round import Anew, Told
from engine.gates import certificate as certificates
from engine.gates import gates, judgement, summary
from engine.gates.gates import Auditor, Case, DeltaAuditor, Gate
from engine.gates.summary import Summary
from engine.planning.plan import Plan
from engine.publish import publish
from engine.rehearsal import copies, told
from engine.session import connect, log_context
from engine.session.blame import blame
from engine.session.execution import Silent, Watch, Workers
from engine.session.stop import STOP
from engine.staging.writer import Loss, Writer, Written, lost
from engine.start import begin
from engine.start.options import Options

WRITTEN_TO = "written to"  # the step, by which is known that the run's figures are of a copy that was written to
ROUNDS = 3  # before the cut-over, which makes more


def _nobody(_: object) -> None:
    """Hears and does nothing."""


@dataclass(frozen=True, kw_only=True)
class Rehearsing:
    """What a person may ask of a rehearsal, and the parties that the caller brings along.

    rate: transactions that the writer writes a second. budget: the most seconds that it waits. resume: go on with the
    latest rehearsal if it broke off. heard: hears of each round before the cut-over. auditor, delta_auditor, workers,
    watch, begun: see engine.cutover.
    """

    auditor: Auditor
    delta_auditor: DeltaAuditor
    rate: float = 100.0
    budget: float = 10.0
    resume: bool = False
    workers: Workers | None = None
    watch: Watch = field(default_factory=Silent)
    begun: Callable[[Work], None] = _nobody
    heard: Callable[[Told], None] = _nobody


def rehearse(settings: Settings, asked: Rehearsing) -> Summary:
    """Build, follow, and cut over but for the commit. The summary has the certificate.

    Errors: every kind of config.errors; VerificationFailed has the Summary so far as `summary`.
    """
    log_context.begin()
    settings = copies.in_place_of_the_source(settings)
    copies.name_again(settings)
    writer = Writer(settings, asked.rate, STOP)
    writer.proven()
    copies.open_again(settings)
    written_before = copies.written_at(settings)
    built = runs.migrate(
        settings,
        Options(
            dry_run=True,
            only_build=True,
            resume=asked.resume,
            workers=asked.workers,
            watch=asked.watch,
            begun=asked.begun,
        ),
    )
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "looking at the run", STOP):
        run = bookkeeping.run(conn, built.run_id)
    # one that is gone on with may have begun under another profile
    begun = profiles.as_begun(settings, run)
    lifted = {"default_tolerance": "unlimited", "tolerance": {}, "require_approval": False, "profile": run.profile}
    return _Rehearsal(begun, begun.model_copy(update=lifted), asked, built, writer, written_before).run()


@dataclass
class _Rehearsal:
    """One rehearsal whose build is made.

    settings: as its run began; tolerant: those by which what the writer makes up is judged. written_before: when an
    earlier rehearsal first wrote to the copy.
    """

    settings: Settings
    tolerant: Settings
    asked: Rehearsing
    built: Summary
    writer: Writer
    written_before: datetime | None
    plan: Plan = field(init=False)
    stated: dict[str, Any] = field(default_factory=dict)
    shut: list[Gate] = field(default_factory=list)
    verdict: dict[str, Any] | None = None
    fence: Binding | None = None
    timings: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.timings |= self.built.timings

    @property
    def run_id(self) -> str:
        return self.built.run_id

    def run(self) -> Summary:
        try:
            self._judge_as_it_is()
            with self.writer, self._timed("following"):
                self._follow()
                with self._timed("cut-over"):
                    made = self._cut()
            written = self.writer.stop()
            return self._ended(made, written)
        except Anew as why:
            error: BaseException = ConfigError(f"the build cannot follow the copy: {why}; rehearse once more")
            self._fail(error)
            raise error from None
        except BaseException as error:
            self._fail(error)
            raise

    def _judge_as_it_is(self) -> None:
        """The build before anybody writes: what a certificate states of it, and what its profile does not tolerate."""
        with self._followed(self.settings) as session, session.snapshot() as held:
            work, _ = session.round(held)
            judgement.judge(session.conn, work, None)
            self.plan = work.plan
            self.stated = certificates.stated(work.plan, self.settings)
            self.stated |= certificates.of_rows(session.conn, self.run_id)
            bookkeeping.mark_done(session.conn, self.run_id, WRITTEN_TO)
            self.shut = gates.shut_for_good(session.conn, self.run_id, _oid(session.conn, self.run_id))

    def _follow(self) -> None:
        """Rounds under the writer, one after the other."""
        with self._followed(self.tolerant) as session:
            session.clock.message(f"the writer writes to the copy, {self.asked.rate:g} transactions a second")
            for _ in range(ROUNDS):
                with session.snapshot() as held:
                    work, found = session.round(held)
                    judgement.judge(session.conn, work, None)
                self.asked.heard(found)

    def _cut(self) -> CutOver:
        asked = self.asked
        cutting = Cutting(
            run_id=self.run_id,
            budget=asked.budget,
            is_rehearsal=True,
            fenced=self._keep_fence,
            auditor=self._keep_verdict,
            delta_auditor=asked.delta_auditor,
            workers=asked.workers,
            watch=asked.watch,
        )
        try:
            return cutover(self.tolerant, cutting)
        finally:
            self.writer.stop()  # what it wrote to a copy that is open again would be in no round
            if self.fence is not None:
                copies.undo(self.settings, self.fence)

    def _keep_fence(self, made: Binding) -> None:
        self.fence = made

    def _keep_verdict(self, case: Case) -> dict[str, Any]:
        self.verdict = self.asked.auditor(case)
        return self.verdict

    def _ended(self, made: CutOver, written: Written) -> Summary:
        """Whether anything is lost; if not, the certificate. Errors: VerificationFailed."""
        build, archive = publish.names_of(self.plan.target_schema)
        held, judging = leases.hold(self.settings.target), blame(TargetError, "looking for lost writes", STOP)
        with held as lease, lease.session(STOP) as conn, judging:
            loss = lost(written, self.plan, conn, self.run_id, build.build, archive.build)
            self._refuse(conn, loss, made)
            self.stated["cutover"] = self._told(conn, made, written, loss)
            begin.drop_builds(conn, self.settings, self.run_id)
            with conn.transaction():
                bookkeeping.set_state(conn, self.run_id, "discarded")
                issued = certificates.issue(conn, self.run_id, self.stated)
            known = {"certificate": issued.brief("issued"), "issued": issued.to_dict()}
            return self._summary(conn, None, **known)

    def _refuse(self, conn: psycopg.Connection, loss: Loss, made: CutOver) -> None:
        """Errors: VerificationFailed, for what the profile does not tolerate, and for writes that are lost."""
        if found := [*self.shut, *told.gates_of(loss, made.late)]:
            gates.record(conn, self.run_id, _oid(conn, self.run_id), found)
            raise gates.refusal(self.run_id, found, is_waivable=False)

    def _told(self, conn: psycopg.Connection, made: CutOver, written: Written, loss: Loss) -> dict[str, Any]:
        asked = {
            "rate": self.asked.rate,
            "budget": self.asked.budget,
            "profile": self.settings.profile,
            "written_before": self.written_before.isoformat() if self.written_before else None,
        }
        followed = rounds.latest(conn, self.run_id, told.MOST_ROUNDS)
        fence = self.fence.how if self.fence else ""
        return asked | told.of(self.settings, conn, followed, made, written, loss, fence)

    def _summary(self, conn: psycopg.Connection, build_oid: int | None, **known: Any) -> Summary:
        return summary.of(
            conn,
            self.run_id,
            build_oid,
            missing_tables=list(self.plan.missing_tables),
            changed_tables=[],
            timings=self.timings,
            verdict=self.verdict,
            **known,
        )

    def _fail(self, error: BaseException) -> None:
        """The books say how it ended; the build stays until another run begins."""
        state = "interrupted" if isinstance(error, Interrupted | KeyboardInterrupt) else "failed"
        text = str(error) if isinstance(error, MigrateError) else type(error).__name__
        with contextlib.suppress(psycopg.Error, MigrateError), connect.target(self.settings.target) as conn:
            run = bookkeeping.run(conn, self.run_id)
            bookkeeping.end(conn, run, state, text)
            if isinstance(error, VerificationFailed):
                error.summary = self._summary(conn, _oid(conn, self.run_id))

    @contextlib.contextmanager
    def _followed(self, settings: Settings) -> Iterator[sessions.Following]:
        asked = self.asked
        with sessions.following(settings, self.run_id, asked.workers, asked.watch, is_rehearsal=True) as session:
            yield session

    @contextlib.contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.timings[name] = round(time.monotonic() - began, 3)


def _oid(conn: psycopg.Connection, run_id: str) -> int:
    return bookkeeping.build(conn, run_id).schema_oid
