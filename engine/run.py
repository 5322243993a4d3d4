"""The stages of a run, in order: plan, build, judge, verify, publish; and what a person asks of runs afterwards.

Laws
- One lease per target: a second run is refused. One snapshot of the source for everything a run reads.
- Nothing stands under the product's name before `publish`, and publish is one transaction.
- A run that fails or is stopped keeps its build and can be resumed; a dry-run leaves nothing but its bookkeeping.
- A run that needs a rehearsal's certificate has one, and nothing but its rows has drifted from it.
- A run that needs a person's approval waits for it, without a snapshot, before it publishes.
- A resumed run takes a new snapshot; if any table has changed since the old one, or the plan has, it begins anew, so
  that the whole build shows one state of the source.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from config.errors import (
    ConfigError,
    Interrupted,
    MigrateError,
    PlanRefused,
    SourceError,
    TargetError,
    VerificationFailed,
)
from config.settings import Settings
from engine.books import bookkeeping, profiles, totals
from engine.books.totals import Increment
from engine.chunks.work import Work
from engine.gates import approval, gates, judgement, summary
from engine.gates import certificate as certificates
from engine.gates.approval import Decision, Desk, NoDesk
from engine.gates.certificate import Certificate
from engine.gates.gates import Auditor
from engine.gates.summary import Summary
from engine.load.build import Build
from engine.planning.plan import Plan
from engine.publish import publish
from engine.session import connect, context, snapshot
from engine.session.blame import blame
from engine.session.sessions import Sessions
from engine.session.stop import STOP
from engine.session.workers import Clock, Silent, Threads, Watch, Workers
from engine.start import begin, preflight


def plan(settings: Settings) -> Plan:
    """The plan as of now; its faults are in it, none is raised. Errors: ConfigError, SourceError."""
    with snapshot.hold(settings.source, STOP) as held:
        return preflight.planned(settings, held, datetime.now(UTC).isoformat())


def migrate(
    settings: Settings,
    *,
    run_id: str | None = None,
    dry_run: bool = False,
    auditor: Auditor | None = None,
    workers: Workers | None = None,
    watch: Watch | None = None,
    certificate: str | Path | None = None,
    resume: bool = False,
    approve: bool = False,
    desk: Desk | None = None,
    begun: Callable[[Work], None] = lambda _: None,
) -> Summary:
    """Migrate, or resume run_id, or with `resume` the latest run if it broke off; that under its own profile.

    Without an auditor nothing is published: a dry-run ends well, any other is refused.
    certificate: file of the rehearsal that the run is held to; without one the profile says whether the latest in the
    target's books has to be there. A dry-run that passes verification issues another.
    approve: wait for a person's approval before the publish, also where the profile does not say so, and at
    every later attempt at this run; desk: where it may be given besides the books.
    begun: hears of the run as soon as it has an id, and may not raise.
    Errors: every kind of config.errors; the run's state says how it ended. VerificationFailed has the Summary so far
    as `summary`.
    """
    context.begin()
    clock, workers = Clock(watch or Silent()), workers or Threads(settings.workers)
    source, target = settings.source, settings.target
    given = _given(certificate, dry_run)
    with contextlib.ExitStack() as stack:
        conn = stack.enter_context(connect.target(target, STOP))
        lease = stack.enter_context(bookkeeping.lease(target))
        stack.push(lambda _, error, __: _count_refusal(conn, settings, dry_run, error))
        clock.stage("plan")
        reading = stack.enter_context(contextlib.ExitStack())
        held = reading.enter_context(snapshot.hold(source, STOP))
        resumed = begin.resumed(conn, settings, run_id, dry_run, is_latest=resume)
        settings, given = profiles.as_begun(settings, resumed), given or certificates.kept(resumed)
        instant = resumed.created_at.isoformat() if resumed else _instant(conn)
        planned = preflight.planned(settings, held, instant, conn.info.server_version)
        rehearsed = None if dry_run else preflight.held_to(conn, settings, given)
        preflight.refuse(
            preflight.faults(conn, settings, planned, held, rehearsed, dry_run=dry_run, is_new=resumed is None)
        )
        if planned.questions:
            clock.message(f"the plan has questions ({len(planned.questions)}): `nxtgauge-migrate plan` asks them")
        stated = certificates.stated(planned, settings)
        bookkeeping.ensure(conn)
        wanted = {"dry_run": dry_run, "approve": not dry_run and (approve or settings.require_approval), "given": given}
        run = begin.begin(conn, settings, planned, held, resumed, clock, **wanted)
        sessions = reading.enter_context(contextlib.closing(Sessions(settings, held, STOP)))
        work = Work(run.run_id, planned, settings, held, STOP, sessions)
        context.tell(run=run.run_id)
        clock.keep(lambda stage, seconds: _count_stage(conn, settings.profile, stage, seconds))
        stack.callback(clock.finish)
        clock.message(f"run {run.run_id}")
        begun(work)
        known = {"missing_tables": list(planned.missing_tables), "changed_tables": [], "verdict": None}
        with (
            _telling(conn, run.run_id, known, clock),
            _ending(settings, run.run_id, run.dry_run),
            blame(TargetError, "making the build", STOP),
        ):
            Build(work, conn, workers, clock).run()
            _judge(conn, work, workers, clock, known, auditor)
            stated |= certificates.of_rows(conn, run.run_id)
            if rehearsed:
                known["certificate"] = rehearsed.brief("in force", certificates.changes(rehearsed.parts, stated))
            lease.check()
            bookkeeping.set_state(conn, run.run_id, "built")
            if run.approval:
                _approved(conn, work, reading, workers, clock, known, desk or NoDesk())
                lease.check()
            clock.stage("publish")
            STOP.check()
            workers.call("discard" if run.dry_run else "publish", _finish, conn, work, run, known, stated)
        return summary.of(conn, run.run_id, timings=clock.finish(), **known)


def _count_refusal(conn: psycopg.Connection, settings: Settings, dry_run: bool, error: BaseException | None) -> None:
    """A run that ended before it began has no row in the books; it is counted all the same, if there are any."""
    if isinstance(error, PlanRefused | SourceError) and "run" not in context.here():
        with contextlib.suppress(psycopg.Error, MigrateError):
            if bookkeeping.is_present(conn):
                bookkeeping.count_end(conn, "refused", settings.profile, dry_run)


def _count_stage(conn: psycopg.Connection, profile: str, stage: str, seconds: float) -> None:
    """A figure that cannot be written down, the session having been lost or cancelled, is no reason to fail."""
    with contextlib.suppress(psycopg.Error):
        totals.add(conn, [Increment("stage_seconds", {"profile": profile, "stage": stage}, round(seconds, 3))])


def told(settings: Settings, run_id: str, **known) -> Summary:
    """What the books say of a run. known: fields of Summary that they do not hold. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "reading the books", STOP):
        return summary.of(conn, run_id, **{"missing_tables": [], "changed_tables": []} | known)


