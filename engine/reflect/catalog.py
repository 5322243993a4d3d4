"""The catalogue of one schema, read from pg_catalog once and kept as plain values.

Laws
- Only pg_catalog is read (and the position of each sequence), in a handful of queries over the whole schema; nothing
  is written, and no lock is stronger than ACCESS SHARE.
- Definitions are PostgreSQL's own text, read with the source schema alone on the search path: objects of that schema
  stand unqualified, all others qualified. `rehome` lets members of extensions follow these to another schema.
- Two schemas of the same shape compare equal: oids, sizes and owners are not compared.
"""

import pathlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row, scalar_row, tuple_row

from config.postgres.quoting import quoted
from config.shapes import Column, Constraint, Element, Index, Sent, Table, by_name
from engine.reflect import expressions, sequences
from engine.reflect.languages import Collation, TextSearch
from engine.reflect.objects import (
    Attribute,
    Dependency,
    DomainCheck,
    Extension,
    Function,
    Grant,
    Leftover,
    Type,
    TypeUse,
    Unreadable,
)
from engine.reflect.sequences import Sequence
from engine.session import fetch

SQL = pathlib.Path(__file__).parent / "sql"
Row = dict[str, Any]
Part = TypeVar("Part", Column, Constraint, Index)
Asked = Callable[[str], list[Row]]  # rows of catalog_<name>.sql
FULL_TYPES = """
    select a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod)
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = (select oid from pg_namespace where nspname = %s) and c.relkind in ('r', 'p', 'f')
"""


@dataclass(frozen=True)
class Leaf:
    """A partition that holds rows; pages and oid are what page-range chunks need."""

    schema: str
    name: str
    oid: int = field(compare=False)
    relfilenode: int = field(compare=False)
    pages: int = field(compare=False)
    toast_pages: int = field(compare=False)
    rows: int = field(compare=False)


