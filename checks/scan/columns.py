"""The masked columns by the books of a staging copy, and how each column of the copy and its source is read.

Laws
- The books say which columns are masked; the catalogues, read by the auditor, say how a column is read.
- A column of an unknown type is read as text, so that it hides nothing.
- A column counts as a key if a primary or foreign key holds it, or the mapping or its own name calls it a reference.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from checks.reading import catalog
from checks.reading.catalog import Catalog
from checks.reading.facts import text, texts
from checks.reading.statements import one_value
from config.postgres.quoting import quoted
from config.postgres.types import INTEGERS
from config.shapes import Column, Table

UNMASKED = ("keep", "absent")
NAMED = ("text", "number", "ip")
CODE = "code"  # kind of a column of which codes are kept
CONSTANT = "constant"  # kind of a column that has one value in all rows
BOOKS = "select table_name, column_name, kind, why from nxtgauge_staging.columns where copy_id = %s"
HAS_BOOKS = "select to_regclass('nxtgauge_staging.columns') is not null"

DOCUMENTS = ("json", "jsonb")
WITHOUT_TEXT = {
    "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "money", "oid", "uuid", "char", "date", "time",
    "timetz", "timestamp", "timestamptz", "interval", "inet", "cidr", "macaddr", "macaddr8", "bytea", "bit", "varbit",
    "point", "line", "lseg", "box", "path", "polygon", "circle", "int4range", "int8range", "numrange", "daterange",
    "tsrange", "tstzrange", "int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange",
    "tstzmultirange", "xid", "xid8", "cid", "tid", "pg_lsn", "pg_snapshot", "txid_snapshot", "regclass", "regcollation",
    "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator", "regproc", "regprocedure", "regrole",
    "regtype",
}  # fmt: skip
NOBODYS = {"bool", "uuid"}  # of these no value says who somebody is
NUMBERS = {"int8", "numeric"}
REFERRING = re.compile(r"(^|[^a-z])(id|uuid|ref)\Z|[a-z](Id|Uuid|Ref)\Z")
NATIVE = {*INTEGERS, "uuid"}  # two servers sort these alike
KeySets = list[tuple[str, ...]]  # of a table: the sets of columns that tell its rows apart


@dataclass(frozen=True)
class Field:
    """One column as a scan reads it. kind: how it is masked, None: not at all. is_text: it can hold text; is_number: it
    is not masked, and has room for a phone number. is_named: it is masked because its name says what it holds."""

    table: str
    name: str
    kind: str | None
    base: str
    is_array: bool
    is_text: bool
    is_number: bool
    is_key: bool
    is_named: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether values stay, all of them or those that are codes."""
        return self.kind in (None, CODE)

    @property
    def is_document(self) -> bool:
        return self.base in DOCUMENTS or self.kind == "json"

    @property
    def is_searched(self) -> bool:
        """Whether addresses, numbers and names are looked for in it."""
        return self.is_text or self.is_number or self.kind == "phone"

    def read(self) -> sql.Composable:
        """Its text, or its elements' texts."""
        shown = text(f"t.{quoted(self.name)}")
        return sql.SQL(texts(shown) if self.is_array else shown)


@dataclass(frozen=True)
class PairingKey:
    """How rows are paired: columns, and whether all of them sort alike on any server as they are."""

    columns: tuple[str, ...]
    bases: tuple[str, ...]
    codes: tuple[int, ...] = ()  # places of columns of which codes are kept, and all else is masked

    def orders(self) -> list[sql.SQL]:
        """What rows are sorted by: the columns, or the bytes of their texts."""
        names = [f"t.{quoted(name)}" for name in self.columns]
        return [
            sql.SQL(name if base in NATIVE else f"convert_to({text(name)}, 'UTF8')")
            for name, base in zip(names, self.bases, strict=True)
        ]

    def values(self) -> list[sql.Composable]:
        """What rows are compared by: values that Python sorts as the server does."""
        return [
            sql.SQL("concat({})").format(order) if base == "uuid" else order
            for order, base in zip(self.orders(), self.bases, strict=True)
        ]


@dataclass(frozen=True)
class ScannedTable:
    """One table of the copy. fields: what is read of it; absent: masked columns that the copy or the source lacks."""

    table: str
    fields: tuple[Field, ...]
    key: PairingKey | None
    absent: tuple[str, ...] = ()

    @property
    def masked(self) -> tuple[Field, ...]:
        return tuple(one for one in self.fields if one.kind)


@dataclass(frozen=True)
class CopyBooks:
    """What the books say of one copy: (table, column) → kind, of what is masked, and → why, of all."""

    kinds: Mapping[tuple[str, str], str]
    whys: Mapping[tuple[str, str], str]

    def kind(self, table: str, column: str) -> str | None:
        return self.kinds.get((table, column))

    def is_named(self, table: str, column: str) -> bool:
        """Whether a column that holds no names, addresses or phone numbers is masked because of its own name."""
        return self.kind(table, column) in NAMED and self.whys[table, column].startswith("[names]")


