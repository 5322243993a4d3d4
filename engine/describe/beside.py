"""The old and the new schema beside each other, by domain: tables, their columns and references, each column's way.

Laws
- Every legacy column stands in exactly one change; so does every column that the target adds, as `made`.
- Names are those of the catalogue, unchanged; whoever shows them makes them fit for his page.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from config import mapping, target
from config.shapes import Table
from engine.describe import additions
from engine.describe.detail import own_target
from engine.planning.plan import HIDDEN, Plan, TablePlan, Way
from engine.planning.tables.copied import ADDED

OTHER = "other"  # tables that the mapping does not speak of
# What becomes of a column, in the order in which a reader wants it. Of `changed` the values or the type are others.
KINDS = ("removed", "archived", "split", "moved", "renamed", "changed", "made", "same")
UNCHANGED = "same"


@dataclass(frozen=True)
class Field:
    """One column of a table. refers: the tables that a foreign key of its points at."""

    name: str
    type: str
    is_key: bool = False
    refers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Box:
    """One table. what: a sentence about it, where the target's DDL has one."""

    name: str
    fields: tuple[Field, ...]
    what: str = ""

    def find(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True)
class Place:
    """A column of a table, and its type where it is a column of its own."""

    table: str
    column: str
    type: str = ""


@dataclass(frozen=True)
class Change:
    """What becomes of one column. old: None of one that is made; new: () of one that arrives nowhere in the product."""

    kind: str
    old: Place | None
    new: tuple[Place, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Story:
    """The changes of one table. table: the legacy one, None of a new one; targets: final names; own: the one of them
    that stands for this table alone, if any does.

    dropped: constraints, indexes and defaults that do not arrive, and why.
    """

    table: str | None
    targets: tuple[str, ...]
    own: str | None
    disposition: str
    rows: int
    changes: tuple[Change, ...]
    dropped: tuple[str, ...] = ()
    what: str = ""
    filled_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.table or self.targets[0]

    @property
    def differing(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind != UNCHANGED)

    @property
    def is_changed(self) -> bool:
        return bool(self.differing) or bool(self.dropped) or self.own != self.table

    def count(self) -> dict[str, int]:
        """Kind of change → how many columns."""
        found = {kind: sum(change.kind == kind for change in self.changes) for kind in KINDS}
        return {kind: number for kind, number in found.items() if number}


@dataclass(frozen=True)
class Domain:
    name: str
    old: tuple[Box, ...]
    new: tuple[Box, ...]
    stories: tuple[Story, ...]


def domains(plan: Plan) -> list[Domain]:
    """Both schemas, in the mapping's order of domains; what no domain has comes last."""
    old, new = _old_boxes(plan), _new_boxes(plan)
    stories = [*_legacy_stories(plan, old, new), *_new_stories(plan)]
    homes = _homes(plan)
    names = [*mapping.DOMAINS, OTHER]
    found = (
        Domain(
            name,
            tuple(box for box in old.values() if homes["old", box.name] == name),
            tuple(box for box in new.values() if homes["new", box.name] == name),
            tuple(story for story in stories if homes["old" if story.table else "new", story.name] == name),
        )
        for name in names
    )
    return [domain for domain in found if domain.stories or domain.new]


def _homes(plan: Plan) -> dict[tuple[str, str], str]:
    """Side and table → its domain."""
    declared = target.domains()
    found = {("old", table.name): table.domain or OTHER for table in plan.tables}
    for shape in plan.build:
        name, own = plan.final_name(shape.name), plan.find_table(shape.name)
        home = own.domain if own and own.domain else declared.get(name) or declared.get(shape.name)
        found["new", name] = home or OTHER
    return found


def _old_boxes(plan: Plan) -> dict[str, Box]:
    return {table.name: Box(table.name, _fields(table.legacy.shape)) for table in plan.tables}


def _new_boxes(plan: Plan) -> dict[str, Box]:
    boxes = (Box(plan.final_name(shape.name), _fields(shape, plan), shape.comment or "") for shape in plan.build)
    return {box.name: box for box in sorted(boxes, key=lambda box: box.name)}


def _fields(shape: Table, plan: Plan | None = None) -> tuple[Field, ...]:
    """plan: where the shape is one of the build, whose names are final only in the end."""
    named = {old: new for table, old, new in plan.column_renames if table == shape.name} if plan else {}
    keys = {column for constraint in shape.constraints if constraint.kind == "p" for column in constraint.columns}
    refers: dict[str, list[str]] = {}
    for constraint in shape.constraints:
        for column in constraint.columns if constraint.kind == "f" else ():
            parent = plan.final_name(constraint.parent) if plan else constraint.parent
            refers.setdefault(column, []).append(parent)
    return tuple(
        Field(named.get(c.name, c.name).removeprefix(ADDED), c.type, c.name in keys, tuple(refers.get(c.name, ())))
        for c in shape.columns
        if c.name != HIDDEN
    )


def _legacy_stories(plan: Plan, old: dict[str, Box], new: dict[str, Box]) -> Iterator[Story]:
    gained = additions.columns(plan)
    for table in plan.tables:
        own = own_target(table)
        made = [_made(column, new) for column in gained if column.table == own]
        changes = (*(_change(table, way, own, old[table.name], new) for way in table.ways), *made)
        yield Story(table.name, table.targets, own, table.disposition, table.legacy.rows, changes, table.dropped)


def _new_stories(plan: Plan) -> Iterator[Story]:
    new = _new_boxes(plan)
    for table in additions.tables(plan):
        made = tuple(_made(column, new) for column in table.columns if column.name != HIDDEN)
        yield Story(None, (table.name,), table.name, "new", 0, made, (), table.what, table.filled_by)


def _made(column: additions.NewColumn, new: dict[str, Box]) -> Change:
    return Change("made", None, (_place(f"{column.table}.{column.name}", new),), column.filled_by)


def _change(table: TablePlan, way: Way, own: str | None, old: Box, new: dict[str, Box]) -> Change:
    field = old.find(way.column)
    is_lost = way.kind in ("archived", "removed")
    places = () if is_lost else tuple(_place(text, new) for text in way.targets)
    note = _note(table, way) or (", ".join(way.targets) if is_lost else "")
    kind = way.kind if is_lost else _kind(way, places, own, field)
    return Change(kind, Place(table.name, way.column, field.type if field else ""), places, note)


def _note(table: TablePlan, way: Way) -> str:
    """What the plan says of a way; of a rule that names what it makes, which the way's places say, the rule alone."""
    by = next((r.transform for r in table.routes if r.transform and way.note.endswith(f" by {r.transform}")), None)
    return f"rule {by}" if by and way.note.startswith("as ") else way.note


def _kind(way: Way, places: tuple[Place, ...], own: str | None, field: Field | None) -> str:
    if len(places) != 1:
        return "split" if places else "removed"
    (place,) = places
    if place.table != own:
        return "moved"
    if place.column != way.column:
        return "renamed"
    is_same = way.kind in ("same", "carried") and field is not None and place.type in ("", field.type)
    return UNCHANGED if is_same else "changed"


def _place(text: str, boxes: dict[str, Box]) -> Place:
    """What `table.column` names; either may hold a dot."""
    fits = [name for name in boxes if text.startswith(f"{name}.")]
    table = max(fits, key=len) if fits else text.partition(".")[0]
    column = text[len(table) + 1 :]
    field = boxes[table].find(column) if fits else None
    return Place(table, column, field.type if field else "")


def lost(domains: Iterable[Domain]) -> list[Change]:
    """Columns that the product no longer has: archived and removed ones."""
    stories = (story for domain in domains for story in domain.stories)
    return [change for story in stories for change in story.changes if change.kind in ("archived", "removed")]


def identity(plan: Plan) -> dict[str, Any]:
    """Which plan this is, and of which source, in names and digests: for whoever signs it."""
    source = plan.source
    return {
        "plan": plan.digest,
        "mapping": plan.mapping_digest,
        "source database": source.database,
        "source schema": plan.source_schema,
        "source server": source.system_identifier or "not told",
        "target schema": plan.target_schema,
    }
