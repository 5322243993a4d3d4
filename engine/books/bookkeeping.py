"""Schema `migration` of the target: the runs, the outcome of every row, and which schemas are ours.

Laws
- A schema is ours if migration.schemas has both its oid and its name. Our renames update the record; a dump, restore or
  rename by others cannot make a foreign schema look like ours.
- Gates, waivers and certificates are kept for ever; all other records of a run are deleted when it begins anew.
- No function commits: each runs in its caller's transaction, or in autocommit.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from config.errors import ConfigError, TargetError
from engine.books import privileges, totals
from engine.books.scripts import SCRIPTS
from engine.books.totals import Increment
from engine.books.versioned import Versioned, tell_closed
from engine.session.blame import blame

SCHEMA = "migration"
CLOSED_FROM = 5
LOCK = int.from_bytes(b"nxtgauge")  # key of the advisory lock that is the lease
BOOKS = Versioned(SCHEMA, "the target", SCRIPTS, LOCK + 1, TargetError, CLOSED_FROM)
faults, is_foreign, is_present = BOOKS.faults, BOOKS.is_foreign, BOOKS.is_present
LISTED = "`nxtgauge-migrate status` lists them"
ENDS = ("failed", "interrupted", "published", "discarded", "rolled_back")  # states that are counted
OF_A_TABLE = ("tables", "rejects", "id_map", "removed_links", "notes", "moved")  # what a run did with legacy tables
OF_A_RUN = (*OF_A_TABLE, "chunks", "steps", "gone", "rounds", "cutovers")


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """A run as it is known before it begins.

    approval: whether a person has to approve its build. settings: keys and values of the profile; None in older books.
    certificate: that it was given as a file.
    """

    profile: str
    source_schema: str
    target_schema: str
    dry_run: bool
    source_identity: dict[str, Any]
    mapping_hash: str
    plan_hash: str
    code_version: str
    approval: bool = False
    settings: dict[str, Any] | None = None
    certificate: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Run(NewRun):
    """One row of migration.runs. sequences: where the legacy ones stood (last value, whether it was drawn)."""

    run_id: str
    state: str
    created_at: datetime
    started_at: datetime
    finished_at: datetime | None
    snapshot: str | None
    error: str | None
    sequences: dict[str, Any] | None = None


@dataclass(frozen=True)
class SchemaRecord:
    """One row of migration.schemas whose schema still is there. kind: product | archive."""

    schema_oid: int
    name: str
    kind: str
    role: str
    target_schema: str
    run_id: str


def ensure(conn: psycopg.Connection) -> None:
    """Make the books, or bring older ones to this version, with the archives that an older program left open.

    Errors: PlanRefused (not ours, or newer), TargetError.
    """
    with conn.transaction():
        if 0 < BOOKS.ensure(conn) < CLOSED_FROM:
            _close_archives(conn)


def _close_archives(conn: psycopg.Connection) -> None:
    with blame(TargetError, "closing the archives to all but their owner"):
        for schema in schemas(conn).values():
            if schema.kind == "archive" and (others := privileges.close(conn, schema.schema_oid)):
                tell_closed(schema.name, others)


def create_run(conn: psycopg.Connection, new: NewRun, created_at: str | None = None) -> Run:
    """The run, in state running; its id sorts by time. created_at: the plan's instant, by default now."""
    values = {field: json.dumps(v) if isinstance(v, dict) else v for field, v in asdict(new).items()}
    return _one_run(
        conn,
        """insert into migration.runs (run_id, state, profile, source_schema, target_schema, dry_run, source_identity,
                                       mapping_hash, plan_hash, code_version, approval, settings, certificate,
                                       created_at)
           values (to_char(now(), 'YYYYMMDD-HH24MISS-') || %(suffix)s, 'running', %(profile)s, %(source_schema)s,
                   %(target_schema)s, %(dry_run)s, %(source_identity)s, %(mapping_hash)s, %(plan_hash)s,
                   %(code_version)s, %(approval)s, %(settings)s, %(certificate)s,
                   coalesce(%(created_at)s::timestamptz, now()))
           returning *""",
        values | {"suffix": secrets.token_hex(2), "created_at": created_at},
    )


