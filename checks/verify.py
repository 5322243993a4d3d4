"""Judges what is published, by SQL of its own over the target and its bookkeeping.

Laws
- Every check says what it compared; one that compared nothing is a finding, never a pass.
- Read-only. Nothing here knows how the rows got there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import sqlalchemy
from sqlalchemy import text

from checks import connect
from config import mapping, target
from config.errors import TargetError
from config.settings import Settings
from config.shapes import Table


@dataclass(frozen=True)
class Verdict:
    """findings: check, table, detail. checks: how many were made."""

    passed: bool
    findings: list[dict] = field(default_factory=list)
    checks: int = 0


RUN = """
    select s.run_id from migration.schemas s join pg_namespace n on n.oid = s.schema_oid and n.nspname = s.name
    where s.name = :schema and s.kind = 'product' and s.role = 'live'
"""
BALANCE = "select * from migration.balance where run_id = :run order by legacy_table"
COLUMNS = """
    select c.relname::text, a.attname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = :schema and c.relkind in ('r', 'p')
"""
CONSTRAINTS = """
    select r.relname::text, c.conname::text from pg_constraint c join pg_class r on r.oid = c.conrelid
    join pg_namespace n on n.oid = c.connamespace where n.nspname = :schema
"""
TWICE = """
    select legacy_table, count(*) from (
        select legacy_table, legacy_key from migration.rejects where run_id = :run group by 1, 2 having count(*) > 1
    ) as twice group by 1
"""
REJECTED_AND_MAPPED = """
    select r.legacy_table, count(*) from migration.rejects r join migration.id_map m
      on m.run_id = r.run_id and m.legacy_table = r.legacy_table and m.legacy_id = r.legacy_key
    where r.run_id = :run group by 1
"""


def verify(settings: Settings) -> Verdict:
    """The verdict on the target schema. Errors: ConfigError, TargetError (unreachable); anything else is a finding."""
    engine = connect.engine(settings.target)
    try:
        with engine.connect() as conn:
            found = list(_judged(conn, settings.target_schema))
    except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
        raise TargetError(f"judging the target failed: {type(error).__name__}") from None
    findings = [finding for finding in found if finding]
    return Verdict(not findings, findings, len(found))


def _judged(conn: sqlalchemy.Connection, schema: str) -> Iterator[dict | None]:
    """One entry a check: None where it holds."""
    if conn.execute(text("select to_regclass('migration.schemas') is null")).scalar():
        yield _finding("published", None, "the target has no schema migration: nothing was ever migrated into it")
        return
    run_id = conn.execute(text(RUN), {"schema": schema}).scalar()
    if run_id is None:
        yield _finding("published", None, f"there is no schema {schema} that a run published")
        return
    yield from _balance(conn, run_id)
    yield from _shapes(conn, schema)
    yield from _roots(conn, schema)
    for name, query in (("rejected twice", TWICE), ("rejected and mapped", REJECTED_AND_MAPPED)):
        rows = conn.execute(text(query), {"run": run_id}).fetchall()
        yield from ([_finding(name, table, f"{count} rows") for table, count in rows] or [None])


def _balance(conn: sqlalchemy.Connection, run_id: str) -> Iterator[dict | None]:
    rows = conn.execute(text(BALANCE), {"run": run_id}).mappings().fetchall()
    if not rows:
        yield _finding("balance", None, f"run {run_id} has no figures")
    for row in rows:
        detail = (
            f"{row['source_rows']} are not {row['loaded']} + {row['merged']} + {row['rejected']} + {row['archived']}"
        )
        yield None if row["balanced"] else _finding("balance", row["legacy_table"], detail)


def _shapes(conn: sqlalchemy.Connection, schema: str) -> Iterator[dict | None]:
    """Every declared table with its columns and constraints."""
    columns = {tuple(row) for row in conn.execute(text(COLUMNS), {"schema": schema})}
    constraints = {tuple(row) for row in conn.execute(text(CONSTRAINTS), {"schema": schema})}
    tables = {table for table, _ in columns}
    for shape in target.load().values():
        yield from _shape(shape, tables, columns, constraints)


def _shape(shape: Table, tables: set, columns: set, constraints: set) -> Iterator[dict | None]:
    if shape.name not in tables:
        yield _finding("table", shape.name, "is not there")
        return
    if shape.name == "user_settings":
        return  # has the legacy table's columns where there was one
    for column in shape.columns:
        there = (shape.name, column.name) in columns
        yield None if there else _finding("column", shape.name, f"{column.name} is not there")
    for constraint in shape.constraints:
        if constraint.kind in "cup" or (constraint.kind == "f" and constraint.ref_table in tables):
            there = (shape.name, constraint.name) in constraints
            yield None if there else _finding("constraint", shape.name, f"{constraint.name} is not there")


def _roots(conn: sqlalchemy.Connection, schema: str) -> Iterator[dict | None]:
    """Each role has as many roots as its extension table has rows."""
    quote = conn.dialect.identifier_preparer.quote
    counted = conn.execute(text(f"select role, count(*) from {quote(schema)}.user_role_profiles group by role"))
    roots = dict(tuple(row) for row in counted)
    for table in mapping.load().profile_tables:
        rows = conn.execute(text(f"select count(*) from {quote(schema)}.{quote(table)}")).scalar()
        expected = roots.get(table.removesuffix("_profiles"), 0)
        detail = f"{rows} extension rows for {expected} roots of the role"
        yield None if rows == expected else _finding("roots", table, detail)


def _finding(check: str, table: str | None, detail: str) -> dict:
    return {"check": check, "table": table, "detail": detail}
