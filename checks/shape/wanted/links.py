"""What the columns of legacy tables point at: by the catalogue, else by the mapping.

Law: the mapping decides if there is no foreign key, the values can be ids of the parent, and these are unique.
"""

from collections.abc import Iterable

from checks.reading.facts import Facts
from checks.shape.things import Thing
from config.postgres.types import NUMBERS, TEXTUAL
from config.shapes import Column

Pointing = tuple[tuple[str, ...], str, tuple[str, ...]]  # columns, the table that they point at, its columns
MOVED = ("copy", "keep", "reshape")


class Links:
    """legacy: what the source holds."""

    def __init__(self, facts: Facts, legacy: Iterable[Thing]):
        self._facts = facts
        self._things: dict[tuple[str, str | None], list[Thing]] = {}
        for thing in legacy:
            self._things.setdefault((thing.kind, thing.of), []).append(thing)

    def of(self, kind: str, table: str | None) -> list[Thing]:
        """The legacy things of this kind, of a table or of the schema."""
        return self._things.get((kind, table), [])

    def is_linked(self, table: str, column: str, is_single: bool = False) -> bool:
        """Whether a foreign key says what the column points at: one over it alone, or by an id among others.

        is_single: one over it alone, to an id if its table is taken apart.
        """
        facts = self._facts
        for thing in self.of("constraint", table):
            says = thing.says
            treatment = None if says["schema"] else facts.treatments.get(says["table"])
            if says["kind"] != "f" or column not in says["columns"] or treatment not in MOVED:
                continue
            key = says["referenced"][says["columns"].index(column)]
            if (says["table"], key) == (table, column):  # a member that points at itself says nothing
                continue
            if len(says["columns"]) == 1 and (not is_single or treatment != "reshape" or key == "id"):
                return True
            if not is_single and (key == "id" or facts.parent(says["table"], key)):
                return True
        return False

    def all(self, table: str, column: Column) -> frozenset[Pointing]:
        """What the column points at, alone or among others: (columns, table, its columns) of each reference."""
        found: set[Pointing] = set()
        for says in (thing.says for thing in self.of("constraint", table)):
            is_key = says["kind"] == "f" and column.name in says["columns"] and not says["schema"]
            if is_key and self._facts.treatments.get(says["table"]) in MOVED:
                found.add((tuple(says["columns"]), says["table"], tuple(says["referenced"])))
        if parent := self.mapped(table, column):
            found.add(((column.name,), parent, ("id",)))
        return frozenset(found)

    def mapped(self, table: str, column: Column) -> str | None:
        """The legacy table that the mapping lets the column point at, where its word counts."""
        facts = self._facts
        parent = None if self.is_linked(table, column.name) else facts.mapped(table, column.name)
        if parent is None or facts.treatments[parent] not in MOVED:
            return None
        key = facts.source.table(parent).find_column("id")
        if not key or column.generated or column.is_array or not _are_alike(column.base, key.base):
            return None
        return parent if facts.home(parent) != facts.final(parent) or self.is_unique(parent, "id") else None

    def is_unique(self, table: str, *columns: str) -> bool:
        """Whether a foreign key can point at these columns of a legacy table."""
        keys = [thing.says for thing in self.of("constraint", table) if thing.says["kind"] in "pu"]
        held = [says["columns"] for says in keys if not says["deferrable"]]
        for says in (thing.says for thing in self.of("index", table)):
            if says["unique"] and says["valid"] and says["predicate"] is None:
                held.append([key["column"] or "" for key in says["keys"]])
        return sorted(columns) in map(sorted, held)


def _are_alike(one: str, other: str) -> bool:
    """Whether values of one base type can name values of the other; a bigint never names a uuid."""
    return one == other or {one, other} <= NUMBERS or bool({one, other} & TEXTUAL)
