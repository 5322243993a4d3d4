"""Which type every key and reference has in the target, and how a legacy value gets there.

Laws (contract: normalisation of ids)
- An id is a sole primary-key column named `id`. Of a reshaped table it becomes uuid; elsewhere a text id becomes uuid
  if most of its values are UUIDs, any other stays what it is.
- A reference has the type of the key it points at: declared by a foreign key, or undeclared and named by the mapping.
- text → uuid is a cast in the SELECT if every value is a UUID, else it is derived in the frame lane.
"""

from collections.abc import Callable
from dataclasses import dataclass

from config.mapping import Mapping
from config.shapes import Column, Constraint
from engine.catalog import Catalog, LegacyTable

TEXTUAL = {"text", "varchar", "bpchar", "citext", "name"}
INTEGERS = {"int2", "int4", "int8"}

# Where references to a reshaped legacy table lead.
ROOT_OF = {
    "professionals": "user_role_profiles",
    "onboarding_submissions": "verification_requests",
    "verifications": "verification_requests",
    "submission_documents": "verification_documents",
    "activity_logs": "audit_logs",
}


@dataclass(frozen=True)
class Reference:
    """Column `column` of legacy table `table` points at `to_column` of legacy table `to`."""

    table: str
    column: str
    to: str
    to_column: str
    on_orphan: str  # null | reject
    declared: Constraint | None = None


@dataclass(frozen=True)
class Conversion:
    """How a legacy value becomes the target's. kind: same, cast, derive (UUIDv5 where it is no UUID) or parse."""

    kind: str
    type: str
    parent: str | None = None  # legacy table whose name stands in a derived id


class Keys:
    """Types of ids and references. probe(table, columns) → column → (values, how many of them are UUIDs)."""

    def __init__(self, catalog: Catalog, mapping: Mapping, fates: dict[str, str], probe: Callable):
        self._catalog, self._mapping, self._fates, self._probe = catalog, mapping, fates, probe
        self._probed: dict[tuple[str, str], tuple[int, int]] = {}
        self.questions: list[str] = []
        self.references = {
            (r.table, r.column): r for t in catalog.tables if fates.get(t.name) in MOVED for r in self._references_of(t)
        }

    def root_of(self, table: str) -> str | None:
        """The target table that references to this legacy table lead to; None: the table itself."""
        if self._fates.get(table) != "reshape":
            return None
        return "user_role_profiles" if table in self._mapping.profile_tables else ROOT_OF.get(table)

    def is_id(self, table: LegacyTable, column: str) -> bool:
        return column == "id" and table.shape.primary_key == ("id",)

    def conversion(self, table: LegacyTable, column: Column) -> Conversion:
        """How this column of a loaded table reaches the target."""
        reference = self.references.get((table.name, column.name))
        if reference:
            wanted, parent = self._type_behind(reference), reference.to
        elif self.is_id(table, column.name):
            wanted, parent = self._id_type(table), table.name
        else:
            return Conversion("same", column.type)
        return self._between(table.name, column, wanted, parent)

    def _between(self, table: str, column: Column, wanted: Column, parent: str) -> Conversion:
        if column.base == wanted.base or {column.base, wanted.base} <= INTEGERS or wanted.base not in ("uuid", *CASTS):
            return Conversion("same", column.type)
        if wanted.base == "uuid" and column.base in TEXTUAL:
            values, uuids = self._count(table, column.name)
            return Conversion("cast" if values == uuids else "derive", "uuid", parent)
        if wanted.base == "uuid" and column.base in INTEGERS:
            return Conversion("derive", "uuid", parent)
        if wanted.base in TEXTUAL:
            return Conversion("same" if column.base in TEXTUAL else "cast", wanted.type, parent)
        if wanted.base in INTEGERS and column.base in TEXTUAL:
            return Conversion("parse", wanted.type, parent)
        return Conversion("same", column.type)

    def _id_type(self, table: LegacyTable) -> Column:
        column = table.shape.column("id")
        if self._fates[table.name] == "reshape":
            return UUID
        if column.base in TEXTUAL:
            values, uuids = self._count(table.name, "id")
            return UUID if uuids * 2 > values else column
        return column

    def _type_behind(self, reference: Reference) -> Column:
        if self.root_of(reference.to):
            return UUID
        parent = self._catalog.table(reference.to)
        column = parent.shape.column(reference.to_column)
        if self.is_id(parent, reference.to_column):
            return self._id_type(parent)
        onward = self.references.get((reference.to, reference.to_column))
        return self._type_behind(onward) if onward and onward.to != reference.table else column

    def _count(self, table: str, column: str) -> tuple[int, int]:
        if (table, column) not in self._probed:
            self._probed |= {(table, c): counts for c, counts in self._probe(table, [column]).items()}
        return self._probed[table, column]

    def _references_of(self, table: LegacyTable):
        declared = {}
        for constraint in table.shape.constraints:
            is_single = constraint.kind == "f" and len(constraint.columns) == 1 and not constraint.ref_schema
            if is_single and self._is_target(constraint.ref_table):
                declared[constraint.columns[0]] = constraint
        for column in table.shape.columns:
            if column.name in declared:
                yield self._declared(table, column, declared[column.name])
            elif undeclared := self._undeclared(table, column):
                yield undeclared

    def _declared(self, table: LegacyTable, column: Column, constraint: Constraint) -> Reference:
        rule = self._mapping.common.references.get(column.name)
        on_orphan = rule.on_orphan(table.name) if rule and rule.to == constraint.ref_table else "null"
        return Reference(
            table.name, column.name, constraint.ref_table, constraint.ref_columns[0], on_orphan, constraint
        )

    def _undeclared(self, table: LegacyTable, column: Column) -> Reference | None:
        rule = self._mapping.common.references.get(column.name)
        if not rule or (rule.tables and table.name not in rule.tables) or rule.to == table.name:
            return None
        if table.name not in self._mapping.tables and rule.to != "users":
            return None  # a table that nobody mapped may mean anything by job_id
        parent = self._catalog.table(rule.to)
        if not parent or not self._is_target(rule.to) or not parent.shape.column("id"):
            return None
        if not self._comparable(column, parent.shape.column("id")) or column.generated:
            return None
        if not self.root_of(rule.to) and not any(
            c.kind in "pu" and c.columns == ("id",) for c in parent.shape.constraints
        ):
            self.questions.append(f"{table.name}.{column.name} names rows of {rule.to}, whose id is not unique")
            return None
        return Reference(table.name, column.name, rule.to, "id", rule.on_orphan(table.name))

    def _comparable(self, column: Column, key: Column) -> bool:
        """Whether values of one can name values of the other; a bigint never names a uuid."""
        same = column.base == key.base or {column.base, key.base} <= INTEGERS or {column.base, key.base} <= TEXTUAL
        return not column.is_array and (same or column.base in TEXTUAL or key.base in TEXTUAL)

    def _is_target(self, table: str) -> bool:
        return self._fates.get(table) in MOVED and (self._fates[table] != "reshape" or bool(self.root_of(table)))


MOVED = ("copy", "keep", "reshape")
CASTS = TEXTUAL | INTEGERS
UUID = Column("id", "uuid", base="uuid")
