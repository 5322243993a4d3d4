"""The mark of a schema that is put in place, with its keys, in the books: so that it can be told later what was written
to it since.

Laws
- The mark of a schema in place is taken while writers are kept away from it, by the transaction that puts it in place:
  whatever is written to it later is new, and nothing of what it holds then is.
- Keys can be kept before, as one snapshot sees them, with a mark of it (`prepare`); writers go on meanwhile. The
  transaction that puts the schema in place then keeps those anew that have changed since, by the feed, and no others:
  all of a table with other files or another key, else by ranges of pages. Rows stay in their page, so a range without a
  new row, and with as many rows as keys, has the keys that it had.
- Keys are read and kept by the server, a range of pages at a time; none passes through this process.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg
from psycopg import sql

from engine.books import versioned
from engine.books.bookkeeping import SchemaRecord
from engine.changes import access, feed, marks
from engine.changes.feed import Changes
from engine.changes.marks import Described, Mark
from engine.session import fetch

PAGES = 16  # some thousand keys: of two million rows, a hundred rows that have changed are in a tenth of the ranges
KNOWN = sql.Identifier("pg_temp", "keys_known")

TABLES = """
    select c.relname::text from pg_class c
    where c.relnamespace = %s and c.relkind in ('r', 'p')
      and not (c.relispartition and exists (
          select from pg_class root where root.oid = pg_partition_root(c.oid) and root.relnamespace = c.relnamespace))
    order by 1
"""
LEAVES = """
    select n.nspname::text, l.relname::text, pg_relation_size(l.oid) / int8in(textout(current_setting('block_size')))
    from pg_class c join pg_namespace s on s.oid = c.relnamespace
    cross join lateral (
        select c.oid where c.relkind = 'r'
        union all select t.relid::oid from pg_partition_tree(c.oid) t where t.isleaf and c.relkind = 'p'
    ) as leaf
    join pg_class l on l.oid = leaf.oid join pg_namespace n on n.oid = l.relnamespace
    where s.nspname = %s and c.relname = %s and l.relkind = 'r'
    order by l.oid
"""
RANGE = """
    t.ctid >= tidin(textout(concat('(', part.number * {pages}, ',0)')))
    and t.ctid < tidin(textout(concat('(', (part.number + 1) * {pages}, ',0)')))
"""
KEEP = """
    insert into migration.keys (schema_oid, table_name, number, keys)
    select %s, %s, %s + part.number, keys from {numbers} as part (number) cross join lateral (
        select array_agg(textin(record_out(row({columns})))) as keys from only {leaf} as t where {of_range}
    ) as of_part where keys is not null
"""
TOUCHED = """
    select coalesce(array_agg(number), '{{}}')
    from (
        select part.number, count, new from generate_series(0, %s) as part (number) cross join lateral (
            select count(*), count(*) filter (where {written}) as new from only {leaf} as t where {of_range}
        ) as of_part
    ) as now
    full join (
        select number, cardinality(keys) as count from migration.keys where schema_oid = %s and table_name = %s
    ) as kept using (number)
    where now.new > 0 or coalesce(now.count, 0) <> coalesce(kept.count, 0)
"""
DROP_KEYS = "delete from migration.keys where schema_oid = %s and table_name = %s"
READ = """
    insert into {known} select (of_key.key).* from (
        select key::{known} as key from migration.keys as kept cross join unnest(kept.keys) as key
        where kept.schema_oid = %s and kept.table_name = %s offset 0
    ) as of_key
"""


@dataclass(frozen=True)
class Kept:
    """A schema's mark, and when it was taken."""

    mark: Mark
    taken_at: datetime


def prepare(conn: psycopg.Connection, schema: SchemaRecord) -> None:
    """Keep the keys of a schema that is to be put in place, in a transaction of its own, without keeping writers away.

    A table that cannot be read is left out. What was prepared before is replaced.
    """
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        _keep_all(conn, schema)


def prepared(conn: psycopg.Connection, schema: SchemaRecord) -> Mark | None:
    """What was prepared of a schema that is to be put in place; its tables under the names that they have now."""
    found = read(conn, schema.schema_oid)
    if found is None:
        return None
    now = {table.files: name for name, table in marks.described(conn, schema.name, tables(conn, schema)).items()}
    old = found.mark.tables
    renamed = {name: now[one.files] for name, one in old.items() if one.files and now.get(one.files, name) not in old}
    for name, new in renamed.items():
        query = "update migration.keys set table_name = %s where schema_oid = %s and table_name = %s"
        conn.execute(query, [new, schema.schema_oid, name])
    return replace(found.mark, tables={renamed.get(name, name): one for name, one in old.items()})


def keep(conn: psycopg.Connection, schema: SchemaRecord, since: Changes | None = None) -> None:
    """Mark a schema of ours, in the caller's transaction, which keeps writers away; a mark that it has is replaced.

    since: what was written since it was prepared, as the caller's transaction finds it. A table that cannot be read is
    none of the mark's, which says so.
    """
    if since is None or since.since is None:
        _keep_all(conn, schema)
        return
    names = {*tables(conn, schema)} & since.now.tables.keys()
    for name in names | since.since.tables.keys():
        _keep_again(conn, schema, since, name)
    _put(conn, schema, replace(since.now, tables={name: since.now.tables[name] for name in sorted(names)}))