def end_dead_runs(conn: psycopg.Connection, target_schema: str, heir: str) -> None:
    """Write down that every other run into this schema which seems to be under way is not: its process has died.

    heir: the run that begins, whose process has the lease.
    """
    query = "select run_id from migration.runs where state in ('running', 'built') and target_schema = %s"
    for (run_id,) in conn.execute(query, [target_schema]).fetchall():
        if run_id != heir:
            set_state(conn, run_id, "interrupted", f"its process ended without a word; run {heir} took its place")


def resume_run(
    conn: psycopg.Connection,
    run_id: str,
    profile: str,
    approval: bool = False,
    settings: dict[str, Any] | None = None,
    certificate: dict[str, Any] | None = None,
) -> Run:
    """Begin another attempt at a run, under this profile; created_at, and whether it has to be approved, stay.

    settings, certificate: replace the recorded ones; None keeps them.
    """
    return _one_run(
        conn,
        """update migration.runs set state = 'running', started_at = now(), finished_at = null, error = null,
                                     profile = %(profile)s, approval = approval or %(approval)s,
                                     settings = coalesce(%(settings)s, settings),
                                     certificate = coalesce(%(certificate)s, certificate)
           where run_id = %(run_id)s returning *""",
        {"run_id": run_id, "profile": profile, "approval": approval}
        | {"settings": _json(settings), "certificate": _json(certificate)},
    )


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)


def set_state(conn: psycopg.Connection, run_id: str, state: str, error: str | None = None) -> Run:
    """Record the state of a run; an end is counted. Errors: ConfigError for an unknown run."""
    query = """update migration.runs
               set state = %(state)s, error = %(error)s,
                   finished_at = case when %(state)s = 'running' then null else now() end
               where run_id = %(run_id)s returning *"""
    with conn.transaction():
        found = _one_run(conn, query, {"run_id": run_id, "state": state, "error": error})
        if state in ENDS:
            count_end(conn, state, found.profile, found.dry_run)
    return found


def end(conn: psycopg.Connection, attempt: Run, state: str, error: str | None) -> bool:
    """Record how this attempt at a run has ended; False if it was over, or another one has begun since. An end is
    counted."""
    query = """update migration.runs set state = %s, error = %s, finished_at = now()
               where run_id = %s and started_at = %s and state in ('running', 'built')"""
    with conn.transaction():
        is_ours = conn.execute(query, [state, error, attempt.run_id, attempt.started_at]).rowcount == 1
        if is_ours:
            count_end(conn, state, attempt.profile, attempt.dry_run)
    return is_ours


def count_end(conn: psycopg.Connection, outcome: str, profile: str, dry_run: bool) -> None:
    """Count one more run, or attempt at one, that ended in this state; older books may count none."""
    mode = "rehearsal" if dry_run else "migration"
    if totals.are_kept(conn):
        totals.add(conn, [Increment("runs", {"profile": profile, "mode": mode, "outcome": outcome}, 1)])


def set_snapshot(
    conn: psycopg.Connection, run_id: str, visible: str, source_identity: dict[str, Any], sequences: dict[str, Any]
) -> Run:
    """Record the snapshot that the run's rows are read in from now on, the server that it is of, and where sequences
    stood (see Run)."""
    given = {"run_id": run_id, "snapshot": visible}
    return _one_run(
        conn,
        """update migration.runs set snapshot = %(snapshot)s, source_identity = %(identity)s, sequences = %(sequences)s
           where run_id = %(run_id)s returning *""",
        given | {"identity": json.dumps(source_identity), "sequences": json.dumps(sequences)},
    )


def run(conn: psycopg.Connection, run_id: str) -> Run:
    """Errors: ConfigError for a run that is not there."""
    return _one_run(conn, "select * from migration.runs where run_id = %(run_id)s", {"run_id": run_id})