def books(staging: psycopg.Connection, copy_id: str) -> CopyBooks:
    """Of a copy that they do not know, nothing."""
    if not one_value(staging, bool, HAS_BOOKS):
        return CopyBooks({}, {})
    found = staging.execute(BOOKS, [copy_id]).fetchall()
    kinds = {(table, column): kind for table, column, kind, _ in found if kind not in UNMASKED}
    return CopyBooks(kinds, {(table, column): why for table, column, _, why in found})


def keys(conn: psycopg.Connection, schema: str) -> dict[str, KeySets]:
    """Table → the sets of columns that tell its rows apart, the primary key first."""
    found: dict[str, KeySets] = {}
    for table, columns in catalog.asked(conn, "keys", schema):
        found.setdefault(table, []).append(tuple(columns))
    return found


def made_of(conn: psycopg.Connection, schema: str) -> dict[tuple[str, str], list[str]]:
    """Generated column (table, name) → the columns that it is made of."""
    found: dict[tuple[str, str], list[str]] = {}
    for table, column, _, origin in catalog.asked(conn, "generated", schema):
        found.setdefault((table, column), []).append(origin)
    return found


def held(source: Catalog, references: Collection[str]) -> dict[str, set[str]]:
    """Table → its keys and references: as the source declares them, and columns of names that the mapping declares."""
    found = {table.name: _held(table) | set(references) for table in source.tables.values()}
    for table in source.tables.values():
        for constraint in table.constraints:
            found.get(constraint.ref_table or "", set()).update(constraint.ref_columns)
    return found


def fields(shapes: Catalog, books: CopyBooks, held: Mapping[str, set[str]]) -> dict[str, list[Field]]:
    """Table → those of its columns that are masked, or can hold text or a phone number."""
    made = {}
    for table in shapes.tables.values():
        found = [_field(table.name, one, books, held.get(table.name, set())) for one in table.columns]
        made[table.name] = [one for one in found if one.kind or one.is_searched]
    return made


def unsearched(copy: Catalog, books: CopyBooks, held: Mapping[str, set[str]]) -> list[str]:
    """Columns that are kept and hold no text, so that at most numbers to call are looked for in them, as table.column;
    but for those whose types hold nobody, and for keys and references that are integers."""
    return [
        f"{one.table}.{one.name}"
        for table in copy.tables.values()
        for column in table.columns
        if column.kind != "e" and column.base not in NOBODYS
        for one in [_field(table.name, column, books, held.get(table.name, set()))]
        if not (one.kind or one.is_text or (one.is_key and one.base in INTEGERS))
    ]


def _held(table: Table) -> set[str]:
    return {name for constraint in table.constraints if constraint.kind in "pf" for name in constraint.columns}


def _field(table: str, column: Column, books: CopyBooks, held: set[str]) -> Field:
    kind = books.kind(table, column.name)
    is_text = column.kind != "e" and column.base not in WITHOUT_TEXT
    is_key = column.name in held or REFERRING.search(column.name) is not None
    is_number = column.base in NUMBERS and kind is None
    is_named = books.is_named(table, column.name)
    return Field(table, column.name, kind, column.base, column.is_array, is_text, is_number, is_key, is_named)


def places(
    source: Catalog,
    copy: Catalog,
    books: CopyBooks,
    held: Mapping[str, set[str]],
    known_keys: Mapping[str, KeySets],
) -> list[ScannedTable]:
    """Every table of the copy, and every table that the copy ought to have masked."""
    read = fields(copy, books, held)
    masked = {table for table, _ in books.kinds}
    return [
        _place(source, copy, table, read.get(table, []), books, known_keys.get(table, []))
        for table in sorted(read.keys() | masked)
    ]


def _place(
    source: Catalog, copy: Catalog, table: str, read: list[Field], books: CopyBooks, candidates: KeySets
) -> ScannedTable:
    hidden = {column for owner, column in books.kinds if owner == table}
    coded = {column for column in hidden if books.kind(table, column) == CODE}
    absent = {column for column in hidden if not (source.has(table, column) and copy.has(table, column))}
    fitting = (
        columns
        for columns in candidates
        if not (hidden - coded) & set(columns) and all(copy.has(table, name) for name in columns)
    )
    columns = min(fitting, key=lambda found: len(coded & set(found)), default=None)
    key = _key(source, copy, table, columns, coded) if columns else None
    kept = tuple(one if one.name not in absent else replace(one, kind=None) for one in read)
    # what is masked and cannot be held against its original is searched all the same
    return ScannedTable(table, kept, key, tuple(sorted(absent)))


def _key(source: Catalog, copy: Catalog, table: str, columns: tuple[str, ...], coded: set[str]) -> PairingKey:
    bases = tuple(_sorted_as(source, copy, table, name) for name in columns)
    return PairingKey(columns, bases, tuple(place for place, name in enumerate(columns) if name in coded))


def _sorted_as(source: Catalog, copy: Catalog, table: str, name: str) -> str:
    left, right = (side.table(table).column(name) for side in (source, copy))
    return left.base if left.base == right.base and not left.is_array else "text"
