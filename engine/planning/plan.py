"""The plan: what becomes of every table, column and constraint, as frozen values.

Laws
- The plan says everything that a run does; a run decides nothing.
- Every legacy column has a Way; a plan with a fault is not run.
- Build tables have legacy names until the last step; `renames` holds their final names.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property

from config.note_kinds import Note
from config.shapes import Column, Sent, Table, by_name
from engine.planning import ids
from engine.planning.fault import Fault
from engine.reflect.catalog import Catalog, LegacyTable
from engine.reflect.objects import Function
from transforms.outcome import Parameters

HIDDEN = "__origin"  # which legacy row a build row came from: <tableoid><ctid>; dropped before publish
SENT = "bytea"  # type of an item that is the binary form of its value, as the type's own function sends it
MERGED = "__merged_professionals"  # what professionals carry, until it reaches their profiles
_PLAIN = (str, int, float, type(None))


@dataclass(frozen=True)
class Way:
    """The destination of one legacy column.

    kind: same, renamed, cast, derived, rule, carried, moved, archived or removed.
    """

    column: str
    kind: str
    targets: tuple[str, ...] = ()  # table.column, final names
    note: str = ""


@dataclass(frozen=True)
class Item:
    """One entry of a SELECT list: output name, SQL expression over alias t, type of the value."""

    name: str
    expression: str
    type: str = "text"


@dataclass(frozen=True)
class IdConversion:
    """A selected column whose values become ids of another form on the way: UUIDs as they are, others derived."""

    item: str
    parent: str
    is_own_id: bool = False


Freight = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True)
class Route:
    """One motion: rows of one legacy table, by one lane, into one or more build tables.

    freight: build table → (target column, item) pairs that ride along untouched.
    is_accounted: whether its rows' outcomes are the legacy table's; others are derived rows, whose failures are notes.
    """

    name: str
    legacy_table: str
    wave: int
    lane: str  # stream | frame
    items: tuple[Item, ...]
    targets: tuple[str, ...]
    from_sql: str
    where_sql: str = ""
    transform: str | None = None
    parameters: Parameters | None = None
    lookups: tuple[str, ...] = ()
    rule_columns: tuple[str, ...] = ()  # what the transform reads; one that no item gives is all null
    freight: Freight = ()
    conversions: tuple[IdConversion, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()  # column → expression that stands in for a null
    is_accounted: bool = True
    is_archive: bool = False
    is_chunked: bool = True

    @property
    def transform_parameters(self) -> Parameters:
        """What the transform is told beside the rows. Errors: LookupError of a route without one."""
        if self.parameters is None:
            raise LookupError(f"route {self.name} has no transform, so no parameters for one")
        return self.parameters


@dataclass(frozen=True)
class ConstraintRule:
    """One constraint of the target as the quarantine sees it. on_orphan: of a foreign key.

    is_trusted: the legacy constraint proves it, for the rows arrive unchanged.
    """

    table: str
    name: str
    kind: str  # n c f u p x
    columns: tuple[str, ...]
    expression: str | None = None
    ref_table: str | None = None
    ref_columns: tuple[str, ...] = ()
    on_orphan: str = "null"
    releases: tuple[str, ...] = ()  # of a foreign key: the columns that are set to null where it leads nowhere
    is_trusted: bool = False
    is_match_full: bool = False
    nulls_not_distinct: bool = False
    predicate: str | None = None
    keys: tuple[str, ...] = ()  # of a unique: what may not stand twice, as SQL; () means the columns
    operators: tuple[str, ...] = ()  # of an exclusion: what may not hold of all its keys at once
    under: tuple[tuple[str, str], ...] = ()  # (name, the table's name for it) of columns that the texts call otherwise
    has_period: bool = False  # of a foreign key: its last column is a period that the parents' have to cover
    is_alone: bool = False  # rows are held to it, and no constraint of the table is; another of its name may be

    @property
    def parent(self) -> str:
        """The build table that a foreign key points at. Errors: LookupError of any other rule."""
        if self.ref_table is None:
            raise LookupError(f"{self.table}.{self.name} points at no table; wanted a foreign key")
        return self.ref_table

    @property
    def nulls_orphans(self) -> bool:
        """Whether a reference that leads nowhere is set to null; else its row is rejected."""
        return self.on_orphan == "null" and bool(self.releases)


@dataclass(frozen=True)
class Follow:
    """A loaded reference to a reshaped table, which is updated once the rows' new ids are known."""

    table: str
    column: str
    legacy_table: str
    is_nullable: bool


