"""What should stand in the target of the tables that it declares itself, and of what legacy tables carry into them.

Laws
- A declared table has what the declaration says, and no more than what is carried into it or leaves another for it.
- A reference to a copied table has the type of its key, and is declared where that is unique; an actor column has the
  type of its legacy columns, text where they differ.
- A carried column has its own name and type; where another type holds the name, the name with the legacy table's behind
  it. Where rows come from several legacy tables it is nullable. Values of a generated column are plain ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from checks.content import rest
from checks.facts import Facts
from checks.shape import things
from checks.shape.kept import (
    OF_COLUMN,
    PLAIN_COLUMN,
    PLAIN_CONSTRAINT,
    PLAIN_INDEX,
    PLAIN_TABLE,
    Kept,
    column,
    plain_key,
    reference,
    unique,
)  # fmt: skip
from checks.shape.things import Thing
from checks.shape.types import SAME, Typed, Types
from config import target as declared
from config.shapes import Column, Constraint, Index, Table

ACTORS = {"verification_requests": "reviewed_by", "approval_requests": "decided_by"}
ACTED = {"onboarding_submissions": "reviewed_by", "verifications": "verified_by"}  # legacy table → its rule column
ON_DELETE = {"CASCADE": "c", "SET NULL": "n", "RESTRICT": "r"}
# What a transform writes itself: a carried column of another table does not share such a column.
WRITTEN = {
    "profiles": {"user_role_profile_id"},
    "professionals": {
        "role", "role_id", "display_name", "bio", "location", "status", "rejection_reason", "approved_at",
    },
    "onboarding_submissions": {
        "user_role_profile_id", "role", "request_type", "status", "payload", "submitted_at", "reviewed_at",
        "reviewed_by", "rejection_reason",
    },
    "verifications": {
        "user_role_profile_id", "role", "request_type", "status", "payload", "submitted_at", "reviewed_at",
        "reviewed_by", "rejection_reason",
    },
    "submission_documents": {"verification_request_id", "document_type", "file_url", "status"},
    "activity_logs": {"actor_user_id", "action", "entity_type", "entity_id", "ip_address", "user_agent", "metadata"},
}  # fmt: skip
ALWAYS_WRITTEN = {"id", "user_id", "created_at", "updated_at"}
MAX_NAME_BYTES = 63


def shapes(facts: Facts) -> dict[str, Table]:
    """The declared tables; user_settings only where the legacy schema has none."""
    found = dict(declared.load())
    if "user_settings" in facts.source.tables:
        found.pop("user_settings")
    return found


class Declared:
    """Things of the target's own tables."""

    def __init__(self, facts: Facts, types: Types, kept: Kept):
        self._facts, self._types, self._kept = facts, types, kept
        self._shapes = shapes(facts)

    def all(self) -> Iterator[Thing]:
        found = {thing.key: thing for shape in self._shapes.values() for thing in self._table(shape)}
        for thing in self._carried(found):
            found.setdefault(thing.key, thing)  # what the table declares itself comes first
        yield from found.values()

    def _table(self, shape: Table) -> Iterator[Thing]:
        yield Thing("table", None, shape.name, PLAIN_TABLE | {"comment": shape.comment})
        keys = {c.columns[0]: self._key(c) for c in shape.constraints if c.kind == "f"} | self._actor(shape.name)
        for one in shape.columns:
            yield _column(shape.name, one, keys.get(one.name))
        for constraint in shape.constraints:
            if constraint.kind != "n" and (constraint.kind != "f" or self._has_parent(constraint)):
                yield _constraint(constraint)
        for index in shape.indexes:
            yield _index(index)

    def _key(self, constraint: Constraint) -> Typed | None:
        """The type of the copied key that a reference names; None where it names a table of the target's own."""
        parent = constraint.ref_table
        is_copied = parent not in self._shapes and self._has_parent(constraint)
        return self._types.key_of(parent) if is_copied else None

    def _has_parent(self, constraint: Constraint) -> bool:
        parent = constraint.ref_table
        if parent in self._shapes:
            return True
        legacy = self._facts.source.table(parent)
        is_there = legacy is not None and self._facts.fates[parent] in ("copy", "keep")
        return is_there and any(c.kind in "pu" and c.columns == ("id",) for c in legacy.constraints)

    def _actor(self, table: str) -> dict[str, Typed]:
        """Who reviewed or decided: what the legacy columns hold, text where they differ."""
        found = []
        for legacy, name in ACTED.items():
            rule = self._facts.rule(legacy)
            used = self._facts.used(legacy, rule.columns[name]) if legacy in self._facts.fates else None
            found += [(legacy, used)] if used else []
        if table not in ACTORS or not found or all(c.base == "uuid" for _, c in found):
            return {}
        is_one = {c.type for _, c in found} == {found[0][1].type} and found[0][1].kind == "b"
        return {ACTORS[table]: self._types.own(*found[0]) if is_one else Typed("text", "text", SAME, "pg_catalog")}

    def _carried(self, found: dict) -> Iterator[Thing]:
        """What legacy tables carry into the declared ones, and what leaves a table for one beside it."""
        added: dict[tuple[str, str], Thing] = {}
        is_carried = self._facts.settings.unmapped_columns == "carry"
        for table in self._in_order:
            rule = self._facts.rule(table)
            if is_carried and self._facts.fates[table] == "reshape" and rule.carries:
                yield from self._of_table(table, rule.carry_into, found, added)
            if rule and rule.split:
                yield from self._split(table, rule.split.into, set(rule.split.columns))

    @cached_property
    def _in_order(self) -> list[str]:
        """Legacy tables in the order of the mapping."""
        return [name for name in self._facts.mapping.tables if name in self._facts.fates]

    def _is_shared(self, into: str) -> bool:
        """Whether rows of several legacy tables stand there."""
        reshaped = [table for table in self._in_order if self._facts.fates[table] == "reshape"]
        return sum(into in self._facts.rule(table).targets for table in reshaped) > 1

    def _of_table(self, table: str, into: str, found: dict, added: dict) -> Iterator[Thing]:
        is_shared, arriving = self._is_shared(into), set()
        legacy = {thing.name: thing for thing in self._kept.of("column", table)}
        for shape in rest(self._facts, table):
            thing = self._column_carried(table, legacy[shape.name], shape, into, is_shared)
            placed = self._placed(table, thing, found, added)
            if placed is not None:
                added.setdefault((into, placed.name), placed)
                yield placed
                arriving |= {shape.name} if placed.name == shape.name else set()
        leaving = set(legacy) - arriving
        yield from self._kept.constraints(table, into, leaving, is_shared)
        yield from self._kept.indexes(table, into, leaving)
        if not is_shared:
            yield from self._renamed_uniques(table, into, arriving)

    def _column_carried(self, table: str, found: Thing, shape: Column, into: str, is_shared: bool) -> Thing:
        typed = self._types.of(table, shape)
        stated = PLAIN_COLUMN | {name: found.says[name] for name in OF_COLUMN} | {"identity": "", "generated": ""}
        if not typed.is_same:
            stated |= {"type": typed.type, "home": typed.home, "collation": None, "default": None, "dimensions": 1}
        if found.says["generated"] or found.says["sequences"] or self._kept.is_dropped(stated["default"]):
            stated["default"] = None
        base = self._kept.nullable_base(found) if is_shared and typed.is_same else None
        if base:
            stated |= base
        if is_shared:
            stated["not null"] = False
        return Thing("column", into, shape.name, things.spelled(stated, self._kept.replaced), made_of=found)

    def _placed(self, table: str, thing: Thing, found: dict, added: dict) -> Thing | None:
        """The column under the name that it gets: its own, unless a column of another type or of a rule has it."""
        written = WRITTEN.get(self._facts.rule(table).transform, set()) | ALWAYS_WRITTEN
        for name in (thing.name, f"{thing.name}_{table}"):
            there = found.get(("column", thing.of, name)) or added.get((thing.of, name))
            if there is None and len(name.encode()) <= MAX_NAME_BYTES:
                return replace(thing, name=name)
            if there and there.says["type"] == thing.says["type"] and name not in written:
                return there
        return None

    def _renamed_uniques(self, table: str, into: str, arriving: set[str]) -> Iterator[Thing]:
        """Uniques over columns that arrive under other names."""
        names = {name: name for name in arriving} | self._facts.rule(table).arrives
        for thing in self._kept.of("constraint", table):
            columns = set(thing.says["columns"])
            if thing.says["kind"] == "u" and columns <= set(names) and not columns <= arriving:
                made = unique(into, thing.name, *(names[name] for name in thing.says["columns"]))
                kept = ("nulls not distinct", "deferrable", "deferred", "comment")
                yield replace(made, says=made.says | {name: thing.says[name] for name in kept})

    def _split(self, table: str, into: str, leaving: set[str]) -> Iterator[Thing]:
        """Columns that leave a copied table for one beside it, as they were, with the constraints over them alone."""
        present = [thing for thing in self._kept.of("column", table) if thing.name in leaving]
        for thing in present:
            stated = PLAIN_COLUMN | {name: thing.says[name] for name in OF_COLUMN}
            yield Thing("column", into, thing.name, things.spelled(stated, self._kept.replaced), made_of=thing)
        others = {thing.name for thing in self._kept.of("column", table)} - {thing.name for thing in present}
        if present:
            yield from self._kept.constraints(table, into, others)


