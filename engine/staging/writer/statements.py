"""Statements that write to any table, made of its catalogue and of rows that are there; each gives its row's key.

Laws
- Names are quoted, values are literals of their columns' types; no statement needs to know what a column means.
- A row is written by its key; a table without one gets new rows only.
- Only rows that the writer itself has inserted are deleted where foreign keys lead to a table: what they take along
  would be nobody's write.
"""

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.shapes import Column
from engine.planning.tables.reshaped import legacy_key
from engine.reflect.catalog import Catalog, LegacyTable
from engine.reflect.select_list import as_text
from engine.staging.writer.values import fresh, literal, value_of
from engine.staging.writer.written import Key

SAMPLE = 500  # keys of a table that are known at the beginning
NO_KEY = Key((), "")


@dataclass(frozen=True)
class Writable:
    """One table that can be written to.

    columns: those that a row is made of; new: those that make a copy a row of its own, of each key one; parents: column
    → table whose key it holds, by a foreign key of one column; others: columns that an update may change.
    """

    legacy: LegacyTable
    name: sql.Composed
    columns: tuple[Column, ...]
    new: tuple[str, ...]
    parents: dict[str, str]
    others: tuple[Column, ...]
    is_parent: bool

    @property
    def key(self) -> tuple[Column, ...]:
        return tuple(self.legacy.shape.column(name) for name in self.legacy.shape.primary_key)

    @property
    def weight(self) -> float:
        """How often it is written to: large tables are large because they are."""
        return 1 + math.log10(1 + self.legacy.rows)

    def returned(self) -> sql.Composable:
        """The id of the transaction, the key's columns as texts, and the key as the books write it."""
        texts = sql.SQL(", ").join(sql.SQL(as_text(column)) for column in self.key)
        whole = sql.SQL(legacy_key(self.legacy) if self.key else "''")
        return sql.SQL("pg_current_xact_id()::text, array[{}]::text[], {}").format(texts, whole)

    def where(self, key: Key) -> sql.Composable:
        pairs = zip(self.key, key.columns, strict=True)
        return sql.SQL(" and ").join(sql.SQL("{} = {}").format(value_of(c), literal(v, c)) for c, v in pairs)

    def source(self, key: Key) -> sql.Composable:
        """The row of this key; of a table without one, some row."""
        if not self.key:
            return sql.SQL("{} as t limit 1").format(self.name)
        return sql.SQL("{} as t where {}").format(self.name, self.where(key))


def of(catalog: Catalog) -> dict[str, Writable]:
    """The tables of a schema that can be written to, by name."""
    parents = {c.parent for t in catalog.tables for c in t.shape.constraints if c.kind == "f" and c.ref_table}
    tables = [t for t in catalog.tables if t.kind in "rp" and t.shape.columns and not t.extension]
    return {table.name: _writable(catalog, table, table.name in parents) for table in tables}


def _writable(catalog: Catalog, table: LegacyTable, is_parent: bool) -> Writable:
    shape = table.shape
    references = [c for c in shape.constraints if c.kind == "f"]
    parents = {
        c.columns[0]: c.parent
        for c in references
        if len(c.columns) == 1 and (parent := catalog.find_table(c.parent))
        and c.ref_columns in ((), parent.shape.primary_key)
    }  # fmt: skip
    bound = {name for c in references for name in c.columns}
    keys = [c.columns for c in shape.constraints if c.kind in "pu"] + [i.columns for i in shape.indexes if i.is_unique]
    # The table makes identities, and keys that have a default, by itself.
    made = {c.name for c in shape.columns if c.identity or (c.default and c.name in shape.primary_key)}
    columns = tuple(c for c in shape.columns if not c.generated and c.name not in made)
    new: list[str] = []
    for key in keys:
        if not {*key} & {*new, *made}:
            free = [name for name in key if name not in bound] or [name for name in key if name in parents]
            new += free[-1:]
    in_keys = {name for key in keys for name in key} | bound
    others = tuple(c for c in columns if c.name not in in_keys and not c.identity)
    name = sql.Identifier(catalog.schema, table.name)
    return Writable(table, sql.SQL("{}").format(name), columns, tuple(new), parents, others, is_parent)


def sampled(conn: psycopg.Connection, table: Writable) -> list[Key]:
    """Keys of some rows, from all over the table if it is large. Errors: psycopg.Error."""
    share = 100 * 2 * SAMPLE / max(table.legacy.rows, 1)
    found: list[Key] = []
    if table.key and share < 100:
        found = _keys(conn, table, sql.SQL("tablesample system ({})").format(sql.Literal(share)))
    return found or (_keys(conn, table, sql.SQL("")) if table.key else [])


def _keys(conn: psycopg.Connection, table: Writable, how: sql.Composable) -> list[Key]:
    query = sql.SQL("select {} from {} as t {} limit {}")
    texts = sql.SQL("array[{}]::text[], {}").format(
        sql.SQL(", ").join(sql.SQL(as_text(column)) for column in table.key), sql.SQL(legacy_key(table.legacy))
    )
    asked = query.format(texts, table.name, how, sql.Literal(SAMPLE))
    return [Key(tuple(columns), text) for columns, text in conn.execute(asked).fetchall()]


def insert(table: Writable, like: Key, number: int, rng: random.Random, parents: dict[str, str | None]) -> sql.Composed:
    """A copy of a row, with a key of its own. number: never given before; parents: column → key that it refers to."""
    said: list[sql.Composable] = []
    for column in table.columns:
        if column.name in parents:
            said.append(literal(parents[column.name], column))
        elif column.name in table.new:
            said.append(fresh(column, number, rng))
        else:
            said.append(value_of(column))
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    if not said:
        return sql.SQL("insert into {} as t default values returning {}").format(table.name, table.returned())
    query = sql.SQL("insert into {} as t ({}) select {} from {} returning {}")
    return query.format(table.name, columns, sql.SQL(", ").join(said), table.source(like), table.returned())


def update(table: Writable, key: Key, like: Key, chosen: Iterable[Column]) -> sql.Composed:
    """Columns of a row become what they are in another, and a time becomes now."""
    sets = [_set(table, like, column) for column in chosen]
    query = sql.SQL("update {} as t set {} where {} returning {}")
    return query.format(table.name, sql.SQL(", ").join(sets), table.where(key), table.returned())


def _set(table: Writable, like: Key, column: Column) -> sql.Composed:
    name = sql.Identifier(column.name)
    if column.base in ("timestamptz", "timestamp") and column.name.startswith("updated") and not column.is_array:
        return sql.SQL("{} = pg_catalog.clock_timestamp()").format(name)
    return sql.SQL("{} = (select {} from {})").format(name, value_of(column), table.source(like))


def delete(table: Writable, key: Key) -> sql.Composed:
    return sql.SQL("delete from {} as t where {} returning {}").format(table.name, table.where(key), table.returned())
