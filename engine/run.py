"""The stages of a run, in order: plan, build, judge, verify, publish; and what a person asks of runs afterwards.

Laws
- One lease per target: a second run is refused. One snapshot of the source for everything a run reads.
- Nothing stands under the product's name before `publish`, and publish is one transaction.
- A run that fails or is stopped keeps its build and can be resumed; a dry-run leaves nothing but its bookkeeping.
- A run that needs a rehearsal's certificate has one, and nothing but its rows has drifted from it.
- A resumed run takes a new snapshot; if any table has changed since the old one, or the plan has, it begins anew, so
  that the whole build shows one state of the source.
"""

import contextlib
import hashlib
import importlib.metadata
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

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
from engine import bookkeeping, catalog, connect, ddl, gates, judgement, planner, publish, schemas, snapshot, summary
from engine import certificate as certificates
from engine.build import Build, after_load, before_load, renames
from engine.certificate import Certificate
from engine.connect import Stop, blame
from engine.gates import Auditor
from engine.lookups import UUID_TEXT
from engine.plan import Plan
from engine.sessions import Sessions
from engine.snapshot import Snapshot
from engine.summary import Summary
from engine.work import Work
from engine.workers import Clock, Silent, Threads, Watch, Workers

STOP = Stop()  # what a signal handler sets


def plan(settings: Settings) -> Plan:
    """The plan as of now; its faults are in it, none is raised. Errors: ConfigError, SourceError."""
    with snapshot.hold(settings.source, STOP) as held:
        return _planned(settings, held, datetime.now(UTC).isoformat())


def migrate(
    settings: Settings,
    *,
    run_id: str | None = None,
    dry_run: bool = False,
    auditor: Auditor | None = None,
    workers: Workers | None = None,
    watch: Watch | None = None,
    certificate: str | Path | None = None,
) -> Summary:
    """Migrate, or resume run_id. Without an auditor nothing is published: a dry-run ends well, any other is refused.

    certificate: file of the rehearsal that the run is held to; without one the profile says whether the latest in the
    target's books has to be there. A dry-run that passes verification issues another.
    Errors: every kind of config.errors; the run's state says how it ended. VerificationFailed has the Summary so far
    as `summary`.
    """
    clock, workers = Clock(watch or Silent()), workers or Threads(settings.workers)
    source, target = settings.source, settings.target
    given = _given(certificate, dry_run)
    with contextlib.ExitStack() as stack:
        conn = stack.enter_context(connect.target(target, STOP))
        lease = stack.enter_context(bookkeeping.lease(target))
        clock.stage("plan")
        held = stack.enter_context(snapshot.hold(source, STOP))
        resumed = _resumed(conn, settings, run_id, dry_run)
        planned = _planned(settings, held, resumed.created_at.isoformat() if resumed else _instant(conn))
        stated = certificates.stated(planned, settings)
        rehearsed = None if dry_run else given or _latest(conn, settings)
        drifted = [] if dry_run else certificates.faults(settings, rehearsed, stated)
        _refuse(conn, settings, planned, held, drifted)
        bookkeeping.ensure(conn)
        run = _begin(conn, settings, planned, held, resumed, dry_run, clock)
        sessions = stack.enter_context(contextlib.closing(Sessions(settings, held, STOP)))
        work = Work(run.run_id, planned, settings, held, STOP, sessions)
        clock.message(f"run {run.run_id}")
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
            clock.stage("publish")
            STOP.check()
            workers.call("discard" if run.dry_run else "publish", _finish, conn, work, run, known, stated)
        return summary.of(conn, run.run_id, timings=clock.finish(), **known)


def told(settings: Settings, run_id: str, **known) -> Summary:
    """What the books say of a run. known: fields of Summary that they do not hold. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "reading the books", STOP):
        return summary.of(conn, run_id, **{"missing_tables": [], "changed_tables": []} | known)


def rollback(settings: Settings) -> dict:
    """Put back what stood before the last publish. Errors: PlanRefused if there is nothing of ours, TargetError."""
    with connect.target(settings.target, STOP) as conn, bookkeeping.lease(settings.target):
        return asdict(publish.rollback(conn, settings.target_schema))


def waive(settings: Settings, run_id: str, check_name: str, reason: str, name: str) -> dict:
    """Open a closed gate of a run's build; the waiver as the books have it. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "waiving a check", STOP):
        return summary.timed(gates.waive(conn, run_id, check_name, reason, name), "waived_at")


