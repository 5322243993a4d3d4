"""The stages of a run, in order: plan, build, judge, verify, approval, publish.

Laws
- One lease per target: a second run is refused. One snapshot of the source for everything a run reads.
- Nothing has the product's name before `publish`, and publish is one transaction.
- A run that fails or is stopped keeps its build and can be resumed; a dry-run leaves nothing but its bookkeeping.
- A run that needs a rehearsal's certificate has one, and nothing but the rows differs from it.
- A gate that a build finds closed before it is verified ends the run there; a rehearsal goes on, to learn the rest.
- A run that needs a person's approval waits for it, without a snapshot, before it publishes.
- A build that is to follow its source is left open, unjudged (engine.sync).
- A resumed run takes a new snapshot, and reads again whatever may say something else in it; if that cannot be told
  apart, or the plan has changed, it begins anew, so that the whole build shows one state of the source.
"""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from config.errors import (
    MigrateError,
    PlanRefused,
    SourceError,
    TargetError,
    VerificationFailed,
)
from config.settings import Settings
from engine.books import bookkeeping, pace, totals
from engine.books import lease as leases
from engine.books.bookkeeping import Run
from engine.books.lease import Lease
from engine.books.totals import Increment
from engine.changes import rounds
from engine.chunks.pauses import Pauses
from engine.chunks.work import Work
from engine.gates import approval, gates, judgement, summary
from engine.gates import certificate as certificates
from engine.gates.certificate import Certificate
from engine.gates.summary import Summary
from engine.load import statistics
from engine.load.build import Build
from engine.publish import publish
from engine.session import connect, log_context, snapshot
from engine.session.blame import blame
from engine.session.execution import Clock, Threads, Workers
from engine.session.patience import Patience, patiently
from engine.session.pool import Pool
from engine.session.stop import STOP
from engine.start import begin, published
from engine.start.options import Options
from engine.start.published import AlreadyPublished
from engine.start.trials import Passing, Trials

NOTHING_ASKED = Options()
COARSE_STATISTICS = "published with coarse statistics ({}); run ANALYZE in the target"


def migrate(settings: Settings, options: Options = NOTHING_ASKED) -> Summary:
    """Migrate, or resume a run. A dry-run that passes verification issues a certificate.

    What passes by itself is waited for, and followed by another attempt (engine.start.trials).
    Errors: every kind of config.errors; the run's state says how it ended. VerificationFailed has the Summary so far
    as `summary`.
    """
    log_context.begin()
    given, trials = begin.given(options), Trials(settings, options.dry_run, Patience(settings.retry_seconds))
    trials.command = "sync" if options.only_build else "migrate"
    begun: list[Attempt] = []
    while True:
        try:
            return _attempted(settings, options, given, trials, begun)
        except AlreadyPublished as found_done:
            return _told_of(settings, options, found_done)
        except Passing as passed:
            error, follows = passed.error, True
        except MigrateError as found:
            error, follows = found, trials.follow(found)
        if follows:
            trials.wait(error, options.watch)
        if begun and trials.has_published():
            return trials.told(_ended_well, begun[-1], begun[-1].run.run_id)
        if not follows:
            raise trials.give_up(error) from None
        trials.give_way()
        options = replace(options, run_id=trials.run_id)


def _attempted(
    settings: Settings, options: Options, given: Certificate | None, trials: Trials, begun: "list[Attempt]"
) -> Summary:
    """One attempt, which is added to those that have begun. Errors: as migrate; Passing."""
    with ExitStack() as stack:
        attempt = _begun(stack, settings, options, given, trials, begun)
        with blame(TargetError, "making the build", STOP):
            with connect.unflushed(attempt.conn):
                Build(attempt.work, attempt.conn, attempt.workers, attempt.clock, attempt.pauses).run()
                if options.only_build:
                    attempt.lease.require()
                    bookkeeping.set_state(attempt.conn, attempt.run.run_id, "built")
                    trials.end()
                    return attempt.summary()
                _judge(attempt)
                _refuse_early(attempt)
                _verify(attempt)
            _mark_built(attempt)
            _wait_for_approval(attempt)
            _publish(attempt)
        trials.end()
        _refresh_statistics(attempt)
        try:
            return attempt.summary()
        except psycopg.OperationalError:  # the session was lost since, and the run has ended well
            return trials.told(_summary_anew, attempt, attempt.run.run_id)


