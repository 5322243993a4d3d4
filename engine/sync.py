"""A build that follows its source: rounds of what was written since, until it is cut over or given up.

Laws
- Nothing is published here; what a round applies commits with the round's record.
- A run that follows ends with its build open, in state `built`; the next call goes on where it stopped.
- The first round of a call is verified whole, if there is an auditor, by its own snapshot, while the source goes on.
- What cannot be followed is made anew, in the same run, and said.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg

from config.errors import ConfigError, Interrupted, MigrateError, SourceError, TargetError
from config.settings import Settings
from engine import run as runs
from engine.books import bookkeeping
from engine.books import lease as leases
from engine.chunks.work import Work
from engine.following import session as sessions
from engine.following.round import Anew, Told
from engine.following.session import Following as Session
from engine.gates import approval, gates, judgement, summary
from engine.gates.gates import Auditor
from engine.gates.summary import Summary
from engine.publish import schemas
from engine.session import connect, log_context
from engine.session.blame import blame
from engine.session.execution import Silent, Watch, Workers
from engine.session.patience import Patience, pause
from engine.session.stop import STOP
from engine.start import begin
from engine.start.options import Options

FOLLOWED = ("built", "running", "interrupted", "failed")  # states of a run whose build may be there


def _nobody(_: object) -> None:
    """Hears and does nothing."""


@dataclass(frozen=True, kw_only=True)
class Following:
    """What a person may ask of a following, and the parties that the caller brings along.

    run_id: whose build follows; without one the open build of this target, else one is made first. rounds: so many,
    then it ends; without a number it goes on until it is asked to stop. every: seconds from one round's beginning to
    the next. auditor, workers, watch, begun: see engine.start.options. heard: hears of each round once it is applied,
    and may not raise.
    """

    run_id: str | None = None
    rounds: int | None = None
    every: float = 30.0
    auditor: Auditor | None = None
    workers: Workers | None = None
    watch: Watch = field(default_factory=Silent)
    begun: Callable[[Work], None] = _nobody
    heard: Callable[[Told], None] = _nobody


def sync(settings: Settings, following: Following) -> Summary:
    """Make a build, or take the one that is open, and have it follow its source.

    A request to stop ends it at once, and well: the round in hand is given up, and the build shows the last one.
    Errors: every kind of config.errors.
    """
    log_context.begin()
    run_id = _made(settings, following, following.run_id)
    try:
        return _followed(settings, following, run_id)
    except Interrupted:
        return told(settings, run_id)


def _followed(settings: Settings, following: Following, run_id: str) -> Summary:
    """Rounds, for as long as they are asked for. Errors: Interrupted, and every other kind of config.errors."""
    done, patience, anew = 0, Patience(settings.retry_seconds), ""
    while True:
        try:
            with sessions.following(settings, run_id, following.workers, following.watch) as session:
                session.clock.message(f"run {run_id} follows its source")
                while following.rounds is None or done < following.rounds:
                    began = time.monotonic()
                    _round(session, following, is_verified=not done)
                    done, patience, anew = done + 1, Patience(settings.retry_seconds), ""
                    if following.rounds is None or done < following.rounds:
                        session.rest()
                        pause(max(0.0, following.every - (time.monotonic() - began)))
            return told(settings, run_id)
        except Anew as why:
            if anew:
                raise SourceError(
                    f"no build of this source can follow it: one made a moment ago already cannot ({why}); mend that, "
                    f"or stop the writers and migrate: `nxtgauge-migrate sync --abort --run {run_id}`, then "
                    "`nxtgauge-migrate migrate`"
                ) from None
            anew = str(why)
            _begin_anew(settings, following, run_id, anew)
        except Interrupted:
            raise
        except MigrateError as error:
            if not error.retryable or patience.left <= 0:
                raise
            seconds = patience.next_wait(error)
            following.watch.message(f"{error}; it goes on {patience.said(seconds)}")
            pause(seconds)


def redrive(settings: Settings, run_id: str, following: Following) -> Summary:
    """Derive anew what was rejected, or changed, in a run's build whose source was mended; then the run goes on to its
    publish as any that is resumed. Errors: every kind of config.errors."""
    log_context.begin()
    with sessions.following(settings, run_id, following.workers, following.watch) as session:
        try:
            _round(session, following, is_verified=False)
        except Anew as why:
            raise ConfigError(
                f"run {run_id} cannot go on with its build: {why}; `nxtgauge-migrate migrate --run {run_id}` makes it "
                "anew"
            ) from None
    again = Options(
        run_id=run_id,
        auditor=following.auditor,
        workers=following.workers,
        watch=following.watch,
        begun=following.begun,
    )
    return runs.migrate(settings, again)


def abort(settings: Settings, run_id: str | None = None) -> str:
    """Give up following: the build goes, the books stay. Returns the run's id. Errors: ConfigError, TargetError."""
    with _transaction(settings, "giving up the build") as conn:
        found = bookkeeping.run(conn, run_id or _open(conn, settings) or _none(settings))
        if bookkeeping.find_build(conn, found.run_id) is None:
            raise ConfigError(f"run {found.run_id} has no build to give up; {bookkeeping.LISTED}")
        begin.drop_deltas(conn, found.target_schema)
        for schema in bookkeeping.schemas(conn).values():
            if (schema.role, schema.run_id) == ("build", found.run_id):
                schemas.drop(conn, schema.name)
        bookkeeping.set_state(conn, found.run_id, "discarded")
    return found.run_id


