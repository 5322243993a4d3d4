"""The type of every key and reference in the target, and how a legacy value is converted to it.

Laws (contract, 5: ids)
- An id is a sole primary-key column named `id`. Of a reshaped table it becomes uuid; elsewhere a text id becomes uuid
  if most of its values are UUIDs, any other stays what it is.
- A reference has the type of the id that it names. What it names is known from a foreign key (also as one of several
  columns, and through a column that is a reference itself), or from the mapping.
- A foreign key to another unique column is no reference to ids: values and type stay.
- text → uuid is a cast in the SELECT if every value is a UUID, else it is derived in the frame lane.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from config.postgres.types import INTEGERS, NUMBERS, TEXTUAL
from config.rules import Mapping, toml_key
from config.shapes import Column, Constraint, Table
from engine.planning import ids
from engine.reflect.catalog import Catalog, LegacyTable
from engine.reflect.select_list import text


@dataclass(frozen=True)
class Reference:
    """Column `column` of legacy table `table` points at `to_column` of legacy table `to`.

    ids_of: the legacy table whose ids the values are; None where they are no ids.
    """

    table: str
    column: str
    to: str
    to_column: str
    on_orphan: str  # null | reject
    declared: Constraint | None = None
    ids_of: str | None = None


@dataclass(frozen=True)
class Conversion:
    """How a legacy value becomes the target's. kind: same, cast, derive (UUIDv5 where it is no UUID) or parse."""

    kind: str
    type: str
    base: str
    parent: str | None = None  # legacy table whose name stands in a derived id
    full_type: str = ""  # of a cast: the type as the source's sessions read it

    @property
    def ids_of(self) -> str:
        """The parent, of a value that is an id. Errors: LookupError of any other."""
        if self.parent is None:
            raise LookupError(f"a conversion to {self.type} ({self.kind}) is of no id")
        return self.parent


Probe = Callable[[str, list[Column]], dict[str, tuple[int, int]]]


