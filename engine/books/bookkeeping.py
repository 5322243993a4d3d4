"""Schema `migration` of the target: what was run, what became of every row, which schemas are ours, who is at work.

Laws
- A schema is ours if its oid and its name both stand in migration.schemas: so its records follow our renames, and no
  dump, restore or rename by others makes us take a stranger's for ours.
- One run at a time holds a target database: schemas `migration` and `legacy_archive` are common to all its schemas.
- What was judged, waived and certified is kept for ever; all else of a run goes when it is begun anew.
- Nothing here commits: each function is a part of its caller's transaction, or autocommits.
"""

import contextlib
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from config.connection import Connection
from config.errors import ConfigError, TargetBusy, TargetError
from engine.books import privileges, totals
from engine.books.totals import Increment
from engine.books.versioned import Versioned, tell_closed
from engine.session import connect
from engine.session.blame import blame

SCHEMA = "migration"
SCRIPTS = tuple(
    Path(__file__).parent / "sql" / name
    for name in ("bookkeeping.sql", *(f"bookkeeping_{version}.sql" for version in range(2, 10)))
)
CLOSED_FROM = 5
LOCK = int.from_bytes(b"nxtgauge")  # key of the advisory lock that is the lease
BOOKS = Versioned(SCHEMA, "the target", SCRIPTS, LOCK + 1, TargetError, CLOSED_FROM)
faults, is_foreign, is_present = BOOKS.faults, BOOKS.is_foreign, BOOKS.is_present
OPEN = ("running", "built")  # states of a run that is under way, or has died
ENDS = ("failed", "interrupted", "published", "discarded", "rolled_back")  # states that are counted
OF_A_RUN = ("tables", "chunks", "steps", "rejects", "id_map", "removed_links", "notes", "moved", "gone")


@dataclass(frozen=True)
class Run:
    """One row of migration.runs."""

    run_id: str
    state: str
    created_at: datetime
    started_at: datetime
    finished_at: datetime | None
    profile: str
    source_schema: str
    target_schema: str
    dry_run: bool
    source_identity: dict[str, Any]
    mapping_hash: str
    plan_hash: str
    code_version: str
    snapshot: str | None
    error: str | None
    approval: bool = False  # whether a person has to approve its build; older books do not say
    settings: dict[str, Any] | None = None  # keys and values of the profile that it began with; older books do not say
    certificate: dict[str, Any] | None = None  # that it was given as a file


@dataclass(frozen=True)
class Schema:
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


def create_run(
    conn: psycopg.Connection,
    *,
    profile: str,
    source_schema: str,
    target_schema: str,
    dry_run: bool,
    source_identity: dict[str, Any],
    mapping_hash: str,
    plan_hash: str,
    code_version: str,
    created_at: str | None = None,
    approval: bool = False,
    settings: dict[str, Any] | None = None,
    certificate: dict[str, Any] | None = None,
) -> Run:
    """A new run in state running; its id sorts by time. created_at: the plan's instant, by default now.

    approval: whether a person has to approve its build. settings: keys and values of the profile. certificate: that it
    was given as a file.
    """
    return _one_run(
        conn,
        """insert into migration.runs (run_id, state, profile, source_schema, target_schema, dry_run, source_identity,
                                       mapping_hash, plan_hash, code_version, approval, settings, certificate,
                                       created_at)
           values (to_char(now(), 'YYYYMMDD-HH24MISS-') || %s, 'running', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                   coalesce(%s::timestamptz, now()))
           returning *""",
        [
            secrets.token_hex(2),
            profile,
            source_schema,
            target_schema,
            dry_run,
            json.dumps(source_identity),
            mapping_hash,
            plan_hash,
            code_version,
            approval,
            _json(settings),
            _json(certificate),
            created_at,
        ],
    )


def resume_run(
    conn: psycopg.Connection,
    run_id: str,
    profile: str,
    approval: bool = False,
    settings: dict[str, Any] | None = None,
    certificate: dict[str, Any] | None = None,
) -> Run:
    """Another attempt at a run, by this profile: its created_at stays, and that it has to be approved.

    settings, certificate: what is kept from now on; None: what was.
    """
    return _one_run(
        conn,
        """update migration.runs set state = 'running', started_at = now(), finished_at = null, error = null,
                                     profile = %s, approval = approval or %s, settings = coalesce(%s, settings),
                                     certificate = coalesce(%s, certificate)
           where run_id = %s returning *""",
        [profile, approval, _json(settings), _json(certificate), run_id],
    )


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)


def set_state(conn: psycopg.Connection, run_id: str, state: str, error: str | None = None) -> Run:
    """How the run stands; an end is counted. Errors: ConfigError for a run that is not there."""
    query = """update migration.runs
               set state = %s, error = %s, finished_at = case when %s = 'running' then null else now() end
               where run_id = %s returning *"""
    with conn.transaction():
        found = _one_run(conn, query, [state, error, state, run_id])
        if state in ENDS:
            count_end(conn, state, found.profile, found.dry_run)
    return found


def count_end(conn: psycopg.Connection, outcome: str, profile: str, dry_run: bool) -> None:
    """One more run, or attempt at one, that ended so."""
    mode = "rehearsal" if dry_run else "migration"
    totals.add(conn, [Increment("runs", {"profile": profile, "mode": mode, "outcome": outcome}, 1)])


