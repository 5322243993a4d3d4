"""Tables as plain values: what the catalogue reads, what the target files declare, what the DDL is made of.

All frozen. Types and expressions are PostgreSQL's own text, as `format_type` and `pg_get_expr` give it with the
source schema alone on the search path (so objects of that schema stand unqualified, all others qualified).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Protocol, TypeVar


@dataclass(frozen=True, eq=False)  # without fields of its own, or all would be equal
class Sent:
    """A dataclass of which another process gets the fields, and nothing that it keeps beside them: another thread may
    be adding to that while it is pickled."""

    def __getstate__(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str: ...


Thing = TypeVar("Thing", bound=Named)


def by_name(things: Iterable[Thing]) -> dict[str, Thing]:
    """The things by their names; of two with one name the first."""
    found: dict[str, Thing] = {}
    for thing in things:
        found.setdefault(thing.name, thing)
    return found


@dataclass(frozen=True)
class Column:
    """One column. type: with its modifier, `numeric(14,2)`; base: name of the innermost base type, domains undone."""

    name: str
    type: str
    not_null: bool = False
    default: str | None = None
    collation: str | None = None  # quoted and qualified; None where it is the type's own
    identity: str = ""  # '' | 'a' (always) | 'd' (by default)
    generated: str = ""  # '' | 's' (stored) | 'v' (virtual); the expression then stands in default
    comment: str | None = None
    base: str = ""  # pg_type.typname, e.g. text, uuid, int8, timestamptz; of an array: its element's
    kind: str = "b"  # pg_type.typtype of the column's type: b e d c r m
    is_array: bool = False
    dimensions: int = 0
    reads: tuple[str, ...] = ()  # of a generated column: the columns that its expression reads
    # What only a catalogue can tell, of the database it was read from; left out where columns are compared.
    qualified: str = field(default="", compare=False)  # the type with its schema, unless that is pg_catalog
    is_binary: bool = field(default=True, compare=False)  # whether it, and all it is made of, has send and receive
    sends: str = field(default="", compare=False)  # the function that gives a value's binary form, if there is one
    is_cast_to_json: bool = field(default=False, compare=False)  # whether row_to_json would call a cast of its own
    # Whether its values are made of oids that stand for names (regclass and its kin): elsewhere they mean nothing.
    names_objects: bool = field(default=False, compare=False)
    # Whether its texts compare by a collation of their own, for which two that differ may be equal, and none may match.
    is_collated: bool = field(default=False, compare=False)
    # Whether that collation is not deterministic, so that texts of different letters may be one value.
    is_loose: bool = field(default=False, compare=False)

    @property
    def full_type(self) -> str:
        """The type as a session reads it whose search path is pg_catalog. Of a legacy column that keeps its type."""
        return self.qualified or self.type


@dataclass(frozen=True)
class Element:
    """One element of an index: a column, quoted, or an expression. operator: of an exclusion.

    collation, operator_class (with its options), order: None where the column or type says so itself.
    """

    expression: str
    column: str | None = None  # None of an expression
    collation: str | None = None
    operator_class: str | None = None
    order: str | None = None  # DESC | NULLS FIRST | DESC NULLS LAST
    operator: str | None = None


@dataclass(frozen=True)
class Constraint:
    """One constraint. definition: what follows ADD CONSTRAINT name, where it was read as a text; DDL takes the parts.

    elements, include, predicate, method, storage: those of its index.
    under: (name, the table's name for it) of columns that the texts call otherwise than the table does.
    has_period: WITHOUT OVERLAPS of a key, PERIOD of a reference. is_local: NO INHERIT.
    """

    name: str
    table: str
    kind: str  # p u f c x n (not null)
    columns: tuple[str, ...]
    definition: str = ""
    ref_table: str | None = None  # of a foreign key, bare name
    ref_schema: str | None = None  # None: the schema of the table itself
    ref_columns: tuple[str, ...] = ()
    expression: str | None = None  # of a check
    is_validated: bool = True
    is_deferrable: bool = False
    is_match_full: bool = False
    nulls_not_distinct: bool = False
    comment: str | None = None
    is_enforced: bool = True
    is_deferred: bool = False
    is_local: bool = False
    has_period: bool = False
    on_update: str | None = None  # CASCADE | RESTRICT | SET NULL | SET DEFAULT
    on_delete: str | None = None
    set_columns: tuple[str, ...] = ()  # those that ON DELETE SET sets, if not all
    elements: tuple[Element, ...] = ()
    include: tuple[str, ...] = ()
    predicate: str | None = None
    method: str = "btree"
    storage: str | None = None  # fillfactor='70'
    under: tuple[tuple[str, str], ...] = ()

    @property
    def parent(self) -> str:
        """The table that a foreign key points at. Errors: LookupError of any other constraint."""
        if self.ref_table is None:
            raise LookupError(f"{self.table}.{self.name} points at no table; wanted a foreign key")
        return self.ref_table


@dataclass(frozen=True)
class Index:
    """One index that no constraint owns. definition: where it was read as a text; DDL takes the parts.

    under: as of a constraint.
    """

    name: str
    table: str
    columns: tuple[str, ...]  # every column it reads, in keys, INCLUDE, expressions and predicate
    definition: str = ""
    is_unique: bool = False
    predicate: str | None = None
    comment: str | None = None
    elements: tuple[Element, ...] = ()
    include: tuple[str, ...] = ()
    method: str = "btree"
    storage: str | None = None
    nulls_not_distinct: bool = False
    under: tuple[tuple[str, str], ...] = ()

    @property
    def has_expression(self) -> bool:
        return any(element.column is None for element in self.elements)

    @property
    def keys(self) -> tuple[str, ...]:
        """Its key columns and expressions as SQL, without INCLUDE."""
        return tuple(element.expression for element in self.elements)


@dataclass(frozen=True)
class Table(Sent):
    name: str
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    comment: str | None = None

    @cached_property
    def _columns(self) -> dict[str, Column]:
        return by_name(self.columns)

    def find_column(self, name: str) -> Column | None:
        return self._columns.get(name)

    def column(self, name: str) -> Column:
        """The column of this name, which is known to be there. Errors: LookupError."""
        found = self.find_column(name)
        if found is None:
            raise LookupError(f"{self.name} has no column {name}; wanted one of {[c.name for c in self.columns]}")
        return found

    @property
    def objects(self) -> tuple[Constraint | Index, ...]:
        """Constraints and indexes."""
        return (*self.constraints, *self.indexes)

    @property
    def primary_key(self) -> tuple[str, ...]:
        return next((c.columns for c in self.constraints if c.kind == "p"), ())

    @property
    def key_types(self) -> tuple[str, ...]:
        """Base types of the primary key's columns; `array` of whatever it is, `enum` whatever it is called."""
        columns = map(self.column, self.primary_key)
        return tuple("array" if c.is_array else "enum" if c.kind == "e" else c.base for c in columns)