def _ended_well(attempt: "Attempt") -> Summary:
    """What is left to do for a run that has published, and of which the answer to that commit was lost."""
    work = attempt.work
    try:
        with leases.hold(attempt.settings.target) as lease, lease.session(STOP) as conn:
            work = replace(work, sessions=Pool(attempt.settings, work.snapshot, STOP, lease))
            _refresh_statistics(replace(attempt, conn=conn, lease=lease, work=work))
    except MigrateError as error:
        attempt.clock.message(COARSE_STATISTICS.format(error))
    return _summary_anew(attempt)


def _told_of(settings: Settings, options: Options, found: AlreadyPublished) -> Summary:
    """Of a run that only had to be finished."""
    options.watch.message(f"{found}; nothing is left to do, and no other run was begun")
    with connect.target(settings.target) as conn, blame(TargetError, f"reading the books of run {found.run.run_id}"):
        return summary.of(conn, found.run.run_id, missing_tables=[], changed_tables=[])


def _summary_anew(attempt: "Attempt") -> Summary:
    what = f"reading the books of run {attempt.run.run_id}, which has ended well"
    with connect.target(attempt.settings.target) as conn, blame(TargetError, what):
        return replace(attempt, conn=conn).summary()


@dataclass
class Attempt:
    """One attempt at a run, under way. conn: on the target. reading: ends what reads the source.

    rehearsed: the certificate that the run is held to; stated: what one of this run would state.
    """

    settings: Settings
    options: Options
    run: Run
    work: Work
    conn: psycopg.Connection
    lease: Lease
    clock: Clock
    workers: Workers
    pauses: Pauses
    reading: ExitStack
    rehearsed: Certificate | None
    stated: dict[str, Any]
    build_oid: int | None = None
    told: dict[str, Any] = field(default_factory=lambda: {"changed_tables": [], "verdict": None})

    @property
    def judged_oid(self) -> int:
        """Oid of the build, once it is there to be judged. Errors: LookupError before."""
        if self.build_oid is None:
            raise LookupError(f"run {self.run.run_id} has no build to be judged yet")
        return self.build_oid

    def summary(self) -> Summary:
        """The summary from the books, with what they do not hold."""
        told = self.told | {"missing_tables": list(self.work.plan.missing_tables), "timings": self.clock.finish()}
        return summary.of(self.conn, self.run.run_id, self.build_oid, **told)


def _begun(
    stack: ExitStack,
    settings: Settings,
    options: Options,
    given: Certificate | None,
    trials: Trials,
    begun: list[Attempt],
) -> Attempt:
    """Plan and begin; whatever is opened ends with the stack. Errors: PlanRefused, and every other kind; Passing."""
    clock = Clock(options.watch)
    lease = stack.enter_context(leases.hold(settings.target))
    conn = stack.enter_context(lease.session(STOP))
    published.refuse(conn, settings, options)
    stack.push(lambda _, error, __: _count_refusal(conn, settings, options.dry_run, error))
    clock.stage("plan")
    reading = stack.enter_context(ExitStack())
    held = reading.enter_context(snapshot.hold(settings.source, STOP))
    before = len(begun)
    stack.enter_context(_summing_up(begun, before))
    reading.enter_context(lease.heart.keeping(held.holder, SourceError, "holding the snapshot"))
    stack.enter_context(trials.ending(lease, conn, held.holder))
    start = begin.start(conn, settings, options, held, given)
    if questions := start.plan.questions:
        clock.message(f"the plan has questions ({len(questions)}): `nxtgauge-migrate plan` asks them")
    stated = certificates.stated(start.plan, start.settings)
    bookkeeping.ensure(conn)
    run = begin.begin(conn, start, clock, trials.know)
    sessions = reading.enter_context(contextlib.closing(Pool(start.settings, held, STOP, lease)))
    work = Work(run.run_id, run.started_at, start.plan, start.settings, held, STOP, sessions)
    workers = options.workers or Threads(settings.workers)
    pauses = Pauses(work, clock.message)
    attempt = Attempt(
        start.settings, options, run, work, conn, lease, clock, workers, pauses, reading, start.rehearsed, stated
    )
    begun.append(attempt)
    _announce(stack, attempt, trials)
    return attempt