def _column(table: str, shape: Column, key: Typed | None) -> Thing:
    made = column(table, shape.name, shape.type, shape.not_null, shape.default)
    return made if key is None else replace(made, says=made.says | things.spelled({"type": key.type, "home": key.home}))


def _constraint(constraint: Constraint) -> Thing:
    if constraint.kind in "pu":
        return unique(constraint.table, constraint.name, *constraint.columns, kind=constraint.kind)
    if constraint.kind == "c":
        stated = {"kind": "c", "expression": constraint.expression}
        return Thing("constraint", constraint.table, constraint.name, things.spelled(PLAIN_CONSTRAINT | stated))
    action = constraint.definition.partition(" ON DELETE ")[2]
    made = reference(constraint.table, constraint.columns[0], constraint.ref_table, constraint.ref_columns[0])
    return replace(made, name=constraint.name, says=made.says | {"on delete": ON_DELETE.get(action, "a")})


def _index(index: Index) -> Thing:
    stated = {"unique": index.is_unique, "keys": [plain_key(name) for name in index.columns], "comment": None}
    return Thing("index", index.table, index.name, PLAIN_INDEX | stated)


def names(wanted: Iterable[Thing]) -> set[str]:
    """Names of the tables among the things."""
    return {thing.name for thing in wanted if thing.kind == "table"}
