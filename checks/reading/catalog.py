"""The catalogue of a schema, as the auditor reads it itself.

Laws
- pg_catalog alone is read, in three statements for a whole schema; nothing is assumed that is not found there.
- Definitions are PostgreSQL's own text, with the schema alone on the search path, so that two schemas compare.
"""

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from config.errors import SourceError
from config.rules import Mapping
from config.settings import RETIRED
from config.shapes import Column, Constraint, Index, Table

LEGACY = """
    select nspname::text from pg_namespace n where nspname = any(%s)
    order by not exists (select from pg_class where relnamespace = n.oid and relkind in ('r', 'p')), nspname <> %s
    limit 1
"""
FOLDER = Path(__file__).parent / "sql"
NamedPart = TypeVar("NamedPart", Constraint, Index)


@dataclass(frozen=True)
class Catalog:
    """The plain and partitioned tables of one schema, by name. version: the server's, as server_version_num has it."""

    schema: str
    tables: dict[str, Table] = field(default_factory=dict)
    version: int = 0

    def find_table(self, name: str) -> Table | None:
        return self.tables.get(name)

    def table(self, name: str) -> Table:
        """The table of this name, which is known to be there. Errors: LookupError."""
        if (found := self.tables.get(name)) is None:
            raise LookupError(f"schema {self.schema} has no table {name}")
        return found

    def has(self, table: str, column: str) -> bool:
        return table in self.tables and self.tables[table].find_column(column) is not None


def read(conn: psycopg.Connection, schema: str) -> Catalog:
    """The catalogue of a schema; one that is not there has no tables."""
    columns: dict[str, list[Column]] = defaultdict(list)
    constraints: dict[str, list[Constraint]] = defaultdict(list)
    indexes: dict[str, list[Index]] = defaultdict(list)
    for table, name, type_, base, is_array, kind, not_null, is_generated, reads, default, collation, *more in asked(
        conn, "columns", schema
    ):
        found = columns[table]  # a table may have none
        if name is not None:
            kept = "s" if is_generated else ""
            one = Column(name, type_, not_null, default, collation, "", kept, None, base, kind, is_array)
            told = dict(zip(("is_cast_to_json", "names_objects", "is_collated"), more, strict=True))
            found.append(replace(one, reads=tuple(reads), **told))
    for table, name, kind, keys, text, parent, theirs, *states in asked(conn, "constraints", schema):
        is_valid, is_deferrable = states
        constraints[table].append(
            Constraint(
                name,
                table,
                kind,
                tuple(keys),
                text,
                parent,
                None,
                tuple(theirs),
                is_validated=is_valid,
                is_deferrable=is_deferrable,
            )
        )
    for table, name, keys, is_unique, text in asked(conn, "indexes", schema):
        indexes[table].append(Index(name, table, tuple(keys), text, is_unique))
    tables = {
        name: Table(name, tuple(found), tuple(constraints[name]), tuple(indexes[name]))
        for name, found in columns.items()
    }
    return Catalog(schema, tables, conn.info.server_version)


def legacy(conn: psycopg.Connection, schema: str) -> Catalog:
    """The catalogue of the schema that a run has read, under the name that it has now: the fence of a cut-over may have
    renamed it, and somebody made an empty one of its name. Errors: SourceError, where it has neither name."""
    name = conn.execute(LEGACY, [[schema, schema + RETIRED], schema]).fetchone()
    if name is None:
        raise SourceError(
            f"the source has no schema {schema}, nor one called {schema}{RETIRED} by a fence, so there is nothing to "
            "compare with; does NXTGAUGE_SOURCE_URL name the database that was migrated?"
        )
    return read(conn, name[0])


def named(catalog: Catalog, rules: Mapping) -> Catalog:
    """The legacy catalogue with its constraints and indexes under the names that the mapping gives some of them."""

    def renamed(table: str, parts: tuple[NamedPart, ...]) -> tuple[NamedPart, ...]:
        names = rules.tables[table].names if table in rules.tables else {}
        return tuple(replace(part, name=names.get(part.name, part.name)) for part in parts)

    tables = {
        name: replace(found, constraints=renamed(name, found.constraints), indexes=renamed(name, found.indexes))
        for name, found in catalog.tables.items()
    }
    return replace(catalog, tables=tables)


def asked(conn: psycopg.Connection, name: str, schema: str) -> list[tuple[Any, ...]]:
    """Rows of a named statement (sql/*.sql) about this schema.

    What the statement calls is found before the schema is on the path, so a function planted there is not called.
    """
    with conn.cursor(name=f"asked_{name}") as cursor:
        cursor.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"), {"schema": schema})
        with standing_in(conn, schema):
            return cursor.fetchall()


@contextlib.contextmanager
def standing_in(conn: psycopg.Connection, schema: str) -> Iterator[None]:
    """The schema alone on the path beside pg_catalog: definitions are spelled by it, and read by it."""
    conn.execute("select set_config('search_path', quote_ident(%s), false)", [schema])
    yield
    conn.execute("set search_path = pg_catalog")