class Keys:
    """Types of ids and references. probe(table, columns) → column → (values, how many of them are UUIDs)."""

    def __init__(self, catalog: Catalog, mapping: Mapping, treatments: dict[str, str], probe: Probe):
        self._catalog, self._mapping, self._treatments, self._probe = catalog, mapping, treatments, probe
        self._probed: dict[tuple[str, str], tuple[int, int]] = {}
        self._found: dict[tuple[str, str], Reference | None] = {}
        self._domains = {t.name: t.base for t in catalog.types if t.kind == "d"}
        self._kinds = {t.name: t.kind for t in catalog.types}
        self.questions: list[str] = []
        tables = [table for table in catalog.tables if treatments.get(table.name) in MOVED]
        found = [self._reference(table, column) for table in tables for column in table.shape.columns]
        self.references = {(r.table, r.column): r for r in found if r}

    def root_of(self, table: str | None) -> str | None:
        """The target table that references to this legacy table lead to; None: the table itself."""
        if table is None or self._treatments.get(table) != "reshape":
            return None
        return self._mapping.root_of(table)

    def led(self, table: str, column: str) -> str:
        """How a reference to a reshaped table is followed, in words; '' of any other column."""
        reference = self.references.get((table, column))
        if reference and (root := self.root_of(reference.ids_of)):
            return f"the row of {root} that its row of {reference.ids_of} became"
        return ""

    def is_id(self, table: LegacyTable, column: str) -> bool:
        return column == "id" and table.shape.primary_key == ("id",)

    def bare(self, column: Column) -> Column:
        """The column with the base type of its domain, which takes every value and null."""
        kind = column.type
        while (base := self._domains.get(kind.removeprefix('"').removesuffix('"').replace('""', '"'))) is not None:
            kind = base
        return column if kind == column.type else replace(column, type=kind, kind=self._kinds.get(kind.strip('"'), "b"))

    def conversion(self, table: LegacyTable, column: Column) -> Conversion:
        """How this column of a loaded table reaches the target."""
        parent = self._named(table, column.name)
        if parent is None:
            return Conversion("same", column.type, column.base)
        return self._between(table.name, column, self.id_type(parent), parent)

    def word(self, table: LegacyTable, column: Column) -> str:
        """SQL: the value as text, in the form in which the ids that it names are compared."""
        return ids.word(column, self._key_behind(table, column))

    def spelled(self, table: LegacyTable, column: Column) -> str:
        """SQL: the value as text, as the target spells it but for ids that are derived."""
        is_parsed = self.conversion(table, column).kind == "parse"
        return text(self.parsed(table, column)) if is_parsed else self.word(table, column)

    def carried(self, table: LegacyTable, column: Column) -> str:
        """SQL: the value of a carried reference as text; if only the kind of text changes, its letters are kept."""
        found = self.conversion(table, column)
        is_text = found.kind == "cast" and found.base in TEXTUAL
        return ids.kept(column) if is_text else self.spelled(table, column)

    def all_spelled(self) -> Iterator[tuple[str, str, str]]:
        """(table, column, how it is spelled) of every id and every reference to one."""
        for table in self._catalog.tables:
            if self._treatments.get(table.name) in MOVED:
                names = [c for c in table.shape.columns if c.name == "id" or self.names_ids(table, c.name)]
                yield from ((table.name, column.name, self.spelled(table, column)) for column in names)

    def parsed(self, table: LegacyTable, column: Column) -> str:
        """SQL: the value as the number that its key is, for a conversion of the kind parse."""
        return ids.parsed(column, self.id_type(self.conversion(table, column).ids_of))

    def id_type(self, table: str) -> Column:
        """The column that holds this legacy table's ids in the target: its type, a domain undone."""
        if self.root_of(table):
            return UUID
        legacy = self._catalog.table(table)
        column = legacy.shape.column("id")
        return self._id_type(legacy, column) if self.is_id(legacy, "id") else self.bare(column)

    def names_ids(self, table: LegacyTable, column: str) -> bool:
        """Whether a column holds ids, and not another unique value such as a code."""
        return self._named(table, column) is not None

    def _named(self, table: LegacyTable, column: str) -> str | None:
        """The legacy table whose ids stand in a column; None where they are none."""
        reference = self.references.get((table.name, column))
        if reference and reference.ids_of:
            return reference.ids_of
        return table.name if self.is_id(table, column) else None

    def _key_behind(self, table: LegacyTable, column: Column) -> Column:
        parent = self._named(table, column.name)
        return self._catalog.table(parent).shape.column("id") if parent else column

    def _between(self, table: str, column: Column, wanted: Column, parent: str) -> Conversion:
        same = Conversion("same", column.type, column.base, parent)
        if column.base == wanted.base or wanted.base not in {"uuid", *TEXTUAL, *NUMBERS}:
            return same
        if wanted.base == "uuid":
            return self._to_uuid(table, column, parent)
        if wanted.base in TEXTUAL:
            is_alike = column.base in TEXTUAL - {"name"} and wanted.base != "citext"  # a name refers to names alone
            return same if is_alike else Conversion("cast", *_unlimited(wanted), parent, wanted.full_type)
        is_number = column.base in NUMBERS and (column.base != "numeric" or wanted.base == "numeric")
        is_parsed = column.base in {*TEXTUAL, "numeric"} and not is_number
        return Conversion("parse", *_unlimited(wanted), parent) if is_parsed else same

    def _to_uuid(self, table: str, column: Column, parent: str) -> Conversion:
        if column.base in TEXTUAL:
            values, uuids = self._count(table, column.name)
            return Conversion("cast" if values == uuids else "derive", "uuid", "uuid", parent)
        if column.base in NUMBERS:
            return Conversion("derive", "uuid", "uuid", parent)
        return Conversion("same", column.type, column.base, parent)

    def _id_type(self, table: LegacyTable, column: Column) -> Column:
        if self._treatments[table.name] == "reshape":
            return UUID
        if column.base in TEXTUAL:
            values, uuids = self._count(table.name, "id")
            return UUID if uuids * 2 > values else self.bare(column)
        return self.bare(column)

    def _count(self, table: str, column: str) -> tuple[int, int]:
        if (table, column) not in self._probed:
            found = self._catalog.table(table).shape.column(column)
            self._probed[table, column] = self._probe(table, [found])[column]
        return self._probed[table, column]

    def _reference(self, table: LegacyTable, column: Column) -> Reference | None:
        """What the column points at; asked again on the way round a circle, it points at nothing."""
        place = (table.name, column.name)
        if place not in self._found:
            self._found[place] = None
            self._found[place] = self._sought(table, column)
        return self._found[place]

    def _sought(self, table: LegacyTable, column: Column) -> Reference | None:
        declared = [self._declared(table, column, *link) for link in self._links(table, column.name)]
        named = [reference for reference in declared if reference.ids_of]
        single = [reference for reference in declared if reference.declared and len(reference.declared.columns) == 1]
        return next(iter(named or single), None) or self._undeclared(table, column)

    def _links(self, table: LegacyTable, column: str) -> Iterator[tuple[Constraint, str]]:
        """Foreign keys that the column is part of, and the column that it names there; those of one column first."""
        keys = [c for c in table.shape.constraints if c.kind == "f" and column in c.columns and not c.ref_schema]
        for constraint in sorted(keys, key=lambda c: len(c.columns)):
            if self._treatments.get(constraint.parent) in MOVED:
                yield constraint, constraint.ref_columns[constraint.columns.index(column)]

    def _declared(self, table: LegacyTable, column: Column, constraint: Constraint, to_column: str) -> Reference:
        rule = self._mapping.common.references.get(column.name)
        on_orphan = rule.on_orphan(table.name) if rule and rule.to == constraint.parent else "null"
        ids_of = self._ids_in(constraint.parent, to_column)
        return Reference(table.name, column.name, constraint.parent, to_column, on_orphan, constraint, ids_of)

    def _ids_in(self, table: str, column: str) -> str | None:
        """The legacy table whose ids stand in this column: its own, or one that it points at in turn."""
        if column == "id" and self._treatments[table] == "reshape":
            return table if self.root_of(table) else None
        parent = self._catalog.table(table)
        onward = self._reference(parent, parent.shape.column(column))
        return onward.ids_of if onward and onward.ids_of else table if column == "id" else None

    def _ask(self, table: str, column: str, parent: str) -> None:
        rule = self._mapping.tables.get(table)
        if not rule or column not in rule.settled:
            place = f"[{toml_key(table)}] in {self._mapping.file_of(table)}"
            self.questions.append(
                f"{table}.{column} names rows of {parent}, whose id is not unique: carried as it is; to make it a "
                f"reference, give {parent}.id a unique key in the source; to leave it, add settled = "
                f'["{column}"] to {place}'
            )

    def _undeclared(self, table: LegacyTable, column: Column) -> Reference | None:
        rule = self._mapping.common.references.get(column.name)
        if not rule or (rule.tables and table.name not in rule.tables) or rule.to == table.name:
            return None
        if table.name not in (*self._mapping.tables, *rule.tables) and rule.to != "users":
            return None  # a table that nobody mapped may mean anything by job_id
        parent = self._catalog.find_table(rule.to)
        key = parent.shape.find_column("id") if parent else None
        if not parent or not key or not self._is_target(rule.to):
            return None
        if not _comparable(column, key) or column.generated:
            return None
        if not self.root_of(rule.to) and not is_unique(parent.shape, ("id",)):
            self._ask(table.name, column.name, rule.to)
            return None
        ids_of = self._ids_in(rule.to, "id")
        return Reference(table.name, column.name, rule.to, "id", rule.on_orphan(table.name), None, ids_of)

    def _is_target(self, table: str) -> bool:
        return self._treatments.get(table) in MOVED and (
            self._treatments[table] != "reshape" or bool(self.root_of(table))
        )


def is_unique(shape: Table, columns: tuple[str, ...]) -> bool:
    """Whether a foreign key can point at these columns: a unique holds just them, over all rows and at once."""
    wanted = sorted(columns)
    held = [c.columns for c in shape.constraints if c.kind in "pu" and not c.is_deferrable]
    held += [i.keys for i in shape.indexes if i.is_unique and not i.predicate and not i.has_expression]
    return any(sorted(names) == wanted for names in held)


def _comparable(column: Column, key: Column) -> bool:
    """Whether values of one can name values of the other; a bigint never names a uuid."""
    same = column.base == key.base or {column.base, key.base} <= NUMBERS or {column.base, key.base} <= TEXTUAL
    return not column.is_array and (same or column.base in TEXTUAL or key.base in TEXTUAL)


def _unlimited(column: Column) -> tuple[str, str]:
    """The type without a length or a scale, which a cast would cut or round to, and its base."""
    base = "text" if column.base in TEXTUAL - {"citext"} else column.base
    return column.type if base in {"citext", *INTEGERS} else base, base


MOVED = ("copy", "keep", "reshape")
UUID = Column("id", "uuid", base="uuid")