def _announce(stack: ExitStack, attempt: Attempt, trials: Trials) -> None:
    """The run has an id: figures, the watch and the caller, him once, learn it."""
    with blame(TargetError, "beginning the run", STOP):
        learns = not bookkeeping.done_steps(attempt.conn, attempt.run.run_id)  # else its stages had less to do

    def keep(stage: str, seconds: float, is_whole: bool) -> None:
        _count_stage(attempt, stage, seconds, learns and is_whole and not attempt.pauses.has_held)

    attempt.clock.keep(keep)
    stack.callback(attempt.clock.finish)
    attempt.clock.message(f"run {attempt.run.run_id}")
    if not trials.is_announced:
        attempt.options.begun(attempt.work)
        trials.is_announced = True


def _judge(attempt: Attempt) -> None:
    """The engine's own gates of the build."""
    attempt.clock.stage("judge")
    attempt.build_oid = bookkeeping.build(attempt.conn, attempt.run.run_id).schema_oid
    _judge_once_more(attempt)
    if changed := attempt.told["changed_tables"]:
        attempt.clock.message(f"the source has changed since the snapshot in {', '.join(changed)}")


def _judge_once_more(attempt: Attempt) -> None:
    changed = attempt.workers.call("judge the build", _judged, attempt.conn, attempt.work)
    attempt.told["changed_tables"] = changed


def _judged(conn: psycopg.Connection, work: Work) -> list[str]:
    """The engine's own gates; gives the tables that the source has changed meanwhile."""
    with connect.source(work.settings.source, work.stop) as source:
        changed = begin.changed(conn, work.settings, work.run_id, source)
    judgement.judge(conn, work, changed)
    return changed


def _refuse_early(attempt: Attempt) -> None:
    """A closed gate that no verification opens is told before it, unless somebody wants to know what else there is: a
    rehearsal always does. Errors: VerificationFailed."""
    if attempt.run.dry_run or attempt.options.verify_anyway:
        return
    if shut := gates.shut_for_good(attempt.conn, attempt.run.run_id, attempt.judged_oid):
        raise gates.refusal_unverified(attempt.run.run_id, attempt.work.schema, shut)


def _verify(attempt: Attempt) -> None:
    """The auditor's gates of the build."""
    attempt.pauses.wait()
    attempt.clock.stage("verify")
    STOP.check()
    conn, work, auditor = attempt.conn, attempt.work, attempt.options.auditor
    steps = attempt.clock.counting("checks")
    verdict = attempt.workers.call("verify the build", judgement.audit, conn, work, auditor, steps)
    attempt.told["verdict"] = verdict
    if verdict and verdict["passed"] and rounds.last(conn, work.run_id):
        gates.settle(conn, work.run_id, attempt.judged_oid, [check["name"] for check in verdict["checks"]])


def _mark_built(attempt: Attempt) -> None:
    """The build is made and judged; what a certificate of it would state is known."""
    attempt.stated |= certificates.of_rows(attempt.conn, attempt.run.run_id)
    if then := attempt.rehearsed:
        changes = certificates.changes(then.parts, attempt.stated)
        attempt.told["certificate"] = then.brief("in force", changes)
    attempt.lease.require()
    bookkeeping.set_state(attempt.conn, attempt.run.run_id, "built")


def _wait_for_approval(attempt: Attempt) -> None:
    """Wait for a person's yes, if one is needed and not given. The source goes on meanwhile, so whether it stood still
    is judged once more."""
    conn, run_id, oid = attempt.conn, attempt.run.run_id, attempt.judged_oid
    if not attempt.run.approval:
        return
    approval.require_others(conn, run_id, oid)
    if not approval.is_given(conn, run_id, oid):
        attempt.reading.close()
        so_far = replace(attempt.summary(), state="awaiting")
        request = approval.Request(run_id, approval.until(attempt.settings.approval_seconds), so_far)
        attempt.clock.stage("approval")
        attempt.clock.message(f"run {run_id} awaits approval: nxtgauge-migrate approve {run_id}")
        approval.wait(conn, oid, request, attempt.options.desk, STOP)
        _judge_once_more(attempt)
    attempt.lease.require()


