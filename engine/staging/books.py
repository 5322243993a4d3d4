"""Schema `nxtgauge_staging` of the staging database: the copies, how each column was carried, which objects are ours.

Laws
- The copy's schema is emptied only if the books of a copy have its oid and name; objects that the last copy did not
  make are named in an error, never dropped. Extensions stay.
- One refresh at a time holds a staging database.
- The rows of a failed copy are removed; if that is impossible, its error says so.
- A copy that a dead process left behind is marked failed by the next.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from config.errors import MigrateError, PlanRefused, StagingError
from engine.books import lease
from engine.books.lease import Place
from engine.books.versioned import Versioned
from engine.publish import schemas
from engine.publish.schemas import Member, listed
from engine.session import connect, fetch
from engine.session.blame import blame

SCHEMA = "nxtgauge_staging"
OID = "select oid from pg_namespace where nspname = %s"
LOCK = int.from_bytes(b"nxtstage")  # key of the advisory lock that is the lease
SCRIPTS = tuple(Path(__file__).parent / "sql" / name for name in ("books.sql", "books_2.sql", "books_3.sql"))
BOOKS = Versioned(SCHEMA, "the staging database", SCRIPTS, LOCK + 1, StagingError, closed_from=2)
faults, is_present, ensure = BOOKS.faults, BOOKS.is_present, BOOKS.ensure

DROPS = schemas.DROPS | {
    "operator": "drop operator",
    "operator class": "drop operator class",
    "operator family": "drop operator family",
    "conversion": "drop conversion",
    "text search parser": "drop text search parser",
    "text search template": "drop text search template",
}


@dataclass(frozen=True)
class Copy:
    """One row of nxtgauge_staging.copies."""

    copy_id: str
    made_at: datetime
    finished_at: datetime | None
    state: str
    source_identity: dict[str, Any]
    source_schema: str
    schema_oid: int
    percent: float | None
    is_masked: bool
    reason: str | None
    name: str | None
    scan: dict[str, Any] | None
    error: str | None
    written_at: datetime | None = None  # by the writer of a rehearsed cut-over; None in older books


def _holder(conn: psycopg.Connection) -> str:
    return next(iter(lease.sessions(conn, LOCK)), "it has just ended")


PLACE = Place(LOCK, "staging database", StagingError, connect.staging, "refresh", _holder)


LATEST = """
    select * from nxtgauge_staging.copies
    where source_schema = %(schema)s and schema_oid = coalesce(%(oid)s, schema_oid)
    order by made_at desc, copy_id desc limit 1
"""


def latest(conn: psycopg.Connection, schema: str, schema_oid: int | None = None) -> Copy | None:
    """The last copy that went into a schema of this name, and oid; None where there are no books, or none was made."""
    if not is_present(conn):
        return None
    with conn.cursor(row_factory=class_row(Copy)) as cursor:
        return cursor.execute(LATEST, {"schema": schema, "oid": schema_oid}).fetchone()


def mark_written(conn: psycopg.Connection, copy: Copy) -> None:
    """The writer of a rehearsed cut-over begins. Errors: PlanRefused (books that are newer), StagingError."""
    ensure(conn)
    query = "update nxtgauge_staging.copies set written_at = coalesce(written_at, now()) where copy_id = %s"
    conn.execute(query, [copy.copy_id])


def is_empty(conn: psycopg.Connection, schema: str) -> bool:
    """Whether the schema of this name is empty, or there is none."""
    found = _oid(conn, schema)
    return found is None or not members(conn, found)


def schema_faults(conn: psycopg.Connection, schema: str) -> list[str]:
    """Why the copy cannot take this schema, one sentence each."""
    if schema == SCHEMA:
        return [f"the source's schema is called {SCHEMA}, as the books of the staging copy are; rename it"]
    found = _oid(conn, schema)
    if found is None:
        return []
    held = members(conn, found)
    if latest(conn, schema, found) is None:
        what = "and no copy of ours is in it; use a fresh database, or empty it yourself"
        return [f"schema {schema} of the staging database holds {listed(held)}, {what}"] if held else []
    if added := _added(conn, found, held):
        what = "that `stage` did not put there; move or drop that"
        return [f"schema {schema} of the staging database holds {listed(added)}, {what}"]
    if outside := schemas.dependants_of(conn, found, extensions=False):
        return [f"schema {schema} is to be emptied and others depend on it: {listed(outside)}; drop that first"]
    return []


def _added(conn: psycopg.Connection, schema_oid: int, held: list[Member]) -> list[Member]:
    query = "select kind, name, class, object from nxtgauge_staging.objects where schema_oid = %s"
    known = {(kind, name): (oid_class, oid) for kind, name, oid_class, oid in conn.execute(query, [schema_oid])}
    ours = [known.get((m.kind, m.name)) for m in held]
    return [m for m, place in zip(held, ours, strict=True) if place not in ((m.oid_class, m.oid), (None, None))]


def members(conn: psycopg.Connection, schema_oid: int) -> list[Member]:
    """What lives in a schema by itself: neither extensions' own, nor parts of other members."""
    return [m for m in schemas.members_of(conn, schema_oid, extensions=False) if not m.goes_along]


