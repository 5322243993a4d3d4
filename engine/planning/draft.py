"""The draft of a plan: what all parts of the planner read, and the few lists that they add to.

A Draft lives while one plan is made; the plan itself is frozen. Faults are gathered, never raised one by one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from config.postgres.quoting import quoted
from config.rules import Mapping as Rules
from config.rules import TableRule, toml_key
from config.settings import Settings
from config.shapes import Column, Constraint, Index, Table
from engine.planning.fault import Fault
from engine.planning.keys import Keys, Reference
from engine.planning.plan import SENT, Follow, Item, Noted
from engine.reflect import older
from engine.reflect.catalog import Catalog, LegacyTable
from engine.reflect.select_list import Times, plain, text, text_at

# What a column points at: (its columns, a legacy table, that one's columns) of each reference over it.
Meaning = frozenset[tuple[tuple[str, ...], str, tuple[str, ...]]]


@dataclass(frozen=True)
class Foreign:
    """A foreign key of this legacy table that is kept if what it points at is: its own columns as the build has them,
    the table and the columns that it points at as the legacy database has them."""

    legacy_table: str
    constraint: Constraint


@dataclass
class Draft:
    catalog: Catalog
    mapping: Rules
    settings: Settings
    instant: str
    keys: Keys
    treatments: dict[str, str]  # legacy table → copy | keep | reshape | archive | skip
    declared: dict[str, Table]  # section tables of ours, adapted and added to as planning goes on
    server: int = older.NEWEST  # the target's version
    legacy_names: Mapping[str, str] = field(
        default_factory=dict
    )  # of tables that were set aside (engine.planning.tables.aside)
    fed_by: dict[str, set[str]] = field(default_factory=dict)  # declared table → legacy tables that feed it
    foreign: list[Foreign] = field(default_factory=list)
    # legacy column → the build columns that hold its values, the first being where references lead
    arrivals: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    follows: list[Follow] = field(default_factory=list)
    sources_of: dict[tuple[str, str], tuple[str, str]] = field(
        default_factory=dict
    )  # build column, constraint or index → legacy one
    changed: set[tuple[str, str]] = field(default_factory=set)  # build columns whose values are not the legacy's own
    retyped: set[tuple[str, str]] = field(default_factory=set)  # those among them whose type is another
    on_orphan: dict[tuple[str, str], str] = field(default_factory=dict)  # build column → null | reject
    meanings: dict[tuple[str, str], Meaning] = field(default_factory=dict)  # what carried columns point at (pointing)
    rewritten: dict[tuple[str, str], Reference] = field(default_factory=dict)  # build columns of ids written anew
    parsed: set[tuple[str, str]] = field(default_factory=set)  # text columns that point at integer keys
    noted: list[Noted] = field(default_factory=list)
    clashing: set[str] = field(
        default_factory=set
    )  # names that legacy and target both take (engine.planning.tables.clashes)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # of each declared table, before any legacy column is added to it
        self.own_columns = {name: frozenset(c.name for c in shape.columns) for name, shape in self.declared.items()}

    def find_rule(self, table: str) -> TableRule | None:
        return self.mapping.tables.get(table)

    def rule(self, table: str) -> TableRule:
        """What the mapping says of this legacy table, which it is known to name. Errors: LookupError."""
        found = self.find_rule(table)
        if found is None:
            raise LookupError(f"the mapping has no section [{toml_key(table)}]")
        return found

    def keeps(self, table: str, columns: Iterable[str]) -> bool:
        """Whether these columns of a build table hold the legacy values throughout, and no reference in them is
        rewritten."""
        moving = self.changed | {(follow.table, follow.column) for follow in self.follows}
        return not any((table, column) in moving for column in columns)

    def drops(self, table: str, user: str) -> list[str]:
        """Functions that a column, constraint or index of a legacy table calls and the mapping drops."""
        dropped = {name for name, new in self.mapping.common.functions.items() if not new}
        used = [need for need in self.catalog.dependencies if (need.table, need.user) == (table, user)]
        return sorted({need.name for need in used if need.kind == "function"} & dropped)

    def times(self, table: LegacyTable) -> Times:
        return Times(table.shape, self.mapping.common.created_at_from, self.settings.time_zone, self.instant)

    def labels(self, column: Column) -> tuple[str, ...]:
        """Of the enum that is the column's type; none of any other."""
        return next((t.labels for t in self.catalog.types if t.name == column.type.strip('"')), ())

    def from_sql(self, table: str) -> str:
        return f"{quoted(self.catalog.schema, self.legacy_names.get(table, table))} as t"

    def place(self, table: str) -> str:
        """The mapping's file and key for a table, whether or not it is there."""
        header = f"[{toml_key(table)}]"
        if self.find_rule(table):
            return f"{header} in {self.mapping.file_of(table)}"
        return f"a new {header} in a file of config/mapping"

    def fault(self, table: str, column: str | None, found: str, remedy: str) -> None:
        """One fault: which table and column, what was found, which file to edit."""
        where = f"{table}.{column}" if column else table
        self.faults.append(Fault(f"{where}: {found}; {remedy}", table, column))

    def arrives(self, table: str, column: str, into: str, name: str) -> None:
        """Record that the values of this legacy column arrive in that build column."""
        self.arrivals.setdefault((table, column), []).append((into, name))

    def add_column(self, table: str, column: Column) -> None:
        shape = self.declared[table]
        self.declared[table] = replace(shape, columns=(*shape.columns, column))

    def add_objects(self, table: str, constraints: list[Constraint], indexes: list[Index], legacy: str) -> None:
        """Add constraints and indexes of the legacy table `legacy` to a declared table."""
        shape = self.declared[table]
        brought: list[Constraint | Index] = [*constraints, *indexes]
        self.sources_of |= {(table, found.name): (legacy, found.name) for found in brought}
        self.declared[table] = replace(
            shape, constraints=(*shape.constraints, *constraints), indexes=(*shape.indexes, *indexes)
        )


def freight_item(name: str, column: Column, value: str) -> Item:
    """A value of the column's type as it rides along in the frame lane: in binary form if it has one, else as text."""
    return Item(name, f"{column.sends}({value})", SENT) if column.sends else Item(name, text_at(value, column))


def as_freight(shape: Table, item: Item, converted: Collection[str] = ()) -> Item:
    """What an item of a legacy table is in the frame lane. converted: names of those whose values change on the way."""
    column = shape.find_column(item.name)
    is_sent = column and (column.base != "citext" or item.expression == plain(column))  # citext and a text make a text
    if column and is_sent and item.type == column.type and item.name not in converted:
        return freight_item(item.name, column, item.expression)
    return item if item.type == "text" else Item(item.name, text(item.expression))
