"""The wanted things of tables that keep their shape: copied, renamed, carried or kept.

Laws
- A column keeps all its attributes in the legacy catalogue. The exceptions stand here, once for each reason: it leaves,
  its type becomes another (types), it is created_at or updated_at, a function that its default calls is replaced.
- Constraints and indexes are kept where their columns are (lasting); references that the mapping declares are added.
- Storage, row security, triggers and all that does not concern a table's rows is as in a new table of PostgreSQL's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from checks.compare.content import gone
from checks.reading.facts import Facts
from checks.shape import things
from checks.shape.things import Says, Thing
from checks.shape.wanted import lasting, plain
from checks.shape.wanted.lasting import Arrival
from checks.shape.wanted.plain import OF_COLUMN, PLAIN_COLUMN, PLAIN_TABLE
from checks.shape.wanted.types import CAST, Types
from config.postgres.types import TIMES
from config.shapes import Column

FOLLOWING = "user_role_profiles"  # what the columns point at that a rule makes of professionals


class Kept:
    """Things of the target that are made of legacy tables which keep their shape."""

    def __init__(self, facts: Facts, types: Types):
        self.facts, self.types = facts, types
        self._links, self.of = types.links, types.links.of
        self._tables = {thing.name: thing for thing in self.of("table", None)}
        self._arrivals: dict[str, Arrival] = {}
        self.calls = facts.mapping.common.functions
        self.replaced = {old: new for old, new in self.calls.items() if new}

    def renames(self, table: str) -> dict[str, str]:
        """Legacy column → what it is called in the target, where that is another name."""
        return self.facts.renames(table)

    def leaving(self, table: str) -> set[str]:
        """Columns that are not in the target's table, under whatever name."""
        rule = self.facts.find_rule(table)
        return gone(self.facts, table) - set(rule.becomes if rule else ())

    def arrival(self, table: str) -> Arrival:
        """Where the table's columns arrive."""
        if table not in self._arrivals:
            self._arrivals[table] = self._arrival(table)
        return self._arrivals[table]

    def _arrival(self, table: str) -> Arrival:
        names, leaving = self.renames(table), self.leaving(table)
        rule = self.facts.find_rule(table)
        becoming = rule.becomes if rule else {}
        columns = self.facts.source.table(table).columns
        retyped = frozenset(
            c.name for c in columns if (c.base != "uuid" if c.name in becoming else not self.types.of(table, c).is_same)
        )
        arriving = {c.name: names.get(c.name, c.name) for c in columns if c.name not in leaving}
        return Arrival(self.facts.final(table), arriving, retyped)

    def places(self) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
        """((legacy table, column), (table, column)) of everything that arrives in a table that keeps its shape."""
        for table, treatment in self.facts.treatments.items():
            if treatment in ("copy", "keep"):
                arrival = self.arrival(table)
                yield from (((table, old), (arrival.into, new)) for old, new in arrival.names.items())

    def table(self, table: str) -> Iterator[Thing]:
        """The table, its columns, constraints, references and indexes."""
        final, arrival = self.facts.final(table), self.arrival(table)
        yield Thing("table", None, final, PLAIN_TABLE | {"comment": self._tables[table].says["comment"]})
        yield from (self.column(table, found) for found in self.of("column", table) if found.name in arrival.names)
        yield from self._added(table)
        constraints = list(lasting.constraints(self.of("constraint", table), arrival, self.calls))
        yield from constraints
        yield from self._references(table)
        yield from lasting.indexes(self.of("index", table), arrival, self.calls)
        if table == "user_settings":
            yield from self._of_settings(constraints)

    def column(self, table: str, found: Thing) -> Thing:
        """One column of the table, as it should be."""
        shape, rule = self.facts.source.table(table).column(found.name), self.facts.find_rule(table)
        names, typed = self.renames(table), self.types.of(table, shape)
        stated, base = PLAIN_COLUMN | {statement: found.says[statement] for statement in OF_COLUMN}, typed.base
        if rule and found.name in rule.becomes:
            stated |= {"type": "uuid", "home": "pg_catalog", "default": None, "collation": None, "identity": ""}
            base = "uuid"
        elif not typed.is_same:
            stated |= {"type": typed.type, "home": typed.home, "collation": None, "identity": "", "dimensions": 1}
            stated["default"] = stated["default"] if typed.how == CAST else None
        elif shape.generated and not self._is_anew(table, shape):
            stated |= {"default": None, "generated": ""}
        stated["default"] = self._default(stated["default"], shape)
        spelled = things.spelled(stated, self.replaced | names)
        name = names.get(found.name, found.name)
        return Thing("column", self.facts.final(table), name, spelled, made_of=found, base=base)

    def _is_anew(self, table: str, column: Column) -> bool:
        """Whether a generated column is generated again: all that it reads arrives, in its type."""
        arrival, reads = self.arrival(table), set(column.reads)
        is_there = reads <= set(arrival.names) and not reads & arrival.retyped
        return is_there and not lasting.is_dropped(column.default, self.calls)

    def _default(self, default: str | None, shape: Column) -> str | None:
        is_time = shape.name in ("created_at", "updated_at") and shape.base in TIMES and not shape.is_array
        if default is None and is_time:
            return "now()"
        return None if lasting.is_dropped(default, self.calls) else default

    def nullable_base(self, found: Thing) -> Says | None:
        """What is beneath the domains of a column, where one of them takes no null; None for any other type."""
        domains = [] if found.says["type"].endswith("]") else list(self._domains(found.says["own type"]))
        if not any(says["not null"] for says in domains):
            return None
        return {"type": domains[-1]["type"], "home": domains[-1]["home"]}

    def _domains(self, name: str | None) -> Iterator[Says]:
        """The domain of this name, the one that it is made of, and so on."""
        known = {t.name: t.says for t in self.of("type", None) if t.says["kind"] == "d"}
        while name in known:
            yield (says := known[name])
            name = None if says["home"] else says["type"].removeprefix('"').removesuffix('"').replace('""', '"')

    def _added(self, table: str) -> Iterator[Thing]:
        """Columns that every table has, and those that the mapping adds."""
        rule, shape, final = self.facts.find_rule(table), self.facts.source.table(table), self.facts.final(table)
        for name in ("created_at", "updated_at"):
            if not shape.find_column(name):
                yield plain.column(final, name, "timestamp with time zone", "timestamptz", True, "now()")
        for name in rule.adds if rule else ():
            yield plain.column(final, name, "uuid", "uuid")
        for old, new in rule.becomes.items() if rule else ():
            if not shape.find_column(old):
                yield plain.column(final, new, "uuid", "uuid", True)

    def _references(self, table: str) -> Iterator[Thing]:
        """References that the legacy table lacks and the mapping declares."""
        rule, names, final = self.facts.find_rule(table), self.renames(table), self.facts.final(table)
        becoming, leaving = rule.becomes if rule else {}, self.leaving(table)
        wanted = {
            new: FOLLOWING for old, new in becoming.items() if not self._links.is_linked(table, old, is_single=True)
        }
        wanted |= rule.adds if rule else {}
        for shape in self.facts.source.table(table).columns:
            parent = self._links.mapped(table, shape)
            if parent and shape.name not in {*leaving, *becoming}:
                wanted[names.get(shape.name, shape.name)] = self.facts.home(parent)
        for name, parent in wanted.items():
            yield plain.mapped(final, name, parent)

    def _of_settings(self, constraints: list[Thing]) -> Iterator[Thing]:
        """user_settings has one row for each user, and room for the settings that it has no column for."""
        shape, users = self.facts.source.table("user_settings"), self.facts.source.find_table("users")
        moving = [c.name for c in users.columns if c.name in gone(self.facts, "users")] if users else []
        if not shape.find_column("preferences") and any(not shape.find_column(name) for name in moving):
            yield plain.column("user_settings", "preferences", "jsonb", "jsonb", True, "'{}'::jsonb")
        if not any(t.says["kind"] in "pu" and t.says["columns"] == ["user_id"] for t in constraints):
            yield plain.unique("user_settings", "user_settings_user_id_key", "user_id")


def placed(wanted: Iterable[Thing], found: Iterable[Thing]) -> Iterator[Thing]:
    """The wanted things; a reference that may have any name under the one that it was given."""
    wanted, known = list(wanted), {thing.key for thing in wanted}
    others = {
        (thing.of, thing.says["columns"][0]): thing.name
        for thing in found
        if thing.kind == "constraint" and _is_single(thing) and thing.key not in known
    }
    for thing in wanted:
        given = None if thing.is_named else others.get((thing.of, thing.says["columns"][0]))
        yield replace(thing, name=given) if given else thing


def _is_single(thing: Thing) -> bool:
    return thing.says["kind"] == "f" and len(thing.says["columns"]) == 1