@dataclass(frozen=True)
class Noted:
    """Values of the source that do not arrive, to be noted on their rows: value and condition are SQL over alias t."""

    legacy_table: str
    target_table: str
    target_column: str
    note: Note
    value: str
    condition: str


@dataclass(frozen=True)
class TablePlan:
    """What becomes of one legacy table."""

    legacy: LegacyTable
    domain: str
    disposition: str  # copy rename reshape archive carry skip
    targets: tuple[str, ...]  # final names
    ways: tuple[Way, ...]
    routes: tuple[Route, ...]
    dropped: tuple[str, ...] = ()  # constraints, indexes, defaults that are not kept, and why
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.legacy.name

    @property
    def build_name(self) -> str | None:
        """The table of the build that stands for this one, if any does."""
        targets = [target for route in self.routes if not route.is_archive for target in route.targets]
        return self.name if self.name in targets else next(iter(targets), None) if len(self.targets) == 1 else None

    @property
    def lane(self) -> str:
        return "frame" if any(r.lane == "frame" and r.is_accounted for r in self.routes) else "stream"

    @property
    def key(self) -> tuple[str, ...]:
        return self.legacy.shape.primary_key


@dataclass(frozen=True, eq=False)  # so that what follows from one can be kept by it
class Plan(Sent):
    source: Catalog = field(repr=False)
    source_schema: str
    target_schema: str
    mapping_digest: str
    instant: str  # timestamptz literal: when the run was created
    tables: tuple[TablePlan, ...] = ()
    build: tuple[Table, ...] = ()  # shapes of the build schema, legacy names
    archive: tuple[Table, ...] = ()  # shapes of the archive schema
    hidden: frozenset[str] = frozenset()  # build tables with the hidden column
    rules: tuple[ConstraintRule, ...] = ()
    follows: tuple[Follow, ...] = ()
    noted: tuple[Noted, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    column_renames: tuple[tuple[str, str, str], ...] = ()
    types: tuple[str, ...] = ()
    archive_types: tuple[str, ...] = ()
    archive_functions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    sequences: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    spelled: tuple[tuple[str, str, str], ...] = ()  # (legacy table, id or reference to one, SQL of its value as text)
    collations: tuple[str, ...] = ()
    archive_collations: tuple[str, ...] = ()
    text_search: tuple[str, ...] = ()
    # (build table, part) → (legacy table, part), where they differ: columns, constraints and indexes
    origins: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = ()
    missing_tables: tuple[str, ...] = ()
    clashing: frozenset[str] = frozenset()  # names that legacy and target both take: each has a fault
    faults: tuple[Fault, ...] = ()
    questions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @cached_property
    def _tables(self) -> dict[str, TablePlan]:
        return by_name(self.tables)

    @cached_property
    def _shapes(self) -> dict[str, Table]:
        return by_name(self.build)

    @cached_property
    def _routes(self) -> dict[str, Route]:
        return by_name(self.routes)

    @cached_property
    def _spelled_as(self) -> dict[tuple[str, str], str]:
        return {(table, column): text for table, column, text in reversed(self.spelled)}

    @cached_property
    def _final_names(self) -> dict[str, str]:
        return dict(self.renames)

    @cached_property
    def parents(self) -> dict[str, set[str]]:
        """Build table → those that its foreign keys point at; none of a table without any."""
        found: dict[str, set[str]] = {}
        for rule in self.rules:
            if rule.kind == "f":
                found.setdefault(rule.table, set()).add(rule.parent)
        return found

    def find_table(self, name: str) -> TablePlan | None:
        return self._tables.get(name)

    def table(self, name: str) -> TablePlan:
        """The plan of this legacy table, which is known to be planned. Errors: LookupError."""
        found = self.find_table(name)
        if found is None:
            raise LookupError(f"the plan has no legacy table {name}")
        return found

    def shape(self, name: str) -> Table:
        return self._shapes[name]

    def route(self, name: str) -> Route:
        return self._routes[name]

    def spelled_as(self, table: str, column: str) -> str:
        """SQL over alias t: a value as text, in the form in which ids are compared."""
        return self._spelled_as.get((table, column)) or ids.word(self.table(table).legacy.shape.column(column))

    def id_as(self, table: str, column: str) -> str:
        """The same of an id: one text however a UUID is written."""
        text = self.spelled_as(table, column)
        return text if ids.is_uuid(self.table(table).legacy.shape.column(column)) else ids.hyphened(text)

    def takes_null(self, table: str, column: str) -> bool:
        """Whether a value of a build table's column may be set to null."""
        shape = self.shape(table)
        return self.source.takes_null(shape, shape.column(column))

    @property
    def carried_functions(self) -> tuple[Function, ...]:
        """Functions of the legacy schema that are made in the target, with their bodies."""
        names = {*self.functions, *self.archive_functions}
        return tuple(function for function in self.source.functions if function.signature in names)

    def final_name(self, build_table: str) -> str:
        return self._final_names.get(build_table, build_table)

    def build_column(self, build_table: str, final: str) -> str:
        """The name in the build of the column with this final name."""
        named = (old for table, old, new in self.column_renames if (table, new) == (build_table, final))
        return next(named, final)

    @property
    def build_schema(self) -> str:
        return f"{self.target_schema}__build"

    @property
    def archive_schema(self) -> str:
        """Of the archive while it is built."""
        return "legacy_archive__build"

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        return tuple(route for table in self.tables for route in table.routes)

    @property
    def digest(self) -> str:
        """Equal for plans that move the same columns the same way; sizes and instants take no part."""
        routes = [replace(route, items=_timeless(route.items, self.instant)) for route in self.routes]
        parts = (self.mapping_digest, self.build, self.archive, self.rules, self.renames, self.column_renames, routes)
        return hashlib.sha256(_spelled(parts).encode()).hexdigest()


def _timeless(items: tuple[Item, ...], instant: str) -> tuple[Item, ...]:
    return tuple(replace(item, expression=item.expression.replace(instant, "")) for item in items)


def merged_shape(plan: Plan) -> Table | None:
    """The table of professionals' carried columns, with the profile that each leads to; None if they carry none."""
    route = next((r for r in plan.routes if r.transform == "professionals"), None)
    if not route or not (pairs := dict(route.freight).get(route.targets[0], ())):
        return None
    root = plan.shape(route.targets[0])
    kinds = {"root_id": "uuid", "legacy_id": "text", "legacy_key": "text", "updated_at": "timestamptz", "place": "int8"}
    own = [Column(f"__{name}", kind, base=kind) for name, kind in kinds.items()]
    carried = tuple(replace(root.column(name), default=None, not_null=False, comment=None) for name, _ in pairs)
    return Table(MERGED, (*own, *carried))


def _spelled(value: object) -> str:
    if isinstance(value, _PLAIN):  # most of a plan is
        return repr(value)
    if isinstance(value, (tuple, list)):
        return "(" + ",".join(map(_spelled, value)) + ")"
    if is_dataclass(value) and not isinstance(value, type):
        return "(" + ",".join(f"({f.name!r},{_spelled(getattr(value, f.name))})" for f in fields(value)) + ")"
    if isinstance(value, Mapping):
        return _spelled(sorted(value.items()))
    return repr(value)
