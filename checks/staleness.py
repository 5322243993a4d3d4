"""Which tables either side has changed since the run read or verified them.

Laws
- A table may be taken for changed that is not, never the other way round: what cannot be told has changed.
- Source: the row count, the files and the youngest xmin, against those of the run's snapshot. Target: the row count and
  the sum of xmin, against the seal that the run put on its build.
- One scan of each table.
"""

import psycopg

from checks.facts import Facts, quoted

SYSTEM = "select system_identifier::text from pg_control_system()"
MARKS = "select legacy_table, coalesce(files, ''), source_rows from migration.tables where run_id = %s"
SEAL = """
    select s.marks from migration.seals s join pg_namespace n on n.oid = s.build_oid
    where s.run_id = %s and n.nspname = %s
"""
FILES = """
    select c.relname::text, case when count(*) = count(pg_relation_filenode(f.oid))
           then string_agg(pg_relation_filenode(f.oid)::text, ' ' order by f.oid) end
    from pg_class c
    cross join lateral (
        select relid as oid from pg_partition_tree(c.oid) where isleaf and c.relkind = 'p'
        union all select c.oid where c.relkind = 'r'
    ) as f
    where c.relnamespace = (select oid from pg_namespace where nspname = %s) and c.relkind in ('r', 'p')
    group by c.relname
"""
# Transactions count round in 32 bits: what is compared is their distance from the oldest that the snapshot saw running.
SEEN = """
    select count(*), coalesce(bool_or((t.xmin::text::bigint - {low} + 4294967296) % 4294967296
           < pg_snapshot_xmax(pg_current_snapshot())::text::bigint - {since}), false)
    from {table} as t
"""
ROWS = "select concat(count(*), ' ', coalesce(sum(xmin::text::bigint), 0)) from {table}"


def of_source(facts: Facts, source: psycopg.Connection, target: psycopg.Connection) -> set[str]:
    """Legacy tables that have changed since the run's snapshot."""
    tables, run = set(facts.source.tables), facts.books
    system = _system(source)
    if run.snapshot is None or system is None or system != run.identity.get("system_identifier"):
        return tables
    marks = {name: (files, rows) for name, files, rows in target.execute(MARKS, [run.run_id])}
    now = dict(source.execute(FILES, [run.source_schema]).fetchall())
    since = int(run.snapshot.split(":")[0])
    return {
        name for name in tables if name not in marks or not _is_as_read(source, facts, name, marks[name], now, since)
    }


def _system(source: psycopg.Connection) -> str | None:
    """The server's identifier; None where this role may not ask."""
    try:
        with source.transaction():
            return source.execute(SYSTEM).fetchone()[0]
    except psycopg.errors.InsufficientPrivilege:
        return None


def _is_as_read(source, facts: Facts, table: str, mark: tuple[str, int], now: dict[str, str], since: int) -> bool:
    files, rows = mark
    if not files or now.get(table) != files:
        return False
    name = quoted(facts.source.schema, table)
    count, has_younger = source.execute(SEEN.format(low=since % 2**32, since=since, table=name)).fetchone()
    return count == rows and not has_younger


def of_target(facts: Facts, target: psycopg.Connection) -> set[str]:
    """Tables of the product, and `legacy_archive.<table>`, that have changed since the build was verified."""
    row = target.execute(SEAL, [facts.books.run_id, facts.target.schema]).fetchone()
    marks = row[0] if row else {}
    product = _sealed(marks, f"{facts.settings.target_schema}__build.")
    archive = _sealed(marks, "legacy_archive__build.")
    changed = {t for t in facts.target.tables if product.get(t) != _rows(target, facts.target.schema, t)}
    kept = {t for t in facts.archive.tables if archive.get(t) != _rows(target, facts.archive.schema, t)}
    return changed | {f"legacy_archive.{table}" for table in kept}


def _sealed(marks: dict[str, str], prefix: str) -> dict[str, str]:
    """Table → the part of its mark that tells of its rows."""
    return {key.removeprefix(prefix): mark.partition(" ")[2] for key, mark in marks.items() if key.startswith(prefix)}


def _rows(target: psycopg.Connection, schema: str, table: str) -> str:
    return target.execute(ROWS.format(table=quoted(schema, table))).fetchone()[0]
