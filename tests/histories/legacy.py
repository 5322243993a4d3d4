"""What a history has to know of a legacy schema, read from its catalogue and its rows: no name is taken for granted.

Laws
- References are those that foreign keys declare, and those that are only kept by habit: a column that names another
  table, or whose values stand in another table's key.
- Names only say what to prefer: what rules read is changed more often than the rest.
"""

import re
from dataclasses import dataclass, field, replace

import psycopg
from psycopg import sql

from config.shapes import Column, Table
from engine.reflect import catalog
from engine.reflect.catalog import Catalog, LegacyTable

PREFERRED = re.compile(
    r"(^|_)(id|key|role|status|state|email|gateway|provider|method|currency|category|type|code|amount|order)$"
    r"|^(updated|created|approved)_at$|_id$"
)
STATES = re.compile(r"(^|_)(status|state)$")
KINDS = re.compile(r"(^|_)(gateway|provider|method|currency|kind|type|category)$")
PEOPLE = ("user_id", "owner_id", "professional_id", "customer_id")  # rows of one of them change together
IDS = {"uuid", "int4", "int8", "text", "varchar"}
TEXTS = {"text", "varchar", "bpchar", "citext"}
FEW, SAMPLE, SMALL_ROWS = 15, 2_000, 60


@dataclass(frozen=True)
class Reference:
    """columns of `table` hold the key of a row of `parent`. is_declared: by a foreign key."""

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    is_declared: bool


@dataclass(frozen=True)
class Rows:
    """One table as a history sees it.

    source: what stands after FROM; order: of its rows, those of one person together; uniques: columns of each unique
    key but the primary; choices: column → its values, the commonest first, where there are few; references: to others;
    referring: of others to this one.
    """

    legacy: LegacyTable
    source: sql.Composed
    order: sql.Composed
    columns: tuple[Column, ...]
    uniques: tuple[tuple[str, ...], ...]
    count: int = 0
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    referring: tuple[Reference, ...] = ()

    @property
    def name(self) -> str:
        return self.legacy.name

    @property
    def shape(self) -> Table:
        return self.legacy.shape

    @property
    def key(self) -> tuple[str, ...]:
        return self.shape.primary_key

    @property
    def states(self) -> list[str]:
        return [c.name for c in self.columns if STATES.search(c.name) and (c.base in TEXTS or c.kind == "e")]

    @property
    def of_a_user(self) -> str | None:
        """The column that says whose row it is."""
        return next((name for name in PEOPLE if self.shape.find_column(name)), None)

    def reference(self, column: str) -> Reference | None:
        return next((each for each in self.references if each.columns == (column,)), None)


@dataclass(frozen=True)
class Legacy:
    schema: str
    catalog: Catalog
    tables: dict[str, Rows]

    def labels(self, column: Column) -> tuple[str, ...]:
        """Those of an enum, or none."""
        return next((kind.labels for kind in self.catalog.types if kind.name == column.type.strip('"')), ())


def read(conn: psycopg.Connection, schema: str) -> Legacy:
    """conn: of somebody who may read it all."""
    found = catalog.reflect(conn, schema)
    tables = {t.name: _rows(conn, schema, t) for t in found.tables if t.kind in "rp" and t.shape.columns}
    references = [*_declared(tables), *_habits(conn, tables)]
    tables = {
        name: replace(
            table,
            references=tuple(r for r in references if r.table == name),
            referring=tuple(r for r in references if r.parent == name),
        )
        for name, table in tables.items()
    }
    return Legacy(schema, found, tables)


def _rows(conn: psycopg.Connection, schema: str, table: LegacyTable) -> Rows:
    heap = sql.SQL("{}{}").format(sql.SQL("" if table.kind == "p" else "only "), sql.Identifier(schema, table.name))
    columns = tuple(c for c in table.shape.columns if not c.generated)
    order = [name for name in (*PEOPLE, *table.shape.primary_key) if table.shape.find_column(name)]
    ordered = sql.SQL(", ").join(map(sql.Identifier, order)) if order else sql.SQL("t.tableoid, t.ctid")
    uniques = [c.columns for c in table.shape.constraints if c.kind == "u"]
    uniques += [i.columns for i in table.shape.indexes if i.is_unique]
    ((count,),) = conn.execute(sql.SQL("select count(*) from {}").format(heap)).fetchall()
    return Rows(table, heap, sql.SQL("{}").format(ordered), columns, tuple(uniques), count, _choices(conn, heap, table))


def _choices(conn: psycopg.Connection, heap: sql.Composed, table: LegacyTable) -> dict[str, tuple[str, ...]]:
    names = [c.name for c in table.shape.columns if (c.base in TEXTS or c.kind == "e") and not c.is_array]
    found = {}
    for name in names:
        query = sql.SQL("select v from (select t.{}::text as v from {} as t limit {}) as s where v is not null "
                        "group by v order by count(*) desc, v collate \"C\" limit {}")  # fmt: skip
        values = [v for (v,) in conn.execute(query.format(sql.Identifier(name), heap, SAMPLE, FEW + 1))]
        if 0 < len(values) <= FEW:
            found[name] = tuple(values)
    return found


def _declared(tables: dict[str, Rows]) -> list[Reference]:
    keys = [(t.name, c) for t in tables.values() for c in t.shape.constraints if c.kind == "f" and not c.ref_schema]
    return [
        Reference(name, c.columns, c.parent, c.ref_columns or tables[c.parent].key, True)
        for name, c in keys
        if c.parent in tables
    ]


def _habits(conn: psycopg.Connection, tables: dict[str, Rows]) -> list[Reference]:
    """References that no foreign key declares."""
    parents = [table for table in tables.values() if len(table.key) == 1]
    found = []
    for table in tables.values():
        bound = {name for c in table.shape.constraints if c.kind == "f" for name in c.columns}
        for column in table.columns:
            if column.base not in IDS or column.is_array or column.name in bound or table.key == (column.name,):
                continue
            if place := _parent(conn, table, column, parents):
                found.append(Reference(table.name, (column.name,), place[0].name, (place[1],), False))
    return found


def _single_keys(table: Rows) -> list[str]:
    return [key[0] for key in (table.key, *table.uniques) if len(key) == 1]


def _fits(column: Column, key: Column) -> bool:
    numbers = {"int4", "int8"}
    return column.base == key.base or {column.base, key.base} <= {*TEXTS, "uuid"} or {column.base, key.base} <= numbers


def _parent(conn: psycopg.Connection, table: Rows, column: Column, parents: list[Rows]) -> tuple[Rows, str] | None:
    """The table whose rows the column names, and the key by which it does."""
    stem = re.sub(r"_(id|key|code)$", "", column.name)
    if stem != column.name and (named := [p for p in parents if p.name.startswith(stem) and p is not table]):
        parent = min(named, key=lambda parent: len(parent.name))
        return next(((parent, key) for key in _single_keys(parent) if _fits(column, parent.shape.column(key))), None)
    if column.base not in ("uuid", "text", "varchar") or column.name in table.choices:
        return None
    query = sql.SQL("select t.{0}::text from {1} as t where t.{0} is not null limit 1")
    values = [v for (v,) in conn.execute(query.format(sql.Identifier(column.name), table.source)).fetchall()]
    for parent in parents if values else []:
        key = parent.shape.column(parent.key[0])
        if key.base == column.base and parent is not table:
            asked = sql.SQL("select exists (select from {} as t where t.{} = {}::{})").format(
                parent.source, sql.Identifier(key.name), sql.Literal(values[0]), sql.SQL(key.base)
            )
            if conn.execute(asked).fetchone() == (True,):
                return parent, key.name
    return None