def _publish(attempt: Attempt) -> None:
    """Publish the build, or discard a dry-run's. Errors: VerificationFailed if a gate is closed."""
    with contextlib.closing(attempt.work.sessions):  # whoever has been told that it holds still is not published
        attempt.pauses.wait()
    attempt.clock.stage("publish")
    STOP.check()
    if attempt.run.dry_run:
        attempt.workers.call("discard", _discard, attempt)
        return
    settings, run_id = attempt.settings, attempt.run.run_id

    def publishing(conn: psycopg.Connection) -> None:
        publish.publish(conn, run_id, settings.target_schema, allow_dependants=settings.allow_dependants)

    try:
        attempt.workers.call("publish", patiently, publishing, attempt.conn)
    except TargetError as error:
        # Whoever holds a lock for so long will not let go because all is built and judged once more.
        error.retryable = error.retryable and error.sqlstate != "55P03"
        raise


def _refresh_statistics(attempt: Attempt) -> None:
    """What is live gets the server's own statistics. The run has ended: whatever goes wrong here is said, no more."""
    if attempt.run.dry_run:
        return
    attempt.clock.stage("statistics")
    schemas = (attempt.settings.target_schema, publish.ARCHIVE)
    try:
        with contextlib.closing(attempt.work.sessions):
            statistics.analyze(attempt.work, attempt.conn, attempt.workers, schemas)
    except (MigrateError, psycopg.Error) as error:
        attempt.clock.message(COARSE_STATISTICS.format(error))
    with contextlib.suppress(psycopg.Error):
        bookkeeping.mark_done(attempt.conn, attempt.run.run_id, published.DONE)


def _discard(attempt: Attempt) -> None:
    """Drop a dry-run's build, and certify it if it was verified."""
    conn, run_id, verdict = attempt.conn, attempt.run.run_id, attempt.told["verdict"]
    shut = gates.closed(conn, run_id, attempt.judged_oid)
    if verdict is None:  # a rehearsal of the build alone
        shut = [gate for gate in shut if gate.check_name != gates.VERIFICATION]
    if shut:
        raise gates.refusal(run_id, shut, is_waivable=False)
    begin.drop_builds(conn, attempt.settings)
    with conn.transaction():
        bookkeeping.set_state(conn, run_id, "discarded")
        if verdict is not None:
            issued = certificates.issue(conn, run_id, attempt.stated)
            attempt.told |= {"certificate": issued.brief("issued"), "issued": issued.to_dict()}


@contextlib.contextmanager
def _summing_up(begun: list[Attempt], before: int) -> Iterator[None]:
    """A refusal by the gates has the run's summary with it, for whoever reports. begun: the attempts; before: how many
    there were before this one."""
    try:
        yield
    except VerificationFailed as error:
        with contextlib.suppress(psycopg.Error):
            error.summary = begun[-1].summary() if len(begun) > before else None
        raise


def _count_refusal(conn: psycopg.Connection, settings: Settings, dry_run: bool, error: BaseException | None) -> None:
    """A run that ended before it began has no row in the books; it is counted all the same, if there are any."""
    if isinstance(error, PlanRefused | SourceError) and "run" not in log_context.here():
        with contextlib.suppress(psycopg.Error, MigrateError):
            if bookkeeping.is_present(conn):
                bookkeeping.count_end(conn, "refused", settings.profile, dry_run)


def _count_stage(attempt: Attempt, stage: str, seconds: float, is_whole: bool) -> None:
    """A figure that cannot be written down, the session having been lost or cancelled, is no reason to fail.

    is_whole: the stage did all of its work, and nothing else, so that it tells how long another run's will take.
    """
    of_stage = {"profile": attempt.settings.profile, "stage": stage}
    counted = [Increment("stage_seconds", of_stage, round(seconds, 3))]
    if is_whole:
        counted += pace.increments(of_stage, seconds, attempt.clock.rows)
    with contextlib.suppress(psycopg.Error):
        totals.add(attempt.conn, counted)