def rollback(settings: Settings, run_id: str | None = None) -> dict:
    """Put back what stood before the last publish; run_id: only if that is the run that is published.

    Errors: PlanRefused if there is nothing of ours, or another run is published; TargetError.
    """
    with connect.target(settings.target, STOP) as conn, bookkeeping.lease(settings.target):
        return asdict(publish.rollback(conn, settings.target_schema, run_id))


def published_run(settings: Settings) -> str | None:
    """The run whose build stands under the target's name; None if none of ours does. Errors: TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "looking at the target", STOP):
        live = bookkeeping.schemas(conn).get(settings.target_schema)
    return live and live.run_id


def decide(settings: Settings, run_id: str, decision: Decision) -> dict:
    """Approve or reject a run that waits for it; its gate as the books have it. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "deciding about a run", STOP):
        return summary.timed(approval.decide(conn, run_id, decision), "judged_at")


def waive(settings: Settings, run_id: str, check_name: str, reason: str, name: str) -> dict:
    """Open a closed gate of a run's build; the waiver as the books have it. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "waiving a check", STOP):
        return summary.timed(gates.waive(conn, run_id, check_name, reason, name), "waived_at")


def status(settings: Settings) -> list[dict]:
    """Runs into this target schema, the latest first, each with its balance."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "reading the runs", STOP):
        found = bookkeeping.runs(conn)
        alive = bookkeeping.at_work(found, bookkeeping.is_held(conn))
        return [summary.status(conn, r, r == alive) for r in found if r.target_schema == settings.target_schema]


def _instant(conn: psycopg.Connection) -> str:
    return conn.execute("select now()").fetchone()[0].isoformat()