@dataclass(frozen=True)
class LegacyTable:
    """One table. kind: r (plain), p (partitioned), f (foreign).

    pages: blocks on disk now, of a partitioned table the sum over its leaves; toast_pages: those of its long values;
    rows: an estimate, never negative.
    leaves: where the rows of a partitioned table lie; () for any other.
    is_partition: its root lives in another schema (partitions of a root in this schema are not listed at all).
    inherits: bare names of its inheritance parents; has_heirs: other tables inherit from it.
    has_select: it may be read whole, system columns too, for which grants on its columns do not do;
    barred_partitions: those that may not be read by themselves, fit for SQL; through their root they may;
    unreplicated: of the table and its partitions those that are unlogged, fit for SQL, where the server is a standby;
    is_filtered: a row-level policy would hide rows from this session's user; is_security_forced: from its owner, too.
    acl: `grantee=privileges/grantor`, as pg_class.relacl spells it.
    numbers: of its columns; one that was dropped and made again has another, and no row of its old values.
    """

    shape: Table
    kind: str = "r"
    oid: int = field(default=0, compare=False)
    relfilenode: int = field(default=0, compare=False)
    pages: int = field(default=0, compare=False)
    toast_pages: int = field(default=0, compare=False)
    rows: int = field(default=0, compare=False)
    leaves: tuple[Leaf, ...] = ()
    partition_key: str | None = None
    is_partition: bool = False
    inherits: tuple[str, ...] = ()
    has_heirs: bool = False
    extension: str | None = None
    persistence: str = "p"  # p (permanent) | u (unlogged) | t (temporary)
    options: tuple[str, ...] = ()  # storage parameters, fillfactor=70
    has_row_security: bool = False  # read by the certificate alone: who turns it on after a rehearsal is told of it
    is_security_forced: bool = field(default=False, compare=False)
    is_filtered: bool = field(default=False, compare=False)
    owner: str = field(default="", compare=False)
    acl: tuple[str, ...] = field(default=(), compare=False)
    has_select: bool = field(default=True, compare=False)
    barred_partitions: tuple[str, ...] = field(default=(), compare=False)
    unreplicated: tuple[str, ...] = field(default=(), compare=False)
    invalid_indexes: tuple[str, ...] = ()  # left by a failed CREATE INDEX CONCURRENTLY; never replayed
    numbers: tuple[int, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        return self.shape.name


@dataclass(frozen=True)
class Catalog(Sent):
    """All of a schema. types stand in an order in which they can be made; tables by name."""

    schema: str
    database: str = field(compare=False)
    server_version_num: int = field(compare=False)
    encoding: str = field(compare=False)
    system_identifier: int | None = field(compare=False)  # None: this user may not ask for it
    database_oid: int = field(compare=False)
    schema_oid: int = field(compare=False)
    schema_owner: str = field(compare=False)
    reader: str = field(default="", compare=False)  # this session's role
    is_barred: bool = field(default=False, compare=False)  # the schema is there, and this user may not use it
    unreadable: tuple[Unreadable, ...] = field(default=(), compare=False)  # of a barred schema
    tables: tuple[LegacyTable, ...] = ()
    types: tuple[Type, ...] = ()
    functions: tuple[Function, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    collations: tuple[Collation, ...] = ()
    text_search: tuple[TextSearch, ...] = ()  # dictionaries first
    extensions: tuple[Extension, ...] = ()
    type_uses: tuple[TypeUse, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    not_migrated: tuple[Leftover, ...] = ()
    grants: tuple[Grant, ...] = field(default=(), compare=False)

    @cached_property
    def _tables(self) -> dict[str, LegacyTable]:
        return by_name(self.tables)

    def find_table(self, name: str) -> LegacyTable | None:
        return self._tables.get(name)

    def table(self, name: str) -> LegacyTable:
        """The table of this name, which is known to be there. Errors: LookupError."""
        found = self.find_table(name)
        if found is None:
            raise LookupError(f"schema {self.schema} has no table {name}")
        return found

    def domains(self, column: Column) -> list[Type]:
        """The domain that is the column's type, and those beneath it; none of any other type."""
        found, domains = [], {name: t for t in self.types if t.kind == "d" for name in (t.name, quoted(t.name))}
        name = column.type
        while domain := domains.get(name):
            found.append(domain)
            name = domain.base or ""
        return found

    def takes_null(self, table: Table, column: Column) -> bool:
        """Whether a value of the table's column may be set to null; a domain of the schema may forbid it too."""
        is_wanted = column.not_null or column.name in table.primary_key or any(d.not_null for d in self.domains(column))
        return not is_wanted and not column.generated


def reflect(connection: psycopg.Connection, schema: str) -> Catalog:
    """The catalogue of one schema, as this connection's user sees it.

    A schema that does not exist, or that this user may not use, is empty and has the oid 0.
    """
    with connection.transaction():
        asked = _answers(connection, schema).__getitem__
        tables = _tables(asked, _full_types(connection, schema))
        types = _types(asked)
        owners = {table.name for table in tables}.union(kind.name for kind in types)  # partitions are none
        with search_path(connection, schema):  # by which texts name sequences
            shapes, types, named = sequences.resolved(connection, (table.shape for table in tables), types)
        return Catalog(
            schema,
            **asked("database")[0],
            system_identifier=_system_identifier(connection),
            unreadable=tuple(Unreadable(**row) for row in asked("unreadable")),
            tables=tuple(replace(table, shape=shape) for table, shape in zip(tables, shapes, strict=True)),
            types=types,
            functions=_functions(asked),
            sequences=_sequences(asked, connection, schema),
            extensions=tuple(Extension(**row) for row in asked("extensions")),
            type_uses=tuple(TypeUse(**row) for row in asked("type_uses") if row["table"] in owners),
            collations=tuple(Collation(**row) for row in asked("collations")),
            text_search=_text_search(asked),
            dependencies=(
                *(Dependency(**row) for row in asked("dependencies") if row["table"] in owners),
                *(_sequence_need(user, one) for user, one in named),
            ),
            not_migrated=tuple(Leftover(**row) for row in asked("leftovers")),
            grants=tuple(Grant(**row) for row in asked("grants")),
        )


SET_PATH = "pg_catalog.set_config('search_path', %s, true)"


@contextmanager
def search_path(connection: psycopg.Connection, *schemas: str, ends_with_transaction: bool = False) -> Iterator[None]:
    """These schemas alone on the search path of the open transaction; a failure restores it with the savepoint.

    ends_with_transaction: the transaction ends with the block, and the path with it.
    """
    path = sql.SQL(", ").join(map(sql.Identifier, schemas)).as_string()
    with connection.cursor(row_factory=tuple_row) as cursor:
        before, _ = fetch.one(cursor, f"select pg_catalog.current_setting('search_path'), {SET_PATH}", [path])
        yield
        if not ends_with_transaction:
            cursor.execute(f"select {SET_PATH}", [before])


def _full_types(connection: psycopg.Connection, schema: str) -> dict[tuple[int, str], str]:
    """(table, column) → its type, with its schema unless that is pg_catalog."""
    with search_path(connection, "pg_catalog"), connection.cursor(row_factory=tuple_row) as cursor:
        return {(table, column): name for table, column, name in cursor.execute(FULL_TYPES, [schema])}


def _answers(connection: psycopg.Connection, schema: str) -> dict[str, list[Row]]:
    """Rows of every statement about the schema, by its name.

    A function that the schema plants is not called: the names in the statements are found before the schema is on the
    path, by which definitions are spelled.
    """
    texts = {path.stem.removeprefix("catalog_"): path.read_text(encoding="utf-8") for path in SQL.glob("catalog_*.sql")}
    connection.execute("\n".join(f"declare about_{name} cursor for\n{text.strip()}" for name, text in texts.items()))
    with search_path(connection, schema), connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("; ".join(f"fetch all from about_{name}" for name in texts))
        found = {name: _tuples(result) for name, result in zip(texts, cursor.results(), strict=True)}
    connection.execute("; ".join(f"close about_{name}" for name in texts))
    return found


def _tuples(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return [{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()} for row in cursor]


def _system_identifier(connection: psycopg.Connection) -> int | None:
    try:
        with connection.transaction(), connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute("select system_identifier from pg_control_system()").fetchone()
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported):
        return None


def _tables(asked: Asked, full_types: dict[tuple[int, str], str]) -> tuple[LegacyTable, ...]:
    tables = asked("tables")
    names = {row["oid"]: row["name"] for row in tables}
    qualified = [c | {"qualified": full_types[c["table_oid"], c["name"]]} for c in asked("columns")]
    columns, parts = _by_table(Column, qualified), _index_parts(asked)
    constraints = _by_table(Constraint, _named(_with_parts(asked("constraints"), parts), names))
    indexes = _by_table(Index, _named(_with_parts(asked("indexes"), parts), names))
    heaps = defaultdict(list)
    for row in asked("heaps"):
        heaps[row.pop("root")].append(Leaf(**row))

    def legacy_table(row: Row) -> LegacyTable:
        oid, leaves = row["oid"], tuple(heaps[row["oid"]])
        shape = Table(row.pop("name"), columns[oid], constraints[oid], indexes[oid], row.pop("comment"))
        sizes = {name: sum(getattr(leaf, name) for leaf in leaves) for name in ("pages", "toast_pages", "rows")}
        return LegacyTable(shape, **sizes, leaves=leaves if row["kind"] == "p" else (), **row)

    return tuple(legacy_table(row) for row in tables)


def _index_parts(asked: Asked) -> dict[int, Row]:
    """What each index is made of, by its oid."""
    found = {}
    for row in asked("index_parts"):
        row["elements"] = tuple(Element(**element) for element in row["elements"])
        found[row.pop("index_oid")] = row
    return found


def _with_parts(rows: list[Row], parts: dict[int, Row]) -> list[Row]:
    """Constraints and indexes with what the catalogue holds of their indexes."""
    return [row | parts.get(row.pop("index_oid"), {}) for row in rows]


def _named(rows: list[Row], names: dict[int, str]) -> list[Row]:
    """Rows with their table's name; those of partitions, which have no name here, are left out."""
    return [row | {"table": names[row["table_oid"]]} for row in rows if row["table_oid"] in names]


def _by_table(value: type[Part], rows: list[Row]) -> dict[int, tuple[Part, ...]]:
    """Values by the oid of their table."""
    found: dict[int, tuple[Part, ...]] = defaultdict(tuple)
    for row in rows:
        oid = row.pop("table_oid")
        found[oid] += (value(**row),)
    return found


def _types(asked: Asked) -> tuple[Type, ...]:
    types = {}
    for row in asked("types"):
        row["checks"] = tuple(DomainCheck(**check) for check in row["checks"])
        row["attributes"] = tuple(Attribute(**attribute) for attribute in row["attributes"])
        row["range_options"] = tuple(sorted(row["range_options"].items()))
        types[row["name"]] = Type(**row)
    return tuple(types[name] for name in TopologicalSorter({t.name: t.needs for t in types.values()}).static_order())


def _functions(asked: Asked) -> tuple[Function, ...]:
    names = [(row["kind"], row["name"]) for row in asked("names")]
    return tuple(_function(row, names) for row in asked("functions"))


def _function(row: Row, names: list[tuple[str, str]]) -> Function:
    """A body of text leaves no dependencies: every word in it that names something of the schema counts as one."""
    own, body = {row["name"], *row.pop("argument_names")}, row.pop("body")
    words, followed = (
        expressions.words(body) - own,
        {"function": expressions.followed(body, "(") - own, "schema": expressions.followed(body, ".")},
    )
    named = {f"{kind} {name}" for kind, name in names if name in followed.get(kind, words)}
    return Function(**row | {"needs": tuple(sorted(named.union(row["needs"])))})


def _sequences(asked: Asked, connection: psycopg.Connection, schema: str) -> tuple[Sequence, ...]:
    rows = asked("sequences")
    names = [row["name"] for row in rows if row.pop("is_there") and row["has_select"]]
    with connection.cursor(row_factory=dict_row) as cursor:
        positions = sequences.positions(cursor, schema, names)
    return tuple(Sequence(**row, **positions.get(row["name"], {})) for row in rows)


def _sequence_need(user: sequences.User, named: sequences.Named) -> Dependency:
    user_kind, table, name = user
    kind = "sequence" if named.name else "unknown sequence"
    return Dependency(user_kind, table, name, kind, named.schema or "", named.name or named.text)


def _text_search(asked: Asked) -> tuple[TextSearch, ...]:
    found = asked("text_search")
    for row in found:
        row["mappings"] = tuple((token, tuple(dictionaries)) for token, dictionaries in row["mappings"])
    return tuple(TextSearch(**row) for row in found)