@contextlib.contextmanager
def _transaction(settings: Settings, what: str) -> Iterator[psycopg.Connection]:
    """On the target, under the lease."""
    held = leases.hold(settings.target)
    with held as lease, lease.session(STOP) as conn, blame(TargetError, what), conn.transaction():
        yield conn


def told(settings: Settings, run_id: str) -> Summary:
    """Of a run that follows, from its books. Errors: TargetError."""
    with connect.target(settings.target) as conn, blame(TargetError, f"reading the books of run {run_id}"):
        build = bookkeeping.find_build(conn, run_id)
        oid = build.schema_oid if build else None
        return summary.of(conn, run_id, oid, missing_tables=[], changed_tables=[])


def _open(conn: psycopg.Connection, settings: Settings) -> str | None:
    """The run whose build stands in the target."""
    for run in bookkeeping.runs(conn, settings.target_schema):
        if not run.dry_run and run.state in FOLLOWED and bookkeeping.find_build(conn, run.run_id):
            return run.run_id
    return None


def _none(settings: Settings) -> str:
    raise ConfigError(f"there is no build of schema {settings.target_schema} to give up; {bookkeeping.LISTED}")


def _made(settings: Settings, following: Following, run_id: str | None) -> str:
    """The run whose build is finished; it is made, or gone on with, if it is not."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "looking for a build", STOP):
        run_id = run_id or (_open(conn, settings) if bookkeeping.is_present(conn) else None)
        if run_id and sessions.is_made(conn, bookkeeping.run(conn, run_id)):
            return run_id
    return _build(settings, following, run_id)


def _build(settings: Settings, following: Following, run_id: str | None) -> str:
    options = Options(
        run_id=run_id,
        only_build=True,
        auditor=following.auditor,
        workers=following.workers,
        watch=following.watch,
        begun=following.begun,
    )
    return runs.migrate(settings, options).run_id


def _begin_anew(settings: Settings, following: Following, run_id: str, why: str) -> None:
    following.watch.message(f"beginning anew: {why}")
    with _transaction(settings, "beginning anew") as conn:
        run = bookkeeping.run(conn, run_id)
        begin.drop_builds(conn, settings, run_id)
        marks = {name: getattr(run, name) for name in ("mapping_hash", "plan_hash", "code_version")}
        bookkeeping.clear_run(conn, run_id, **marks)
    _build(settings, following, run_id)


def _round(session: Session, following: Following, is_verified: bool) -> None:
    """One round; judged, and verified by its own snapshot if it is to be. Whoever has decided of the build has decided
    of what it was before."""
    run_id = session.run.run_id
    approval.withdraw(session.conn, run_id, bookkeeping.build(session.conn, run_id).schema_oid)
    with session.snapshot() as held:
        work, found = session.round(held)
        session.touched.clear()  # which a cut-over alone asks for
        if is_verified and following.auditor:
            verify(session, work, following.auditor)
        else:
            judgement.judge(session.conn, work, None)
    following.heard(found)


def verify(session: Session, work: Work, auditor: Auditor) -> None:
    """The whole build by the round's own snapshot. Errors: VerificationFailed."""
    session.clock.stage("verify")
    session.rest()
    judgement.judge(session.conn, work, None)
    verdict = judgement.audit(session.conn, work, auditor, session.clock.counting("checks"))
    oid = bookkeeping.build(session.conn, work.run_id).schema_oid
    if verdict and verdict["passed"]:
        gates.settle(session.conn, work.run_id, oid, [check["name"] for check in verdict["checks"]])
    if shut := gates.closed(session.conn, work.run_id, oid):
        raise gates.refusal(work.run_id, shut, follows=True)