def _given(path: str | Path | None, dry_run: bool) -> Certificate | None:
    """Errors: ConfigError if the file is damaged, or the run is a rehearsal itself."""
    if path and dry_run:
        raise ConfigError("a dry-run issues a certificate and is held to none; leave --certificate or --dry-run out")
    return certificates.read(path) if path else None


@contextlib.contextmanager
def _ending(settings: Settings, run_id: str, dry_run: bool) -> Iterator[None]:
    """Write down how the run ended, from a session of its own; a dry-run's build goes in any case."""
    try:
        yield
    except BaseException as error:
        is_stop = isinstance(error, Interrupted | KeyboardInterrupt)
        if is_stop and not dry_run:
            error = Interrupted(f"run {run_id} was stopped; `nxtgauge-migrate migrate --run {run_id}` resumes it")
        text = str(error) if isinstance(error, MigrateError) else type(error).__name__
        with contextlib.suppress(MigrateError, psycopg.Error), connect.target(settings.target) as conn:
            bookkeeping.set_state(conn, run_id, "interrupted" if is_stop else "failed", text)
            if dry_run:
                begin.drop_builds(conn, settings)
        raise error from None


@contextlib.contextmanager
def _telling(conn, run_id: str, known: dict, clock: Clock) -> Iterator[None]:
    """A refusal by the gates has the run's summary with it, for whoever reports."""
    try:
        yield
    except VerificationFailed as error:
        with contextlib.suppress(psycopg.Error):
            error.summary = summary.of(conn, run_id, timings=clock.finish(), **known)
        raise


def _judge(conn, work: Work, workers: Workers, clock: Clock, known: dict, auditor: Auditor | None) -> None:
    """All gates of the build, the engine's and the auditor's; known learns what they found."""
    clock.stage("judge")
    known["build_oid"] = bookkeeping.build(conn, work.run_id).schema_oid
    known["changed_tables"] = changed = workers.call("judge the build", _judged, conn, work)
    if changed:
        clock.message(f"the source has changed since the snapshot in {', '.join(changed)}")
    clock.stage("verify")
    work.stop.check()
    known["verdict"] = workers.call("verify the build", judgement.audit, conn, work, auditor)


def _approved(conn, work: Work, reading, workers: Workers, clock: Clock, known: dict, desk: Desk) -> None:
    """Wait for a person's yes. The source goes on meanwhile, so whether it stood still is judged once more."""
    oid = known["build_oid"]
    approval.require_others(conn, work.run_id, oid)
    if approval.is_given(conn, work.run_id, oid):
        return
    reading.close()
    so_far = summary.of(conn, work.run_id, timings=clock.finish(), **known)
    until = approval.until(work.settings.approval_seconds)
    request = approval.Request(work.run_id, until, replace(so_far, state="awaiting"))
    clock.stage("approval")
    clock.message(f"run {work.run_id} awaits approval: nxtgauge-migrate approve {work.run_id}")
    approval.wait(conn, oid, request, desk, work.stop)
    known["changed_tables"] = workers.call("judge the build", _judged, conn, work)


def _judged(conn, work: Work) -> list[str]:
    """The engine's own gates; gives the tables that the source has changed meanwhile."""
    with connect.source(work.settings.source, work.stop) as source:
        changed = begin.changed(conn, work.settings, work.run_id, source)
    judgement.judge(conn, work, changed)
    return changed


def _finish(conn, work: Work, run, known: dict, stated: dict) -> None:
    """Errors: VerificationFailed if a gate is closed."""
    if not run.dry_run:
        allow = work.settings.allow_dependants
        publish.publish(conn, run.run_id, work.settings.target_schema, allow_dependants=allow)
        return
    shut = gates.closed(conn, run.run_id, known["build_oid"])
    if known["verdict"] is None:  # a rehearsal of the build alone
        shut = [gate for gate in shut if gate.check_name != gates.VERIFICATION]
    if shut:
        raise gates.refusal(run.run_id, shut, is_waivable=False)
    begin.drop_builds(conn, work.settings)
    with conn.transaction():
        bookkeeping.set_state(conn, run.run_id, "discarded")
        if known["verdict"] is not None:
            issued = certificates.issue(conn, run.run_id, stated)
            known |= {"certificate": issued.brief("issued"), "issued": issued.to_dict()}
