"""Begins a run anew, or resumes it where an earlier attempt stopped; engine.start.preflight says what it is refused
for.

Laws
- A resumed run goes on only if its plan and its chunks are the same; else it begins anew under its id with the new
  plan, so that the whole build shows one state of the source and one plan.
- Where tables have changed since its snapshot, it reads again what may say something else now (engine.start.again), as
  long as nothing was judged; else it begins anew, too.
- A run that begins takes the place of those whose processes died: their builds go, and the books say so.
"""

import hashlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import psycopg

from config import origins
from config.errors import ConfigError, SourceError, TargetError
from config.settings import Settings
from engine.books import bookkeeping, deltas, profiles
from engine.books.bookkeeping import NewRun, Run
from engine.changes import feed, rounds
from engine.changes.marks import Mark, TableMark
from engine.chunks import ledger
from engine.chunks.work import chunks
from engine.gates import certificate as certificates
from engine.gates import gates
from engine.gates.certificate import Certificate
from engine.load.build import after_archive, after_load, before_load
from engine.planning import prerequisite_ddl
from engine.planning.plan import Plan
from engine.publish import schemas
from engine.session import fetch
from engine.session.blame import blame
from engine.session.execution import Clock
from engine.session.snapshot import Snapshot
from engine.session.stop import STOP
from engine.start import again, preflight
from engine.start.options import Options


@dataclass(frozen=True)
class Start:
    """All that is known of an attempt before it begins.

    settings: those that it goes by. given: the certificate that came as a file, now or at an earlier attempt;
    rehearsed: the one that the run is held to.
    """

    settings: Settings
    options: Options
    plan: Plan
    held: Snapshot
    resumed: Run | None
    given: Certificate | None
    rehearsed: Certificate | None

    @property
    def needs_approval(self) -> bool:
        return not self.options.dry_run and (self.options.approve or self.settings.require_approval)

    @property
    def marks(self) -> dict[str, str]:
        """What the books know mapping, plan and program by."""
        return {
            "mapping_hash": self.plan.mapping_digest,
            "plan_hash": fingerprint(self.plan, self.settings),
            "code_version": _version(),
        }


def given(options: Options) -> Certificate | None:
    """Errors: ConfigError if the file is damaged, or the run is a rehearsal itself."""
    if options.certificate and options.dry_run:
        raise ConfigError("a dry-run issues a certificate and is held to none; leave --certificate or --dry-run out")
    return certificates.read(options.certificate) if options.certificate else None


def start(
    conn: psycopg.Connection, settings: Settings, options: Options, held: Snapshot, given: Certificate | None
) -> Start:
    """What the attempt begins with. Errors: PlanRefused with every fault; ConfigError, SourceError, TargetError."""
    earlier = _resumed(conn, settings, options)
    settings, given = profiles.as_begun(settings, earlier), given or certificates.kept(earlier)
    instant = earlier.created_at.isoformat() if earlier else _now(conn)
    plan = preflight.planned(settings, held, instant, conn.info.server_version)
    rehearsed = None if options.dry_run else preflight.held_to(conn, settings, given)
    # A run that goes on has figures of its own, which are judged before it is verified.
    is_hopeful = options.verify_anyway or earlier is not None
    kind = {"dry_run": options.dry_run, "is_new": earlier is None, "is_hopeful": is_hopeful}
    preflight.refuse(preflight.faults(conn, settings, plan, held, rehearsed, **kind))
    return Start(settings, options, plan, held, earlier, given, rehearsed)


def _now(conn: psycopg.Connection) -> str:
    return fetch.value(datetime, conn, "select now()").isoformat()


def _resumed(conn: psycopg.Connection, settings: Settings, options: Options) -> Run | None:
    """The run that is gone on with; None for a new one.

    None too where the books cannot be read: preflight refuses that, with all else. Errors: ConfigError, TargetError.
    """
    with blame(TargetError, "reading the runs", STOP):
        if bookkeeping.faults(conn):
            return None
        run_id = options.run_id or (_broken_off(conn, settings, options.dry_run) if options.resume else None)
        return _resumable(conn, settings, run_id, options.dry_run) if run_id else None


def _broken_off(conn: psycopg.Connection, settings: Settings, dry_run: bool) -> str | None:
    """The latest run of this kind, if it did not end well and there is something to go on with. The lease is ours, so
    nobody is at it."""
    kin = [
        run
        for run in bookkeeping.runs(conn, settings.target_schema)
        if (run.dry_run, run.source_schema) == (dry_run, settings.source_schema)
    ]
    if not kin:
        return None
    # A process that died while a person thought, or while it published, has left a build behind.
    is_open = kin[0].state in ("running", "interrupted", "built")
    return kin[0].run_id if is_open or (kin[0].state == "failed" and _may_pass(conn, kin[0])) else None


