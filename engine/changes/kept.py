"""The mark of a schema that is put in place, with its keys, in the books: so that it can be told later what was written
to it since.

Laws
- A mark is taken while writers are kept away from the schema, by the transaction that puts it in place: whatever is
  written to it later is new, and nothing of what it holds then is.
- Keys are read and kept by the server, a range of pages at a time; none passes through this process.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg
from psycopg import sql

from engine.books import versioned
from engine.books.bookkeeping import SchemaRecord
from engine.changes import access, feed, marks
from engine.changes.marks import Described, Mark

PAGES = 256  # 2 MB of rows: some ten thousand keys, an array that is kept apart from its row
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
KEEP = """
    insert into migration.keys (schema_oid, table_name, number, keys)
    select %s, %s, %s, keys from (
        select array_agg(textin(record_out(row({columns})))) as keys from only {leaf} as t
        where t.ctid >= {first}::tid and t.ctid < {after}::tid
    ) as part where keys is not null
"""
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


def keep(conn: psycopg.Connection, schema: SchemaRecord) -> None:
    """Mark a schema of ours, in the caller's transaction, which keeps writers away; a mark that it has is replaced.

    A table that cannot be read is none of the mark's, which says so.
    """
    forget(conn, schema.schema_oid)
    names = tables(conn, schema)
    unread = access.unreadable(conn, schema.name, names)
    # A copy of the database on the same server (a template's) has the same rows, with the same xmin, in schemas of the
    # same oids; in any other database the schema would not be known as ours.
    readable = [name for name in names if name not in unread]
    taken, spared = access.sparing(conn, schema.name, readable, lambda some: feed.mark(conn, schema.name, some))
    taken = replace(taken, database_oid=None, unread=(*unread, *spared))
    query = "insert into migration.marks (schema_oid, mark) values (%s, %s)"
    conn.execute(query, [schema.schema_oid, json.dumps(taken.to_dict())])
    for table in marks.described(conn, schema.name, taken.tables).values():
        if table.key:
            _keep_keys(conn, schema, table)


def _keep_keys(conn: psycopg.Connection, schema: SchemaRecord, table: Described) -> None:
    columns = sql.SQL(", ").join(sql.Identifier("t", name) for name, _ in table.key)
    for number, (leaf, first, after) in enumerate(_ranges(conn, schema.name, table.name)):
        bounds = {"first": sql.Literal(f"({first},0)"), "after": sql.Literal(f"({after},0)")}
        query = sql.SQL(KEEP).format(columns=columns, leaf=leaf, **bounds)
        conn.execute(query, [schema.schema_oid, table.name, number])


def _ranges(conn: psycopg.Connection, schema: str, table: str) -> Iterator[tuple[sql.Identifier, int, int]]:
    """Ranges of pages that together are the table, each of one leaf."""
    for place, name, pages in conn.execute(LEAVES, [schema, table]).fetchall():
        for first, after in itertools.pairwise([*range(0, pages, PAGES), pages]):
            yield sql.Identifier(place, name), first, after


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