def begin(conn: psycopg.Connection, schema: str, names: list[tuple[str, str]], columns: dict[str, Any]) -> Copy:
    """A new copy in state running, its schema empty. names: kind and name of all that the source's schema holds.

    columns: those of `copies`. One transaction. Errors: PlanRefused, of schema_faults too, for somebody may have come
    since they were last asked; StagingError.
    """
    with blame(StagingError, f"emptying schema {schema}"), conn.transaction():
        if found := schema_faults(conn, schema):
            raise PlanRefused(found)
        conn.execute(
            "update nxtgauge_staging.copies set state = 'failed', finished_at = now(), error = 'the process ended' "
            "where state = 'running'"
        )
        oid = _made(conn, schema)
        schemas.drop_all(conn, schema, lambda: _ours(conn, oid), DROPS)
        _expect(conn, oid, names)
        return _created(conn, columns | {"source_schema": schema, "schema_oid": oid})


def _made(conn: psycopg.Connection, schema: str) -> int:
    """The oid of the schema, which is made if it is not there."""
    if _oid(conn, schema) is None:
        conn.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    return fetch.value(int, conn, OID, [schema])


def _created(conn: psycopg.Connection, columns: dict[str, Any]) -> Copy:
    values = columns | {"source_identity": json.dumps(columns["source_identity"]), "state": "running"}
    query = sql.SQL(
        "insert into nxtgauge_staging.copies (copy_id, {}) "
        "values (to_char(now(), 'YYYYMMDD-HH24MISS-') || {}, {}) returning *"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.Literal(secrets.token_hex(2)),
        sql.SQL(", ").join(map(sql.Placeholder, values)),
    )
    with conn.cursor(row_factory=class_row(Copy)) as cursor:
        return cursor.execute(query, values).fetchall()[0]


def _expect(conn: psycopg.Connection, schema_oid: int, names: list[tuple[str, str]]) -> None:
    conn.execute("delete from nxtgauge_staging.objects where schema_oid = %s", [schema_oid])
    query = "insert into nxtgauge_staging.objects (schema_oid, kind, name) values (%s, %s, %s)"
    with conn.cursor() as cursor:
        cursor.executemany(query, [(schema_oid, kind, name) for kind, name in names])


def keep_objects(conn: psycopg.Connection, copy: Copy) -> None:
    """Record the objects that were made under the expected names, so that none made later is taken for ours."""
    query = "update nxtgauge_staging.objects set class = %s, object = %s where (schema_oid, kind, name) = (%s, %s, %s)"
    rows = [(m.oid_class, m.oid, copy.schema_oid, m.kind, m.name) for m in members(conn, copy.schema_oid)]
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(query, rows)
        conn.execute("delete from nxtgauge_staging.objects where object is null and schema_oid = %s", [copy.schema_oid])