def _keep_all(conn: psycopg.Connection, schema: SchemaRecord) -> None:
    names = tables(conn, schema)
    unread = access.unreadable(conn, schema.name, names)
    readable = [name for name in names if name not in unread]
    taken, spared = access.sparing(conn, schema.name, readable, lambda some: feed.mark(conn, schema.name, some))
    forget(conn, schema.schema_oid)
    _put(conn, schema, replace(taken, unread=(*unread, *spared)))
    for table in marks.described(conn, schema.name, taken.tables).values():
        _keep_keys(conn, schema, table)


def _put(conn: psycopg.Connection, schema: SchemaRecord, mark: Mark) -> None:
    # A copy of the database on the same server (a template's) has the same rows, with the same xmin, in schemas of the
    # same oids; in any other database the schema would not be known as ours.
    query = """
        insert into migration.marks (schema_oid, mark) values (%s, %s)
        on conflict (schema_oid) do update set (mark, taken_at) = (excluded.mark, excluded.taken_at)
    """
    conn.execute(query, [schema.schema_oid, json.dumps(replace(mark, database_oid=None).to_dict())])


def _keep_again(conn: psycopg.Connection, schema: SchemaRecord, since: Changes, name: str) -> None:
    """What has changed of a table's keys, by its name now."""
    found, then = since.tables[name], since.since.tables.get(name) if since.since else None
    table = found.table if name in since.now.tables else None
    has_its_key = then is not None and table is not None and then.key == table.key
    if has_its_key and not found.is_changed:
        return
    if has_its_key and table and since.since and not found.whole and not table.is_partitioned:
        _keep_touched(conn, schema, table, marks.written(since.since))
        return
    conn.execute(DROP_KEYS, [schema.schema_oid, name])
    if table:
        _keep_keys(conn, schema, table)


def _keep_touched(conn: psycopg.Connection, schema: SchemaRecord, table: Described, written: sql.Composable) -> None:
    """The keys of those ranges of pages in which something was written, or from which something is gone."""
    for leaf, last in _leaves(conn, schema.name, table.name):
        query = sql.SQL(TOUCHED).format(written=written, leaf=leaf, of_range=_of_range())
        touched = fetch.value(list, conn, query, [last, schema.schema_oid, table.name])
        conn.execute(f"{DROP_KEYS} and number = any(%s)", [schema.schema_oid, table.name, touched])
        _keep_ranges(conn, schema, table, leaf, touched)


def _keep_keys(conn: psycopg.Connection, schema: SchemaRecord, table: Described) -> None:
    first = 0
    for leaf, last in _leaves(conn, schema.name, table.name) if table.key else ():
        _keep_ranges(conn, schema, table, leaf, range(last + 1), first)
        first += last + 1


def _keep_ranges(
    conn: psycopg.Connection,
    schema: SchemaRecord,
    table: Described,
    leaf: sql.Identifier,
    numbers: Iterable[int],
    first: int = 0,
) -> None:
    """Keep the keys of ranges of a leaf's pages, which get numbers from the first one on."""
    columns = sql.SQL(", ").join(sql.Identifier("t", name) for name, _ in table.key)
    listed = sql.SQL("unnest({}::int4[])").format(sql.Literal(list(numbers)))
    query = sql.SQL(KEEP).format(columns=columns, leaf=leaf, numbers=listed, of_range=_of_range())
    conn.execute(query, [schema.schema_oid, table.name, first])


def _of_range() -> sql.Composed:
    return sql.SQL(RANGE).format(pages=sql.Literal(PAGES))


def _leaves(conn: psycopg.Connection, schema: str, table: str) -> list[tuple[sql.Identifier, int]]:
    """The tables in which the rows stand, each with the number of its last range of pages."""
    rows = conn.execute(LEAVES, [schema, table]).fetchall()
    return [(sql.Identifier(place, name), pages // PAGES) for place, name, pages in rows]


def tables(conn: psycopg.Connection, schema: SchemaRecord) -> list[str]:
    """The tables of a schema; partitions belong to their root."""
    return [name for (name,) in conn.execute(TABLES, [schema.schema_oid])]


def forget(conn: psycopg.Connection, schema_oid: int) -> None:
    conn.execute("delete from migration.marks where schema_oid = %s", [schema_oid])


def read(conn: psycopg.Connection, schema_oid: int) -> Kept | None:
    """The mark of a schema; None where it has none: an older program put it in place."""
    if not versioned.has(conn, "migration.marks"):
        return None
    row = conn.execute("select mark, taken_at from migration.marks where schema_oid = %s", [schema_oid]).fetchone()
    return Kept(marks.of_dict(row[0]), row[1]) if row else None


def recall(conn: psycopg.Connection, schema: SchemaRecord, table: Described) -> sql.Composed:
    """Put the keys that a table had at its mark into a temporary table, in columns of their types; a query for them."""
    rows = table.rows_of(schema.name)
    made = sql.SQL("create temporary table {} as select {} from {} with no data")
    conn.execute(made.format(KNOWN, table.columns, rows))
    conn.execute(sql.SQL(READ).format(known=KNOWN), [schema.schema_oid, table.name])
    return sql.SQL("select {} from {}").format(table.columns, KNOWN)


def drop_recalled(conn: psycopg.Connection) -> None:
    conn.execute(sql.SQL("drop table if exists {}").format(KNOWN))
