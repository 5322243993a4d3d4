"""How a run begins: anew, or where an earlier attempt stopped. What it is refused for: engine.start.preflight.

Laws
- A resumed run goes on only if its plan is the same, its chunks are, and no table has changed since its snapshot; else
  it begins anew under its id, by the plan of now, so that the whole build shows one state of the source and one plan.
"""

import hashlib
import importlib.metadata

import psycopg

from config.errors import ConfigError, SourceError, TargetError
from config.settings import Settings
from engine.books import bookkeeping, profiles
from engine.chunks import ledger
from engine.chunks.work import chunks
from engine.gates.certificate import Certificate
from engine.planning import prerequisites
from engine.planning.plan import Plan
from engine.publish import schemas
from engine.session import snapshot
from engine.session.blame import blame
from engine.session.snapshot import Snapshot
from engine.session.stop import STOP
from engine.session.workers import Clock


def _make_extensions(conn: psycopg.Connection, settings: Settings, planned: Plan) -> None:
    for statement in prerequisites.extensions(planned.extensions, settings.extension_schema):
        conn.execute(statement.sql)


def resumed(conn: psycopg.Connection, settings: Settings, run_id: str | None, dry_run: bool, *, is_latest: bool):
    """The run that is gone on with: this one, or with is_latest the latest if it broke off; None for a new one.

    None too where the books cannot be read: preflight refuses that, with all else. Errors: ConfigError, TargetError.
    """
    with blame(TargetError, "reading the runs", STOP):
        if bookkeeping.faults(conn):
            return None
        run_id = run_id or (_broken_off(conn, settings, dry_run) if is_latest else None)
        return run_id and _resumable(conn, settings, run_id, dry_run)


def _broken_off(conn: psycopg.Connection, settings: Settings, dry_run: bool) -> str | None:
    """The latest run of this kind, if it was stopped or its process died. The lease is ours, so nobody is at it."""
    kin = [
        run
        for run in bookkeeping.runs(conn, settings.target_schema)
        if (run.dry_run, run.source_schema) == (dry_run, settings.source_schema)
    ]
    # A process that died while a person thought, or while it published, has left a build behind.
    return kin[0].run_id if kin and kin[0].state in ("running", "interrupted", "built") else None


def _resumable(conn: psycopg.Connection, settings: Settings, run_id: str, dry_run: bool):
    """The run of this id. Errors: ConfigError if there is none, or it is over, or of another target."""
    found = {run.run_id: run for run in bookkeeping.runs(conn)}.get(run_id)
    if found is None:
        raise ConfigError(f"there is no run {run_id} in this target; `nxtgauge-migrate status` lists them")
    if found.state not in ("running", "failed", "interrupted", "built"):
        raise ConfigError(f"run {run_id} is {found.state}; only one that did not finish can be resumed")
    if dry_run != found.dry_run:
        kind = "a dry-run" if found.dry_run else "no dry-run"
        raise ConfigError(f"run {run_id} is {kind}; resume it {'with' if found.dry_run else 'without'} --dry-run")
    if (found.target_schema, found.source_schema) != (settings.target_schema, settings.source_schema):
        raise ConfigError(f"run {run_id} is of schema {found.target_schema}; set NXTGAUGE_TARGET_SCHEMA to it")
    return found


def begin(
    conn,
    settings: Settings,
    planned: Plan,
    held: Snapshot,
    resumed,
    clock: Clock,
    *,
    dry_run: bool,
    approve: bool,
    given: Certificate | None,
):
    """A new run, or the resumed one: continued if nothing has changed, else begun anew.

    approve: a person has to approve what it builds; given: the certificate that it is held to. Both at this attempt and
    at every later one.
    """
    with blame(TargetError, "beginning the run", STOP):
        identity = held.facts.identity()
        by = {
            "mapping_hash": planned.mapping_digest,
            "plan_hash": _fingerprint(planned, settings),
            "code_version": _version(),
        }
        if resumed is None:
            run = bookkeeping.create_run(
                conn,
                profile=settings.profile,
                source_schema=settings.source_schema,
                target_schema=settings.target_schema,
                dry_run=dry_run,
                source_identity=identity,
                **by,
                created_at=planned.instant,
                approval=approve,
                settings=settings.keys(),
                certificate=given and given.to_dict(),
            )
            drop_builds(conn, settings)
        else:
            run = _another_attempt(conn, settings, resumed, clock, approve, given)
            if why := _why_anew(conn, settings, planned, held, resumed):
                clock.message(f"beginning anew: {why}")
                drop_builds(conn, settings)
                bookkeeping.clear_run(conn, run.run_id, **by)
        _make_extensions(conn, settings, planned)
        if resumed is None or "schema" not in bookkeeping.done_steps(conn, run.run_id):
            bookkeeping.set_snapshot(conn, run.run_id, held.visible, identity)
    return run


def _another_attempt(conn, settings: Settings, resumed, clock: Clock, approve: bool, given: Certificate | None):
    """The run, under way again. What its profile said when it began stays in the books where it says less now."""
    found = profiles.loosened(settings, resumed)
    for key in found:
        clock.message(f"profile {settings.profile} is looser than when run {resumed.run_id} began: {key}")
    keys = None if found else settings.keys()
    return bookkeeping.resume_run(conn, resumed.run_id, settings.profile, approve, keys, given and given.to_dict())


def _fingerprint(planned: Plan, settings: Settings) -> str:
    """Equal where chunks of one attempt and of another move the same rows the same way."""
    sizes = f"{settings.stream_chunk_bytes} {settings.frame_chunk_bytes}"
    return hashlib.sha256(f"{planned.digest} {sizes} {_version()}".encode()).hexdigest()


def _version() -> str:
    return importlib.metadata.version("nxtgauge-migrate")


def _why_anew(conn, settings: Settings, planned: Plan, held: Snapshot, resumed) -> str:
    """Why a resumed run cannot go on where it stopped; empty if it can."""
    if resumed.plan_hash != _fingerprint(planned, settings):
        return "the mapping, the source's schema, the profile or the program is not what it was"
    builds = {s.kind for s in bookkeeping.schemas(conn).values() if s.role == "build" and s.run_id == resumed.run_id}
    if builds != {"product", "archive"}:
        return "its build is no longer there"
    if names := changed(conn, settings, resumed.run_id, held.holder):
        return f"the source has changed in {', '.join(names)}"
    if not ledger.done(conn, resumed.run_id) <= {c.span for r in planned.routes for c in chunks(planned, settings, r)}:
        return "the source's tables lie in other pages than they did"
    return ""


def changed(conn, settings: Settings, run_id: str, source) -> list[str]:
    """Tables that the source has changed since the run's snapshot."""
    run = bookkeeping.run(conn, run_id)
    rows = conn.execute(
        "select legacy_table, coalesce(files, ''), source_rows from migration.tables "
        "where run_id = %s and source_rows is not null",
        (run_id,),
    ).fetchall()
    marks = [snapshot.Mark(*row) for row in rows]
    identity = run.source_identity.get("system_identifier")
    with blame(SourceError, "asking what has changed", STOP):
        return snapshot.changed_tables(source, settings.source_schema, marks, run.snapshot, identity)


def drop_builds(conn, settings: Settings) -> None:
    for found in bookkeeping.schemas(conn).values():
        if found.role == "build" and found.target_schema == settings.target_schema:
            schemas.drop(conn, found.name)
