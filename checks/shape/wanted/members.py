"""The types, functions and sequences that the target's tables need, as the legacy schema has them.

Laws
- A type that a column has is there, and what it is made of; so is a function that a default, a constraint, an index or
  a domain calls, and what that calls. Types of columns that arrive with another type, and functions that something
  else of the legacy schema calls, may be there; so may its collations and what it searches texts by. What is there is
  as the legacy schema has it.
- Free sequences are there, and those that a column owns or a default draws from, if only by a text that names them,
  with their options and their owner.
- In a build a sequence has the legacy position that the plan read, or a later one, for snapshots do not cover
  sequences; or it is past the last value of its columns. Once published it may have advanced, but never be behind its
  sealed position or its columns. One that cycles goes on from the legacy position.
- A legacy sequence that is ahead of the published one was drawn from since: that is a warning, not a fault. If the seal
  has no positions, a build is compared with the legacy sequences' present positions.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import psycopg

from checks.compare.comparison import OF_SOURCE
from checks.reading.facts import Facts
from checks.reading.statements import one_row
from checks.shape import definitions, things
from checks.shape.things import DIFFERS, Says, Thing
from checks.shape.wanted.kept import Kept
from checks.verdict import Row
from config.postgres.quoting import quoted
from config.postgres.types import NUMBERS

OF_SEQUENCE = (
    "type", "start", "increment", "minimum", "maximum", "cache", "cycle", "identity", "comment", "persistence",
)  # fmt: skip
# what serves to find more things, and is no statement about this one
NEEDS = {"needs", "functions", "home", "owner", "last", "is called"}
BEHIND = "behind"
SEALED = """
    select coalesce(to_jsonb(s) -> 'horizon' -> 'sequences', '{}')  -- older books have no such column
    from migration.seals s join migration.schemas p on p.run_id = s.run_id and p.schema_oid = s.build_oid
    where s.run_id = %s and p.name = %s and p.kind = 'product'
"""
OF_LANGUAGES = ("collation", "text search configuration", "text search dictionary")
EDGE = "select {0}(trunc({1})::bigint) from {2} where {1} between {3} and {4}"

Named = tuple[str, str]  # kind and name of a type or a function


@dataclass(frozen=True)
class Members:
    """Things that have to be there, and things that may be."""

    needed: tuple[Thing, ...]
    allowed: tuple[Thing, ...]


def needed_by(wanted: Iterable[Thing], legacy: Iterable[Thing], kept: Kept) -> Members:
    """The types and functions of the legacy schema that these things need."""
    known = {(t.kind, t.name): t for t in legacy if t.kind in ("type", "function")}
    users = [t for t in legacy if t.kind in ("column", "constraint", "index")]
    every = {("type", t.says["own type"]) for t in users if t.kind == "column"}
    every |= {("function", name) for t in [*users, *known.values()] for name in t.says["functions"]}
    needed = _closed(_named(wanted), known, kept)
    allowed = _closed(every, known, kept) - needed
    stated, others = (tuple(_stated(known[key], kept) for key in sorted(keys)) for keys in (needed, allowed))
    return Members(stated, (*others, *(_stated(t, kept) for t in legacy if t.kind in OF_LANGUAGES)))


def _named(wanted: Iterable[Thing]) -> Iterator[Named]:
    """Types and functions that the wanted things name themselves."""
    for thing in wanted:
        source = thing.made_of
        if source is None:
            continue
        is_column = source.kind == "column"
        if is_column and not thing.says["home"]:
            yield "type", source.says["own type"]
        if not is_column or thing.says["default"] is not None:
            yield from (("function", name) for name in source.says["functions"])


def _closed(found: Iterable[Named], known: Mapping[Named, Thing], kept: Kept) -> set[Named]:
    """What is named, and what that needs in turn."""
    waiting, closed = [key for key in found if key in known], set[Named]()
    while waiting:
        key = waiting.pop()
        if key in closed or key[1].partition("(")[0] in kept.calls:
            continue
        closed.add(key)
        says = known[key].says
        more = [("type", name) for name in says.get("needs", ())] + [("function", n) for n in says["functions"]]
        waiting += [key for key in more if key in known]
    return closed


def _stated(thing: Thing, kept: Kept) -> Thing:
    says = {name: value for name, value in thing.says.items() if name not in NEEDS}
    return Thing(thing.kind, None, thing.name, things.spelled(says, kept.replaced))


def sequences(kept: Kept, wanted: Iterable[Thing]) -> Iterator[Thing]:
    """The sequences that should be there."""
    columns = {(t.of, t.name): t for t in wanted if t.kind == "column"}
    made = [(t.made_of, t) for t in columns.values() if t.made_of]
    arrived = {(legacy.of, legacy.name): t for legacy, t in made}
    drawn = {name for legacy, t in made if t.says["default"] for name in _drawn(legacy)}
    for thing in kept.of("sequence", None):
        column = arrived.get((thing.says["table"], thing.says["column"]))
        is_owned = column is not None and (not thing.says["identity"] or bool(column.says["identity"]))
        if thing.says["table"] is None or is_owned or thing.name in drawn:
            place = (column.of, column.name) if column else (None, None)
            stated = {name: thing.says[name] for name in OF_SEQUENCE} | {"table": place[0], "column": place[1]}
            stated["persistence"] = "p"  # what the plan lists as lost
            yield Thing("sequence", None, thing.name, stated)


def _drawn(column: Thing) -> set[str]:
    """The sequences that a column's default draws from."""
    return {*column.says["sequences"], *definitions.sequences(column.says["default"])}