def _may_pass(conn: psycopg.Connection, failed: Run) -> bool:
    """Whether the run has left a build, and no gate of it is closed for good."""
    build = bookkeeping.find_build(conn, failed.run_id)
    if build is None:
        return False
    shut = gates.closed(conn, failed.run_id, build.schema_oid)
    return not any(gate.state == gates.FAILED and gate.kind != gates.POLICY for gate in shut)


def _resumable(conn: psycopg.Connection, settings: Settings, run_id: str, dry_run: bool) -> Run:
    """The run of this id. Errors: ConfigError if there is none, or it is over, or of another target."""
    found = {run.run_id: run for run in bookkeeping.runs(conn)}.get(run_id)
    if found is None:
        wanted = origins.near(run_id, [run.run_id for run in bookkeeping.runs(conn)])
        raise ConfigError(f"there is no run {run_id} in this target; {wanted or bookkeeping.LISTED}")
    if found.state not in ("running", "failed", "interrupted", "built"):
        raise ConfigError(f"run {run_id} is {found.state}; only one that did not finish can be resumed")
    if dry_run != found.dry_run:
        kind = "a dry-run" if found.dry_run else "no dry-run"
        raise ConfigError(f"run {run_id} is {kind}; resume it {'with' if found.dry_run else 'without'} --dry-run")
    if (found.target_schema, found.source_schema) != (settings.target_schema, settings.source_schema):
        raise ConfigError(f"run {run_id} is of schema {found.target_schema}; set NXTGAUGE_TARGET_SCHEMA to it")
    return found


def begin(conn: psycopg.Connection, start: Start, clock: Clock, know: Callable[[Run], None]) -> Run:
    """A new run, or the resumed one: continued if nothing has changed, else begun anew.

    know: is told of the run as soon as it is in the books. Errors: ConfigError, where a new one would drop a build that
    follows its source.
    """
    with blame(TargetError, "beginning the run", STOP):
        if start.resumed is None:
            _require_nothing_follows(conn, start.settings)
        run = _new(conn, start) if start.resumed is None else _reopened(conn, start, start.resumed, clock)
        know(run)
        if start.resumed is None:
            bookkeeping.end_dead_runs(conn, start.settings.target_schema, run.run_id)
            drop_builds(conn, start.settings)
        else:
            _clear_unless_it_goes_on(conn, start, start.resumed, clock)
        for statement in prerequisite_ddl.extensions(start.plan.extensions, start.settings.extension_schema):
            conn.execute(statement.sql)
        if start.resumed is None or "schema" not in bookkeeping.done_steps(conn, run.run_id):
            _keep_snapshot(conn, start, run.run_id)
    return run


def _require_nothing_follows(conn: psycopg.Connection, settings: Settings) -> None:
    """A target has room for one build of a schema, and one that follows is nobody's to drop by the way."""
    for run in bookkeeping.runs(conn, settings.target_schema):
        is_open = not run.dry_run and bookkeeping.find_build(conn, run.run_id)
        if is_open and rounds.last(conn, run.run_id):
            raise ConfigError(
                f"the build of run {run.run_id} follows its source, and a new run would drop it; publish it "
                f"(`nxtgauge-migrate cutover --run {run.run_id}`), give it up (`nxtgauge-migrate sync --abort --run "
                f"{run.run_id}`), or use another target"
            )


def _new(conn: psycopg.Connection, start: Start) -> Run:
    settings = start.settings
    new = NewRun(
        profile=settings.profile,
        source_schema=settings.source_schema,
        target_schema=settings.target_schema,
        dry_run=start.options.dry_run,
        source_identity=start.held.server.identity(),
        **start.marks,
        approval=start.needs_approval,
        settings=settings.keys(),
        certificate=start.given.to_dict() if start.given else None,
    )
    return bookkeeping.create_run(conn, new, start.plan.instant)


def _clear_unless_it_goes_on(conn: psycopg.Connection, start: Start, earlier: Run, clock: Clock) -> None:
    drop_deltas(conn, start.settings.target_schema)
    why = _why_anew(conn, start, earlier) or _read_again(conn, start, earlier, clock)
    if why:
        clock.message(f"beginning anew: {why}")
        drop_builds(conn, start.settings)
        bookkeeping.clear_run(conn, earlier.run_id, **start.marks)
    else:
        kept = len(ledger.done(conn, earlier.run_id))
        clock.message(f"run {earlier.run_id} goes on: {kept} chunks are loaded, and stay")


