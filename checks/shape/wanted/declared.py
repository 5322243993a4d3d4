"""The wanted things of the target's own tables, with the columns and objects that legacy tables carry into them.

Laws
- A declared table has what the declaration says, and beside that only what is carried or moved into it.
- A reference to a copied table has the type of its key, and is declared where that is unique; an actor column has the
  type of its legacy columns, text where they differ.
- A carried column has its own name and type, and points at what the mapping says; where a column of another type, or
  one that points at something else, holds the name, it has the name with the legacy table's behind it. Where rows come
  from several legacy tables it is nullable. A generated column is generated again where all that it reads is carried
  beside it; else its values are plain ones.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from checks.compare.content import rest
from checks.reading import pointed
from checks.reading.facts import Facts
from checks.shape import things
from checks.shape.things import Key, Thing
from checks.shape.wanted import lasting, plain
from checks.shape.wanted.kept import Kept
from checks.shape.wanted.lasting import Arrival
from checks.shape.wanted.links import Pointing
from checks.shape.wanted.plain import OF_COLUMN, PLAIN_COLUMN, PLAIN_CONSTRAINT, PLAIN_INDEX, PLAIN_TABLE
from checks.shape.wanted.types import PLAIN_TEXT, Typed, Types
from config import target as declared
from config.feeds import ACTORS
from config.shapes import Column, Constraint, Index, Table

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
Things = dict[Key, Thing]
Added = dict[tuple[str, str], Thing]  # table and column → the carried column


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
        self._shapes, self._is_carried = shapes(facts), facts.settings.unmapped_columns == "carry"
        self._places: list[tuple[tuple[str, str], tuple[str, str]]] = []
        self._pointing: dict[
            tuple[str, str], frozenset[Pointing]
        ] = {}  # carried column → what it points at in the legacy schema

    def all(self) -> Iterator[Thing]:
        found = {thing.key: thing for shape in self._shapes.values() for thing in self._table(shape)}
        for thing in self._carried(found):
            found.setdefault(thing.key, thing)  # what the table declares itself comes first
        yield from found.values()

    def _table(self, shape: Table) -> Iterator[Thing]:
        yield Thing("table", None, shape.name, PLAIN_TABLE | {"comment": shape.comment})
        types, constraints = self._actor(shape.name), []
        for constraint in shape.constraints:
            if constraint.kind != "f" or constraint.ref_table in self._shapes:
                constraints.append(constraint)
                continue
            there, typed = self._pointed(constraint)
            types |= {constraint.columns[0]: typed} if typed else {}
            constraints += [there] if there else []
        yield from (_column(shape.name, one, types.get(one.name)) for one in shape.columns)
        yield from (_constraint(one) for one in constraints if one.kind != "n")
        yield from map(_index, shape.indexes)

    def _pointed(self, wanted: Constraint) -> tuple[Constraint | None, Typed | None]:
        """(a reference to a copied table as it can be had, the type that its column takes); None: none, its own."""
        facts, parent = self._facts, wanted.parent
        if facts.treatments.get(parent) in ("copy", "keep"):
            if self._types.links.is_unique(parent, "id"):
                return wanted, self._types.id_of(parent)
            legacy, column = pointed.feed(facts, wanted)
            named = self._named(legacy, column.name, parent) if column else None
            if column and named and self._types.links.is_unique(parent, named):
                return replace(wanted, ref_columns=(named,)), self._types.bare(legacy, column)
        legacy, column = pointed.feed(facts, wanted)
        return None, self._types.arriving(legacy, column) if column and parent in facts.treatments else None

    def _named(self, table: str, column: str, parent: str) -> str | None:
        """The column of the parent that a legacy reference names."""
        for constraint in self._facts.source.table(table).constraints:
            if constraint.kind == "f" and constraint.columns == (column,) and constraint.ref_table == parent:
                return constraint.ref_columns[0]
        return None

    def _actor(self, table: str) -> dict[str, Typed]:
        """Who reviewed or decided: what the legacy columns hold, text where they differ."""
        reviewers = list(pointed.reviewers(self._facts))
        found = [self._types.bare(legacy, column) for legacy, column in reviewers]
        name = ACTORS.get(table)
        if name is None or not found:
            return {}
        is_one = len({one.type for one in found}) == 1 and all(column.kind in "bd" for _, column in reviewers)
        return {name: found[0] if is_one else PLAIN_TEXT}

    def places(self) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
        """((legacy table, column), (table, column)) of what arrives in the declared tables; the roots of ids first."""
        for table in self._in_order:
            root = self._facts.home(table)
            if self._facts.treatments[table] == "reshape" and root != table and self._facts.source.has(table, "id"):
                yield (table, "id"), (root, "id")
        yield from self._places

    def _carried(self, found: Things) -> Iterator[Thing]:
        """What legacy tables carry into the declared ones, and what leaves a table for one beside it."""
        added: Added = {}
        for table in self._in_order:
            rule = self._facts.rule(table)
            if self._facts.treatments[table] == "reshape" and rule.carries and rule.carry_into:
                yield from self._of_table(table, rule.carry_into, found, added)
            if rule.split:
                yield from self._split(table, rule.split.into, set(rule.split.columns))

    @cached_property
    def _in_order(self) -> list[str]:
        """Legacy tables in the order of the mapping."""
        return [name for name in self._facts.mapping.tables if name in self._facts.treatments]

    def _is_shared(self, into: str) -> bool:
        """Whether rows of several legacy tables stand there."""
        reshaped = [table for table in self._in_order if self._facts.treatments[table] == "reshape"]
        return sum(into in self._facts.rule(table).targets for table in reshaped) > 1

    def _of_table(self, table: str, into: str, found: Things, added: Added) -> Iterator[Thing]:
        """Columns that no rule reads, and the constraints and indexes that are kept over these and others."""
        is_shared, carried = self._is_shared(into), dict[str, str]()
        legacy = {thing.name: thing for thing in self._kept.of("column", table)}
        columns = rest(self._facts, table) if self._is_carried else []
        for shape in sorted(columns, key=lambda column: bool(column.generated)):
            thing = self._column_carried(table, legacy[shape.name], shape, into, is_shared)
            if shape.generated and self._is_anew(table, shape, carried, is_shared):
                says = {name: legacy[shape.name].says[name] for name in ("default", "generated", "type", "home")}
                thing = replace(thing, says=thing.says | things.spelled(says, self._kept.replaced))
            placed = self._placed(table, thing, self._types.links.all(table, shape), found, added)
            if placed is not None:
                added.setdefault((into, placed.name), placed)
                yield placed
                carried[shape.name] = placed.name
                if parent := self._types.links.mapped(table, shape):
                    yield plain.mapped(into, placed.name, self._facts.home(parent))
        arrival = self._arrival(table, into, carried, found | {thing.key: thing for thing in added.values()})
        self._places += [((table, old), (into, new)) for old, new in arrival.names.items()]
        constraints = self._kept.of("constraint", table)
        constraints = [c for c in constraints if c.says["kind"] != "f" or self._binds_others(c, arrival, found)]
        yield from lasting.constraints(constraints, arrival, self._kept.calls)
        yield from lasting.indexes(self._kept.of("index", table), arrival, self._kept.calls)

    def _binds_others(self, key: Thing, arrival: Arrival, found: Things) -> bool:
        """Whether a foreign key may stand where rows of other legacy tables do: they hold null in one of its columns,
        or the table declares the same."""
        says = key.says
        is_of_others = set(says["columns"]) <= arrival.written or (says["match"] == "f" and len(says["columns"]) > 1)
        if not arrival.is_shared or not is_of_others:
            return True
        wanted = ([arrival.names.get(name) for name in says["columns"]], says["table"], says["referenced"])
        own = [
            t.says for t in found.values() if (t.kind, t.of) == ("constraint", arrival.into) and t.says["kind"] == "f"
        ]
        return wanted in [(one["columns"], one["table"], one["referenced"]) for one in own]

    def _is_anew(self, table: str, column: Column, carried: dict[str, str], is_shared: bool) -> bool:
        """Whether a column is generated again: all that it reads is carried beside it, as it is and under its name."""
        things_of = {thing.name: thing for thing in self._kept.of("column", table)}
        read = [self._facts.source.table(table).column(name) for name in column.reads]
        if lasting.is_dropped(column.default, self._kept.calls):
            return False
        return all(
            carried.get(c.name) == c.name
            and self._types.of(table, c).is_same
            and not (is_shared and self._kept.nullable_base(things_of[c.name]))
            for c in read
        )

    def _arrival(self, table: str, into: str, carried: dict[str, str], there: Things) -> Arrival:
        rule, facts = self._facts.rule(table), self._facts
        fixed = {name: (name,) for name in ("id", "user_id", "created_at", "updated_at")}
        if ("column", into, "updated_at") not in there:
            del fixed["updated_at"]
        used = {name: c.name for name, variants in (fixed | rule.columns).items() if (c := facts.used(table, variants))}
        written = {
            old: rule.arrives[old] for old in used.values() if old in rule.arrives and rule.transform != "professionals"
        }
        written |= {"id": "id"} if "id" in used else {}
        written = {old: new for old, new in written.items() if old not in carried}
        names, shape = carried | written, facts.source.table(table)
        bases = {old: there["column", into, new].base for old, new in names.items()}
        retyped = frozenset(old for old, base in bases.items() if shape.column(old).base != base)
        more = {old: name for name, old in used.items() if ("column", into, name) in there}
        return Arrival(into, names, retyped, frozenset(written), more, self._is_shared(into), is_ours=True)

    def _column_carried(self, table: str, found: Thing, shape: Column, into: str, is_shared: bool) -> Thing:
        typed = self._types.of(table, shape)
        stated = PLAIN_COLUMN | {name: found.says[name] for name in OF_COLUMN} | {"identity": "", "generated": ""}
        if not typed.is_same:
            stated |= {"type": typed.type, "home": typed.home, "collation": None, "default": None, "dimensions": 1}
        if found.says["generated"] or lasting.is_dropped(stated["default"], self._kept.calls):
            stated["default"] = None
        base = self._kept.nullable_base(found) if is_shared and typed.is_same else None
        if base:
            stated |= base
        if is_shared:
            stated["not null"] = False
        spelled = things.spelled(stated, self._kept.replaced)
        return Thing("column", into, shape.name, spelled, made_of=found, base=typed.base)

    def _placed(
        self, table: str, thing: Thing, links: frozenset[Pointing], found: Things, added: Added
    ) -> Thing | None:
        """The column under the name that it gets: its own, unless one has it that is of another type, points at
        something else or is a rule's."""
        written = WRITTEN.get(self._facts.rule(table).transform or "", set()) | ALWAYS_WRITTEN
        for name in (thing.name, f"{thing.name}_{table}"):
            there = found.get(("column", thing.of, name)) or added.get((thing.table, name))
            if there is None and len(name.encode()) <= MAX_NAME_BYTES:
                self._pointing[thing.table, name] = links
                return replace(thing, name=name)
            is_alike = there and there.says["type"] == thing.says["type"]
            if is_alike and self._pointing.get((thing.table, name)) == links and name not in written:
                return there
        return None

    def _split(self, table: str, into: str, leaving: set[str]) -> Iterator[Thing]:
        """Columns that leave a copied table for one beside it, as they were, with the constraints over them alone."""
        present = [thing for thing in self._kept.of("column", table) if thing.name in leaving]
        for thing in present:
            stated = PLAIN_COLUMN | {name: thing.says[name] for name in OF_COLUMN}
            if thing.says["generated"]:  # what it reads stays behind: its values arrive
                stated |= {"default": None, "generated": ""}
            base = self._facts.source.table(table).column(thing.name).base
            yield Thing(
                "column", into, thing.name, things.spelled(stated, self._kept.replaced), made_of=thing, base=base
            )
        arrival = Arrival(into, {thing.name: thing.name for thing in present})
        yield from lasting.constraints(self._kept.of("constraint", table), arrival, self._kept.calls)


def _column(table: str, shape: Column, key: Typed | None) -> Thing:
    made = plain.column(table, shape.name, shape.type, shape.base, shape.not_null, shape.default)
    if key is None:
        return made
    says = things.spelled({"type": key.type, "home": key.home, "collation": key.collation})
    return replace(made, says=made.says | says, base=key.base)


def _constraint(constraint: Constraint) -> Thing:
    if constraint.kind in "pu":
        return plain.unique(constraint.table, constraint.name, *constraint.columns, kind=constraint.kind)
    if constraint.kind == "c":
        stated = {"kind": "c", "expression": constraint.expression}
        return Thing("constraint", constraint.table, constraint.name, things.spelled(PLAIN_CONSTRAINT | stated))
    action = constraint.definition.partition(" ON DELETE ")[2]
    parent, key = constraint.parent, constraint.ref_columns[0]
    made = plain.reference(constraint.table, constraint.name, constraint.columns[0], parent, key)
    return made.saying(on_delete=ON_DELETE.get(action, "a"))


def _index(index: Index) -> Thing:
    stated = {"unique": index.is_unique, "keys": [plain.key(name) for name in index.columns], "comment": None}
    return Thing("index", index.table, index.name, PLAIN_INDEX | stated)