def set_snapshot(conn: psycopg.Connection, run_id: str, visible: str, source_identity: dict[str, Any]) -> Run:
    """Record the snapshot that the run's rows are read in from now on, and the server that it is of."""
    return _one_run(
        conn,
        "update migration.runs set snapshot = %s, source_identity = %s where run_id = %s returning *",
        [visible, json.dumps(source_identity), run_id],
    )


def run(conn: psycopg.Connection, run_id: str) -> Run:
    """Errors: ConfigError for a run that is not there."""
    return _one_run(conn, "select * from migration.runs where run_id = %s", [run_id])


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
    """Forget all that the run has done but that it was, and by which plan it begins anew."""
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


def rename_schema(conn: psycopg.Connection, schema: Schema, name: str, role: str) -> None:
    """Rename a schema of ours, and its record with it."""
    names = sql.Identifier(schema.name), sql.Identifier(name)
    conn.execute(sql.SQL("alter schema {} rename to {}").format(*names))
    query = "update migration.schemas set name = %s, role = %s where schema_oid = %s"
    conn.execute(query, [name, role, schema.schema_oid])


def forget_schema(conn: psycopg.Connection, schema: Schema) -> None:
    conn.execute("delete from migration.schemas where schema_oid = %s", [schema.schema_oid])


def build(conn: psycopg.Connection, run_id: str) -> Schema | None:
    """The build schema of a run's product; None where it is no longer there, or is published."""
    found = (s for s in schemas(conn).values() if s.run_id == run_id and (s.kind, s.role) == ("product", "build"))
    return next(found, None)


def schemas(conn: psycopg.Connection) -> dict[str, Schema]:
    """Our schemas that there are, by name."""
    if not is_present(conn):
        return {}
    query = "select s.* from migration.schemas s join pg_namespace n on n.oid = s.schema_oid and n.nspname = s.name"
    with conn.cursor(row_factory=class_row(Schema)) as cursor:
        return {schema.name: schema for schema in cursor.execute(query)}


@dataclass(frozen=True)
class Lease:
    """The right to change this target, for as long as its session lives."""

    conn: psycopg.Connection

    def check(self) -> None:
        """Errors: TargetError if the session has ended, and the lease with it."""
        with blame(TargetError, "holding the lease of the target"):
            self.conn.execute("select")


@contextlib.contextmanager
def lease(connection: Connection) -> Iterator[Lease]:
    """Hold the target database for one run; a session of its own, so the end of the process ends the lease.

    Errors: TargetBusy, which says who holds it; TargetError.
    """
    with connect.target(connection) as conn:
        with blame(TargetError, "taking the lease of the target"):
            if not take(conn, LOCK):
                raise busy(holder(conn))
        with giving_back(conn, LOCK):
            yield Lease(conn)


def take(conn: psycopg.Connection, lock: int) -> bool:
    """Take an advisory lock for this session, if it is free or soon is: a killed process leaves its session behind for
    a moment."""
    try:
        with conn.transaction():
            conn.execute("set local lock_timeout = '1s'")
            conn.execute("select pg_advisory_lock(%s)", [lock])
    except psycopg.errors.LockNotAvailable:
        return False
    return True


@contextlib.contextmanager
def giving_back(conn: psycopg.Connection, lock: int) -> Iterator[None]:
    """At the end of the block the lock is free: a server ends a session only after we have left it, and the next run
    may come first."""
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):  # without its session the lock is free already
            conn.execute("select pg_advisory_unlock(%s)", [lock])


HOLDER = """
    select format('session %%s of %%s from %%s since %%s', a.pid, a.usename,
                  coalesce(host(a.client_addr), 'its own machine'),
                  to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
      and l.database = (select oid from pg_database where datname = current_database())
      and l.classid::bigint = %(lock)s::bigint >> 32 and l.objid::bigint = %(lock)s::bigint & 4294967295
"""


def at_work(found: Iterable[Run], is_held: bool) -> Run | None:
    """The run that is under way, if one is: of those that are not over the one that was begun last; the others died."""
    under_way = [run for run in found if run.state in OPEN]
    return max(under_way, key=lambda run: run.started_at) if under_way and is_held else None


def is_held(conn: psycopg.Connection) -> bool:
    """Whether some session holds the lease now."""
    return conn.execute(HOLDER, {"lock": LOCK}).fetchone() is not None


def busy(who: str) -> TargetBusy:
    """The error of whoever finds the lease held. who: as holder() tells."""
    return TargetBusy(f"another run holds this target: {who}; wait for it to end, or stop it where it runs")


def holder(conn: psycopg.Connection) -> str:
    """Who holds the lease: the run, where the books can be read, and the session."""
    run = None if faults(conn) else at_work(runs(conn), is_held=True)
    names = [f"run {run.run_id} into {run.target_schema}"] if run else []
    names += [row[0] for row in conn.execute(HOLDER, {"lock": LOCK})]
    return ", ".join(names) or "it has just ended"


def _one_run(conn: psycopg.Connection, query: str, values: list[Any]) -> Run:
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        found = cursor.execute(query, values).fetchone()
    if found is None:
        raise ConfigError(
            f"there is no run {values[-1]} in migration.runs of this target; `nxtgauge-migrate status` lists them"
        )
    return found