def keep_columns(conn: psycopg.Connection, copy: Copy, columns: list[tuple[str, str, str, str]]) -> None:
    """columns: table, column, kind, why."""
    query = "insert into nxtgauge_staging.columns values (%s, %s, %s, %s, %s)"
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(query, [(copy.copy_id, *row) for row in columns])


def keep_tables(conn: psycopg.Connection, copy: Copy, counts: dict[str, tuple[int, int]]) -> None:
    """counts: table → rows in the source's snapshot, rows in the copy."""
    query = "insert into nxtgauge_staging.tables values (%s, %s, %s, %s)"
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(query, [(copy.copy_id, table, *rows) for table, rows in counts.items()])


def finish(conn: psycopg.Connection, copy: Copy, state: str, **known: Any) -> None:
    """Set the state; known: scan, error."""
    values = {"scan": None, "error": None} | known | {"state": state, "copy_id": copy.copy_id}
    values["scan"] = json.dumps(values["scan"]) if values["scan"] is not None else None
    conn.execute(
        "update nxtgauge_staging.copies set state = %(state)s, scan = %(scan)s, error = %(error)s, finished_at = now() "
        "where copy_id = %(copy_id)s",
        values,
    )


def withdraw(conn: psycopg.Connection, copy: Copy, error: str, scan: dict[str, Any] | None = None) -> str:
    """Drop what a failed copy made, or at least its rows. Returns what is left as a sentence.

    '' if nothing is. error: why it failed; the books say so first, and then with it what is left. No errors but such
    as keep the books from being written: psycopg.Error, of which nothing is known but that all may still be there.
    """
    finish(conn, copy, "failed", error=error, scan=scan)
    left = _emptied(conn, copy)
    if left:
        finish(conn, copy, "failed", error=f"{error}\n{left}", scan=scan)
    return left


def _emptied(conn: psycopg.Connection, copy: Copy) -> str:
    """What is left of a copy once its objects are dropped, or, where others hold on to these, its rows."""
    if _oid(conn, copy.source_schema) != copy.schema_oid:
        renamed = conn.execute("select nspname from pg_namespace where oid = %s", [copy.schema_oid]).fetchone()
        return f"the rows of the failed copy are still in schema {renamed[0]}; drop it yourself" if renamed else ""
    try:
        with conn.transaction():
            schemas.drop_all(conn, copy.source_schema, lambda: _ours(conn, copy.schema_oid), DROPS)
        return ""
    except (MigrateError, psycopg.Error, KeyError):
        return _truncated(conn, copy)


def _truncated(conn: psycopg.Connection, copy: Copy) -> str:
    """Views of others may depend on a table that is truncated, references may not."""
    where = f"schema {copy.source_schema} of the staging database"
    try:
        outside = schemas.dependants_of(conn, copy.schema_oid, extensions=False)
        _truncate(conn, _ours(conn, copy.schema_oid))
    except psycopg.Error as error:
        why = f"emptying it failed with SQLSTATE {error.sqlstate or 'none'}"
        return f"the rows of the failed copy are still in {where} ({why}); drop that schema yourself"
    why = f"{listed(outside)} depend on them; drop that" if outside else "they could not be dropped"
    return f"its tables are still in {where}, without rows: {why}"


def _truncate(conn: psycopg.Connection, ours: list[Member]) -> None:
    tables = [sql.SQL(member.name) for member in ours if member.kind == "table"]
    with conn.transaction():
        for member in ours:
            if member.kind == "materialized view":
                conn.execute(sql.SQL("refresh materialized view {} with no data").format(sql.SQL(member.name)))
        if tables:
            conn.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(tables)))


def _ours(conn: psycopg.Connection, schema_oid: int) -> list[Member]:
    held = members(conn, schema_oid)
    added = _added(conn, schema_oid, held)
    return [member for member in held if member not in added]


def _oid(conn: psycopg.Connection, schema: str) -> int | None:
    row = conn.execute(OID, [schema]).fetchone()
    return row[0] if row else None
