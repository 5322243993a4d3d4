"""Which casts in the expressions of wanted things are mere spelling.

Laws
- Where a column has another type than in the legacy schema, PostgreSQL casts it, and literals beside it, otherwise:
  such casts say nothing. All others are held to be the legacy ones.
- What the declaration says is read by PostgreSQL, which casts its literals.
- A default is of its own column's type.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from checks.shape.definitions import EVERY
from checks.shape.things import Thing, spelled
from checks.shape.wanted.kept import Kept
from checks.shape.wanted.lasting import Places


def eased(wanted: Iterable[Thing], places: Places, kept: Kept) -> Iterator[Thing]:
    """The wanted things; each says of which columns casts are spelling."""
    wanted = list(wanted)
    columns = {(thing.of, thing.name): thing for thing in wanted if thing.kind == "column"}
    for thing in wanted:
        yield replace(thing, retyped=_retyped(thing, columns, places, kept))


def _retyped(
    thing: Thing, columns: Mapping[tuple[str | None, str], Thing], places: Places, kept: Kept
) -> frozenset[str] | None:
    legacy = thing.made_of
    if legacy is None:
        return frozenset()
    if thing.kind == "column":
        return EVERY if _is_retyped(thing, legacy) else None
    names = {*legacy.says.get("columns", ()), *legacy.says.get("reads", ())}
    found = set()
    for column in (column for column in kept.of("column", legacy.of) if column.name in names):
        for into, name in places.get((column.table, column.name), ()):
            there = columns.get((thing.of, name)) if into == thing.of else None
            found |= {name} if there and _is_retyped(there, column) else set()
    return frozenset(found) or None


def _is_retyped(column: Thing, legacy: Thing) -> bool:
    own = spelled({name: legacy.says[name] for name in ("type", "home")})
    return any(column.says[name] != value for name, value in own.items())