def _read(found: Mapping[str, tuple[int, bool]]) -> dict[str, Says]:
    """Positions as the books have them: last value, and whether it was drawn."""
    return {name: {"last": last, "is called": is_called} for name, (last, is_called) in found.items()}


class Positions:
    """Where sequences should stand. is_build: nobody has drawn from them since they were made."""

    def __init__(self, facts: Facts, legacy: Iterable[Thing], target: psycopg.Connection, is_build: bool):
        """legacy: the legacy sequences, as they stand now."""
        self._facts, self._target, self._is_build = facts, target, is_build
        self._legacy = {thing.name: thing.says for thing in legacy}
        self._read = _read(facts.books.sequences or {})
        self._sealed = {} if is_build else self._as_sealed()

    def _as_sealed(self) -> dict[str, Says]:
        """Where the sequences stood when the build was sealed, as far as that was put down."""
        schema, prefix = self._facts.target.schema, f"{self._facts.settings.target_schema}__build."
        row = self._target.execute(SEALED, [self._facts.books.run_id, schema]).fetchone()
        found = {key.removeprefix(prefix): at for key, at in row[0].items() if key.startswith(prefix)} if row else {}
        return _read(found)

    def judged(self, found: Iterable[Thing]) -> Iterator[Row]:
        """A row for each sequence that stands where it should not."""
        found = list(found)
        readers: dict[str, set[tuple[str, str]]] = {}
        for thing in found:
            for name in thing.says["sequences"] if thing.kind == "column" else ():
                readers.setdefault(name, set()).add((thing.table, thing.name))
        for thing in found:
            if thing.kind == "sequence":
                owner = {(thing.says["table"], thing.says["column"])} if thing.says["table"] else set()
                places = sorted(owner | readers.get(thing.name, set()))
                if what := self._fault(thing, places):
                    yield Row(f"sequence {thing.name}", what, tuple(f"{table}.{column}" for table, column in places))

    def _fault(self, thing: Thing, places: list[tuple[str, str]]) -> str:
        says, legacy, step = thing.says, self._legacy.get(thing.name), thing.says["increment"]
        edges = [edge for place in places if (edge := self._edge(says, *place)) is not None]
        if says["cycle"] and legacy:
            edges = []
        sign, given = 1 if step > 0 else -1, following(says)
        stood = [following(says | _at(at)) * sign for at in self._stood(thing.name)]
        is_before_values = any(given * sign <= edge * sign for edge in edges)
        is_behind = is_before_values or given * sign < min(stood, default=given * sign)
        if self._is_build and not is_before_values and _is_on_the_way(given * sign, stood, says["cycle"]):
            return ""
        if is_behind and (self._is_build or not says["cycle"]):
            return BEHIND
        if self._is_build:
            return DIFFERS if (edges or stood) and given not in [edge + step for edge in edges] else ""
        has_gone_on = legacy and not says["cycle"] and given * sign < following(legacy) * sign
        return OF_SOURCE if has_gone_on else ""

    def _stood(self, name: str) -> list[Says]:
        """Where it was sealed; else where the legacy one stood when the plan read it, and where that stands now."""
        sealed, found = self._sealed.get(name), (self._read.get(name), self._legacy.get(name))
        return [sealed] if sealed else [at for at in found if at]

    def _edge(self, says: Says, table: str, column: str) -> int | None:
        """The last value of a column in the direction of the sequence; values out of its bounds are not its own."""
        shape = self._facts.target.find_table(table)
        found = shape.find_column(column) if shape else None
        if found is None or found.base not in NUMBERS or found.is_array:
            return None
        name, function = quoted(self._facts.target.schema, table), "max" if says["increment"] > 0 else "min"
        query = EDGE.format(function, quoted(column), name, says["minimum"], says["maximum"])
        edge: int | None = one_row(self._target, query)[0]
        return edge


def _is_on_the_way(given: int, stood: list[int], is_cycled: bool) -> bool:
    """Whether it lies between the first and the last of the places where a sequence stood, in the order of time."""
    if not stood:
        return False
    first, last = stood[0], stood[-1]
    if first <= last:
        return first <= given <= last
    return given >= first or given <= last if is_cycled else last <= given <= first  # it began anew, or was set back


def _at(says: Says) -> Says:
    return {name: says[name] for name in ("last", "is called")}


def following(says: Says) -> int:
    """What a sequence gives next, its limits aside."""
    last: int = says["last"]
    return last + says["increment"] if says["is called"] else last
