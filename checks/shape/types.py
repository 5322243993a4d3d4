"""Which type each column of a legacy table has in the target.

Laws (contract: normalisation of ids)
- An id is a sole primary key named `id`. Of a reshaped table it is a uuid; a text one is if most of its values are;
  any other stays what it is.
- A reference has the type of the key that it names, where its values can be spelled so.
- Names of objects (reg*) are text. Any other column keeps its type.
"""

from dataclasses import dataclass

import psycopg

from checks.facts import INTEGERS, OID_ALIASES, TEXTUAL, UUID_TEXT, Facts, literal, quoted, text_of
from config.shapes import Column

SAME, TEXT = "same", "text"
CAST, DERIVED, PARSED = "cast", "derived", "parsed"  # how values get another type
COUNTS = "select count({0}), count(*) filter (where {0} ~* {1}) from {2} as t"


@dataclass(frozen=True)
class Typed:
    """how: same, text (an object's name), cast, derived (a UUID made of the value) or parsed (text as an integer)."""

    type: str
    base: str
    how: str = SAME
    home: str = "pg_catalog"

    @property
    def is_same(self) -> bool:
        return self.how == SAME


UUID = Typed("uuid", "uuid")


class Types:
    """Types of the target's columns, by legacy table and column. homes: (table, column) → where its own type lives."""

    def __init__(self, facts: Facts, source: psycopg.Connection, homes: dict[tuple[str, str], str]):
        self._facts, self._source, self._homes = facts, source, homes
        self._counted: dict[tuple[str, str], tuple[int, int]] = {}

    def of(self, table: str, column: Column) -> Typed:
        """The column as it arrives in whatever table of the target."""
        if column.generated:
            return self.own(table, column)
        if column.base in OID_ALIASES:
            return Typed("text", "text", TEXT)
        wanted = self._wanted(table, column)
        return self._between(table, column, wanted) if wanted else self.own(table, column)

    def key_of(self, table: str) -> Typed | None:
        """The type that the id of a legacy table has in the target; None if it has no such column."""
        column = self._facts.source.table(table).column("id") if table in self._facts.source.tables else None
        return self.of(table, column) if column else None

    def own(self, table: str, column: Column) -> Typed:
        """The type that the legacy column has."""
        return Typed(column.type, column.base, SAME, self._homes.get((table, column.name), ""))

    def _is_id(self, table: str, column: str) -> bool:
        return column == "id" and self._facts.source.table(table).primary_key == ("id",)

    def _wanted(self, table: str, column: Column) -> Typed | None:
        parent = self._facts.parent(table, column.name)
        if parent and self._facts.fates.get(parent) in ("copy", "keep", "reshape"):
            return self._behind(parent, self._named(table, column.name, parent), table)
        return self._id(table, column) if self._is_id(table, column.name) else None

    def _named(self, table: str, column: str, parent: str) -> str:
        """The column of the parent that a reference names."""
        for constraint in self._facts.source.table(table).constraints:
            if constraint.kind == "f" and constraint.columns == (column,) and constraint.ref_table == parent:
                return constraint.ref_columns[0]
        return "id"

    def _behind(self, parent: str, named: str, child: str) -> Typed | None:
        if self._facts.fates[parent] == "reshape" and self._facts.home(parent) != parent:
            return UUID
        column = self._facts.source.table(parent).column(named)
        if column is None:
            return None
        if self._is_id(parent, named):
            return self._id(parent, column)
        onward = self._facts.parent(parent, named)
        return self.of(parent, column) if onward and onward != child else self.own(parent, column)

    def _id(self, table: str, column: Column) -> Typed:
        if self._facts.fates[table] == "reshape":
            return UUID
        if column.base in TEXTUAL:
            values, uuids = self._count(table, column)
            return UUID if uuids * 2 > values else self.own(table, column)
        return self.own(table, column)

    def _between(self, table: str, column: Column, wanted: Typed) -> Typed:
        """The column where its key has this type; its own where the key's cannot spell its values."""
        textual = column.base in TEXTUAL
        if column.base == wanted.base or {column.base, wanted.base} <= INTEGERS:
            return self.own(table, column)
        if wanted.base == "uuid" and textual:
            values, uuids = self._count(table, column)
            return Typed("uuid", "uuid", CAST if values == uuids else DERIVED)
        if wanted.base == "uuid" and column.base in INTEGERS:
            return Typed("uuid", "uuid", DERIVED)
        if wanted.base in TEXTUAL and not textual:
            return Typed(wanted.type, wanted.base, CAST, wanted.home)
        if wanted.base in INTEGERS and textual:
            return Typed(wanted.type, wanted.base, PARSED, wanted.home)
        return self.own(table, column)

    def _count(self, table: str, column: Column) -> tuple[int, int]:
        """(values, how many of them are UUIDs)."""
        if (table, column.name) not in self._counted:
            name = quoted(self._facts.source.schema, table)
            query = COUNTS.format(text_of(column), literal(UUID_TEXT), name)
            self._counted[table, column.name] = self._source.execute(query).fetchone()
        return self._counted[table, column.name]