def _reopened(conn: psycopg.Connection, start: Start, earlier: Run, clock: Clock) -> Run:
    """The run, under way again. What its profile said when it began stays in the books where it says less now."""
    settings, given = start.settings, start.given
    found = profiles.loosened(settings, earlier)
    for key in found:
        clock.message(f"profile {settings.profile} is looser than when run {earlier.run_id} began: {key}")
    keys, certificate = None if found else settings.keys(), given.to_dict() if given else None
    return bookkeeping.resume_run(conn, earlier.run_id, settings.profile, start.needs_approval, keys, certificate)


def fingerprint(planned: Plan, settings: Settings) -> str:
    """Equal where chunks of one attempt and of another move the same rows of the same columns the same way, into tables
    that are made, with all that they need, by the same statements."""
    sizes = f"{settings.stream_chunk_bytes} {settings.frame_chunk_bytes}"
    made = (*before_load(planned), after_load(planned), after_archive(planned))
    statements = [each.sql for part in made for each in part]
    numbers = [(table.name, table.legacy.numbers) for table in planned.tables]
    parts = (planned.digest, sizes, _version(), statements, numbers)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _version() -> str:
    return importlib.metadata.version("nxtgauge-migrate")


def _why_anew(conn: psycopg.Connection, start: Start, earlier: Run) -> str:
    """Why a resumed run cannot go on where it stopped; empty if it can."""
    if earlier.plan_hash != start.marks["plan_hash"]:
        return "the mapping, the source's schema, the profile or the program is not what it was"
    builds = {s.kind for s in bookkeeping.schemas(conn).values() if s.role == "build" and s.run_id == earlier.run_id}
    if builds != {"product", "archive"}:
        return "its build is no longer there"
    return ""


def _read_again(conn: psycopg.Connection, start: Start, earlier: Run, clock: Clock) -> str:
    """Have read again what the source has changed; why that cannot be done, or nothing."""
    settings, plan, run_id = start.settings, start.plan, earlier.run_id
    names, is_possible = changed(conn, settings, run_id, start.held.holder), again.is_possible(conn, run_id)
    if names:
        said = f"the source has changed in {', '.join(names)}"
        if not is_possible:
            return said
        routes = again.routes(plan, names)
        again.forget(conn, run_id, plan, routes)
        tables = {route.legacy_table for route in routes} - set(names)
        others = f", and {len(tables)} more tables, whose rules look others up" if tables else ""
        clock.message(f"{said}; these are read again{others}")
    if not ledger.done(conn, run_id) <= {c.span for r in plan.routes for c in chunks(plan, settings, r)}:
        return "the source's tables lie in other pages than they did"
    if is_possible:  # what has not changed shows this snapshot as well, and what is yet to be read shows no other
        _keep_snapshot(conn, start, run_id)
    return ""


def _keep_snapshot(conn: psycopg.Connection, start: Start, run_id: str) -> None:
    """Record the snapshot in which the run reads from now on."""
    held, sequences = start.held, start.plan.source.sequences
    stood = {s.name: [s.last_value, s.is_called] for s in sequences if s.is_readable}
    bookkeeping.set_snapshot(conn, run_id, held.visible, held.server.identity(), stood)


def changed(conn: psycopg.Connection, settings: Settings, run_id: str, source: psycopg.Connection) -> list[str]:
    """Tables that the source has changed since the run's snapshot."""
    run = bookkeeping.run(conn, run_id)
    rows = conn.execute(
        "select legacy_table, coalesce(files, ''), source_rows from migration.tables "
        "where run_id = %s and source_rows is not null",
        (run_id,),
    ).fetchall()
    tables = {name: TableMark(count, files) for name, files, count in rows}
    if run.snapshot is None:
        return list(tables)
    identity = run.source_identity
    mark = Mark(run.snapshot, identity.get("system_identifier"), identity.get("database_oid"), tables)
    with blame(SourceError, "asking what has changed", STOP):
        return feed.changed_tables(source, settings.source_schema, mark)


def drop_builds(conn: psycopg.Connection, settings: Settings, run_id: str | None = None) -> None:
    """Drop what runs into this schema have built; run_id: what this one has."""
    drop_deltas(conn, settings.target_schema)
    for found in bookkeeping.schemas(conn).values():
        is_meant = found.role == "build" and found.target_schema == settings.target_schema
        if is_meant and run_id in (None, found.run_id):
            schemas.drop(conn, found.name)


def drop_deltas(conn: psycopg.Connection, target_schema: str) -> None:
    """Drop what a round has made for itself, ended or broken off: schemas with views of the build, and their books."""
    with conn.transaction():
        for found in bookkeeping.schemas(conn).values():
            if found.role == "delta" and found.target_schema == target_schema:
                schemas.drop(conn, found.name)
        deltas.forget(conn, target_schema)  # whoever has dropped the schemas: rejected rows are copied there