def runs(conn: psycopg.Connection, target_schema: str | None = None) -> list[Run]:
    """All runs, or those into one target schema; the latest first. None where there is no bookkeeping."""
    if not is_present(conn):
        return []
    query = (
        "select * from migration.runs where coalesce(target_schema = %s, true) order by created_at desc, run_id desc"
    )
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(query, [target_schema]).fetchall()


def clear_run(conn: psycopg.Connection, run_id: str, mapping_hash: str, plan_hash: str, code_version: str) -> None:
    """Delete all records of what the run has done, so that it begins anew; the run itself stays, with its new plan."""
    with conn.transaction():
        conn.execute(
            "update migration.runs set mapping_hash = %s, plan_hash = %s, code_version = %s where run_id = %s",
            [mapping_hash, plan_hash, code_version, run_id],
        )
        for table in OF_A_RUN:
            query = sql.SQL("delete from {} where run_id = %s").format(sql.Identifier(SCHEMA, table))
            conn.execute(query, [run_id])


def mark_done(conn: psycopg.Connection, run_id: str, step: str) -> None:
    conn.execute("insert into migration.steps (run_id, step) values (%s, %s) on conflict do nothing", [run_id, step])


def done_steps(conn: psycopg.Connection, run_id: str) -> set[str]:
    return {step for (step,) in conn.execute("select step from migration.steps where run_id = %s", [run_id])}


def register_schema(conn: psycopg.Connection, name: str, kind: str, role: str, target_schema: str, run_id: str) -> None:
    """Note a schema as ours, in the transaction that makes it."""
    conn.execute(
        """insert into migration.schemas (schema_oid, name, kind, role, target_schema, run_id)
           select oid, nspname, %s, %s, %s, %s from pg_namespace where nspname = %s
           on conflict (schema_oid) do update
           set (name, kind, role, target_schema, run_id)
             = (excluded.name, excluded.kind, excluded.role, excluded.target_schema, excluded.run_id)""",
        [kind, role, target_schema, run_id, name],
    )


def rename_schema(conn: psycopg.Connection, schema: SchemaRecord, name: str, role: str) -> None:
    """Rename a schema of ours, and its record with it."""
    names = sql.Identifier(schema.name), sql.Identifier(name)
    conn.execute(sql.SQL("alter schema {} rename to {}").format(*names))
    query = "update migration.schemas set name = %s, role = %s where schema_oid = %s"
    conn.execute(query, [name, role, schema.schema_oid])


def forget_schema(conn: psycopg.Connection, schema: SchemaRecord) -> None:
    conn.execute("delete from migration.schemas where schema_oid = %s", [schema.schema_oid])


def build(conn: psycopg.Connection, run_id: str) -> SchemaRecord:
    """The build schema of a run that has one. Errors: LookupError."""
    found = find_build(conn, run_id)
    if found is None:
        raise LookupError(f"run {run_id} has no build schema")
    return found


def find_build(conn: psycopg.Connection, run_id: str) -> SchemaRecord | None:
    """The build schema of a run's product; None where it is no longer there, or is published."""
    found = (s for s in schemas(conn).values() if s.run_id == run_id and (s.kind, s.role) == ("product", "build"))
    return next(found, None)


def schemas(conn: psycopg.Connection) -> dict[str, SchemaRecord]:
    """Our schemas that there are, by name."""
    if not is_present(conn):
        return {}
    query = "select s.* from migration.schemas s join pg_namespace n on n.oid = s.schema_oid and n.nspname = s.name"
    with conn.cursor(row_factory=class_row(SchemaRecord)) as cursor:
        return {schema.name: schema for schema in cursor.execute(query)}


def _one_run(conn: psycopg.Connection, query: str, values: Mapping[str, Any]) -> Run:
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        found = cursor.execute(query, values).fetchone()
    if found is None:
        raise ConfigError(f"there is no run {values['run_id']} in migration.runs of this target; {LISTED}")
    return found