def status(settings: Settings) -> list[dict]:
    """Runs into this target schema, the latest first, each with its balance."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "reading the runs", STOP):
        is_held = bookkeeping.is_held(conn)
        return [summary.status(conn, run, is_held) for run in bookkeeping.runs(conn, settings.target_schema)]


def _instant(conn: psycopg.Connection) -> str:
    return conn.execute("select now()").fetchone()[0].isoformat()


def _planned(settings: Settings, held: Snapshot, instant: str) -> Plan:
    with blame(SourceError, "reading the source's catalogue", STOP):
        found = catalog.reflect(held.holder, settings.source_schema)
        made = planner.make(found, settings, instant, lambda t, c: _probe(held.holder, settings.source_schema, t, c))
    return replace(made, faults=(*connect.source_faults(held.facts), *made.faults))


PROBE = "select count({column}), count(*) filter (where {column}::text ~* {uuid}) from {table}"


def _probe(conn: psycopg.Connection, schema: str, table: str, columns: list[str]) -> dict[str, tuple[int, int]]:
    """For each text column: how many values it has, and how many are UUIDs."""
    found = {}
    for column in columns:
        query = sql.SQL(PROBE).format(
            column=sql.Identifier(column), uuid=sql.Literal(UUID_TEXT), table=sql.Identifier(schema, table)
        )
        found[column] = conn.execute(query).fetchone()
    return found


def _given(path: str | Path | None, dry_run: bool) -> Certificate | None:
    """Errors: ConfigError if the file is damaged, or the run is a rehearsal itself."""
    if path and dry_run:
        raise ConfigError("a dry-run issues a certificate and is held to none; leave --certificate or --dry-run out")
    return certificates.read(path) if path else None


def _latest(conn: psycopg.Connection, settings: Settings) -> Certificate | None:
    with blame(TargetError, "reading the certificates", STOP):
        return certificates.latest(conn, settings.source_schema) if settings.require_certificate else None


def _refuse(conn: psycopg.Connection, settings: Settings, planned: Plan, held: Snapshot, drifted: list[str]) -> None:
    """All faults at once; drifted: those of the rehearsal.

    Errors: ConfigError (source and target are one schema), PlanRefused.
    """
    with blame(TargetError, "looking at the target", STOP):
        facts = connect.server_facts(conn)
        if facts.is_same_database(held.facts) and settings.source_schema == settings.target_schema:
            raise ConfigError(
                f"source and target are one schema, {settings.target_schema}; "
                "set NXTGAUGE_TARGET_SCHEMA to another name"
            )
        faults = [*connect.target_faults(facts), *planned.faults]
        faults += publish.preflight(
            conn,
            settings.target_schema,
            allow_dependants=settings.allow_dependants,
            source=held.facts,
            source_schema=settings.source_schema,
        )
        faults += [*_extension_faults(conn, planned), *drifted]
        if not faults:
            faults += _rehearsed(conn, settings, planned)
    if faults:
        raise PlanRefused(list(dict.fromkeys(faults)))


def _extension_faults(conn: psycopg.Connection, planned: Plan) -> list[str]:
    have = {name for (name,) in conn.execute("select name::text from pg_available_extensions")}
    return [
        f"extension {name} is used by the source, and the target server lacks it; install it there"
        for name in planned.extensions
        if name not in have
    ]


def _rehearsed(conn: psycopg.Connection, settings: Settings, planned: Plan) -> list[str]:
    """The DDL tried on empty tables, in a transaction that is rolled back."""
    product, archive = before_load(planned)
    positions = ddl.positions(planned.source, planned.build, planned.sequences)
    whole = [*product, *after_load(planned), *positions, *renames(planned)]
    archived = [*archive, *ddl.keys(planned.archive), *ddl.not_nulls(planned.archive)]
    home = settings.extension_schema
    with conn.transaction(force_rollback=True):
        _make_extensions(conn, settings, planned)
        return [
            *ddl.rehearse(conn, planned.build_schema, whole, home),
            *ddl.rehearse(conn, "legacy_archive__build", archived, home),
        ]


def _make_extensions(conn: psycopg.Connection, settings: Settings, planned: Plan) -> None:
    for statement in ddl.extensions(planned.extensions, settings.extension_schema):
        conn.execute(statement.sql)


def _resumed(conn: psycopg.Connection, settings: Settings, run_id: str | None, dry_run: bool):
    """The run to resume. Errors: ConfigError if there is none, or it is over, or of another target."""
    if run_id is None:
        return None
    with blame(TargetError, "reading the runs", STOP):
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


def _begin(conn, settings: Settings, planned: Plan, held: Snapshot, resumed, dry_run: bool, clock: Clock):
    """A new run, or the resumed one: continued if nothing has changed, else begun anew."""
    with blame(TargetError, "beginning the run", STOP):
        identity = held.facts.identity()
        if resumed is None:
            run = bookkeeping.create_run(
                conn,
                profile=settings.profile,
                source_schema=settings.source_schema,
                target_schema=settings.target_schema,
                dry_run=dry_run,
                source_identity=identity,
                mapping_hash=planned.mapping_digest,
                plan_hash=_fingerprint(planned, settings),
                code_version=_version(),
                created_at=planned.instant,
            )
            _drop_builds(conn, settings)
        else:
            run = bookkeeping.resume_run(conn, resumed.run_id)
            if why := _why_anew(conn, settings, planned, held, resumed):
                clock.message(f"beginning anew: {why}")
                _drop_builds(conn, settings)
                bookkeeping.clear_run(conn, run.run_id)
        _make_extensions(conn, settings, planned)
        if resumed is None or "schema" not in bookkeeping.done_steps(conn, run.run_id):
            bookkeeping.set_snapshot(conn, run.run_id, held.visible, identity)
    return run


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
    if changed := _changed(conn, settings, resumed.run_id, held.holder):
        return f"the source has changed in {', '.join(changed)}"
    return ""


def _changed(conn, settings: Settings, run_id: str, source) -> list[str]:
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


def _drop_builds(conn, settings: Settings) -> None:
    for found in bookkeeping.schemas(conn).values():
        if found.role == "build" and found.target_schema == settings.target_schema:
            schemas.drop(conn, found.name)


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
                _drop_builds(conn, settings)
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


def _judged(conn, work: Work) -> list[str]:
    """The engine's own gates; gives the tables that the source has changed meanwhile."""
    with connect.source(work.settings.source, work.stop) as source:
        changed = _changed(conn, work.settings, work.run_id, source)
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
    _drop_builds(conn, work.settings)
    with conn.transaction():
        bookkeeping.set_state(conn, run.run_id, "discarded")
        if known["verdict"] is not None:
            issued = certificates.issue(conn, run.run_id, stated)
            known |= {"certificate": issued.brief("issued"), "issued": issued.to_dict()}
