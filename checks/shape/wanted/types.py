"""The type of each column of a legacy table in the target.

Laws (contract, 5: ids)
- An id is a sole primary key named `id`. Of a reshaped table it is a uuid; a text one is if most of its values are;
  any other stays what it is.
- A column that holds a table's ids has their type, without domain or length, if its values have to be converted for
  that; one whose values compare with the ids unchanged keeps its type.
- Names of objects (reg*) are text. Any other column keeps its type.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import psycopg

from checks.reading.facts import Facts
from checks.reading.statements import one_row
from checks.shape.things import Says, Thing
from checks.shape.wanted.links import Links
from config.postgres.quoting import quoted
from config.postgres.types import INTEGERS, NUMBERS, TEXTUAL
from config.shapes import Column

SAME, TEXT = "same", "text"
CAST, DERIVED, PARSED = "cast", "derived", "parsed"  # how values get another type
COUNTS = "select count({0}), count(*) filter (where {1}) from {2} as t"


@dataclass(frozen=True)
class Typed:
    """how: same, text (an object's name), cast, derived (a UUID made of the value) or parsed (text as a number)."""

    type: str
    base: str
    how: str = SAME
    home: str = "pg_catalog"
    collation: str | None = None

    @property
    def is_same(self) -> bool:
        return self.how == SAME

    @property
    def unlimited(self) -> "Typed":
        """The type without a length or a scale, to which values would be cut or rounded."""
        if self.base in {"citext", *INTEGERS}:
            return replace(self, collation=None)
        base = "text" if self.base in TEXTUAL else self.base
        return Typed(base, base, self.how)


UUID = Typed("uuid", "uuid")
PLAIN_TEXT = Typed("text", "text")


class Types:
    """Types of the target's columns, by legacy table and column. legacy: what the source holds."""

    def __init__(self, facts: Facts, source: psycopg.Connection, legacy: Iterable[Thing]):
        self._facts, self._source = facts, source
        things = list(legacy)
        self.links = Links(facts, things)
        self._columns = {(thing.of, thing.name): thing.says for thing in things if thing.kind == "column"}
        self._domains = {t.name: t.says for t in things if t.kind == "type" and t.says["kind"] == "d"}
        self._counted: dict[tuple[str, str], tuple[int, int]] = {}

    def of(self, table: str, column: Column) -> Typed:
        """The column as it arrives in whatever table of the target."""
        if column.generated:
            return self.own(table, column)
        if column.names_objects:
            return replace(PLAIN_TEXT, how=TEXT)
        is_linked = self.links.is_linked(table, column.name) or self.links.mapped(table, column)
        parent = self._facts.parent(table, column.name) if is_linked else None
        if parent is None and self._is_id(table, column.name):
            parent = table
        return self._between(table, column, self.id_of(parent)) if parent else self.own(table, column)

    def own(self, table: str, column: Column) -> Typed:
        """The type that the legacy column has."""
        says = self._columns[table, column.name]
        return Typed(column.type, column.base, SAME, says["home"], says["collation"])

    def bare(self, table: str, column: Column) -> Typed:
        """The same, a domain undone."""
        found, says = self.own(table, column), self._columns[table, column.name]
        while domain := self._domain(says):
            says = domain
            found = replace(found, type=says["type"], home=says["home"])
        return found

    def arriving(self, table: str, column: Column) -> Typed:
        """The type that a value of the column has in the target, a domain undone."""
        found = self.of(table, column)
        return self.bare(table, column) if found.is_same else found

    def _domain(self, says: Says) -> Says | None:
        is_own = not says["home"] and not says["type"].endswith("]")
        return (
            self._domains.get(says["type"].removeprefix('"').removesuffix('"').replace('""', '"')) if is_own else None
        )

    def id_of(self, table: str) -> Typed:
        """The type that the ids of a legacy table have in the target."""
        facts = self._facts
        if facts.treatments[table] == "reshape" and facts.home(table) != table:
            return UUID
        column = facts.source.table(table).column("id")
        if column.base in TEXTUAL and self._is_id(table, "id"):
            values, uuids = self._count(table, column)
            return UUID if uuids * 2 > values else self.bare(table, column)
        return self.bare(table, column)

    def _is_id(self, table: str, column: str) -> bool:
        return column == "id" and self._facts.source.table(table).primary_key == ("id",)

    def _between(self, table: str, column: Column, wanted: Typed) -> Typed:
        """The column where the ids that it holds have this type."""
        own = self.own(table, column)
        if column.base == wanted.base:
            return own
        if wanted.base == "uuid":
            return self._as_uuid(table, column) or own
        if wanted.base in TEXTUAL:
            is_alike = column.base in TEXTUAL - {"name"} and wanted.base != "citext"
            return own if is_alike else replace(wanted.unlimited, how=CAST)
        if (
            wanted.base not in NUMBERS
            or (column.base in INTEGERS)
            or (column.base, wanted.base) == ("numeric", "numeric")
        ):
            return own
        return replace(wanted.unlimited, how=PARSED) if column.base in {*TEXTUAL, "numeric"} else own

    def _as_uuid(self, table: str, column: Column) -> Typed | None:
        if column.base in TEXTUAL:
            values, uuids = self._count(table, column)
            return replace(UUID, how=CAST if values == uuids else DERIVED)
        return replace(UUID, how=DERIVED) if column.base in NUMBERS else None

    def _count(self, table: str, column: Column) -> tuple[int, int]:
        """(values, how many of them are UUIDs)."""
        if (table, column.name) not in self._counted:
            name = quoted(self._facts.source.schema, table)
            word = self._facts.word(column)
            values, uuids = one_row(self._source, COUNTS.format(word, self._facts.reads_uuid(word), name))
            self._counted[table, column.name] = values, uuids
        return self._counted[table, column.name]
