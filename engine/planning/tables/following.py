"""What the foreign keys of the legacy database point at in the target.

Laws
- A key that names the id of a reshaped table leads to its root, as one column of several, too.
- A key is kept if all columns that it points at arrive in one build table with a unique constraint over just them, and
  if its own columns can still be compared with those; else it is dropped and listed. The values follow all the same.
"""

from collections import defaultdict
from dataclasses import replace

from config.postgres.types import NUMBERS, TEXTUAL
from config.shapes import Constraint, Table
from engine.planning.draft import Draft, Foreign
from engine.planning.keys import is_unique


def resolve(draft: Draft, build: list[Table]) -> tuple[list[Table], dict[str, list[str]]]:
    """The build tables with the foreign keys that stay; by legacy table a sentence for each that does not."""
    shapes, dropped = {shape.name: shape for shape in build}, defaultdict(list)
    for foreign in draft.foreign:
        own = shapes[foreign.constraint.table]
        found, why = _followed(draft, shapes, foreign)
        if found:
            shapes[own.name] = replace(own, constraints=(*own.constraints, found))
        else:
            dropped[foreign.legacy_table].append(f"constraint {foreign.constraint.name}: {why}")
    return list(shapes.values()), dropped


def _followed(draft: Draft, shapes: dict[str, Table], foreign: Foreign) -> tuple[Constraint | None, str]:
    """The key as it stands in the target, or why it does not."""
    key, own = foreign.constraint, shapes[foreign.constraint.table]
    if any(key.name == other.name for other in own.constraints):
        return None, f"{own.name} has an object of this name"
    places = _places(draft, key)
    if not places:
        return None, f"{', '.join(key.ref_columns)} of {key.ref_table} do not arrive in one table"
    for parent, columns in places:
        if is_unique(shapes[parent], columns):
            if not all(_fits(own, shapes[parent], *pair) for pair in zip(key.columns, columns, strict=True)):
                return None, f"its columns and those of {parent} have different types"
            return replace(key, ref_table=parent, ref_columns=columns), ""
    return None, f"{', '.join(key.ref_columns)} of {key.ref_table} have no unique there"


def _places(draft: Draft, key: Constraint) -> list[tuple[str, tuple[str, ...]]]:
    """(build table, columns) in which all columns that the key points at arrive; the root of an id first."""
    arrivals = [dict(reversed(draft.arrivals.get((key.parent, column), ()))) for column in key.ref_columns]
    first = [into for into, _ in draft.arrivals.get((key.parent, key.ref_columns[0]), ())]
    tables = [into for into in first if all(into in names for names in arrivals)]
    return [(into, tuple(names[into] for names in arrivals)) for into in tables]


def _fits(own: Table, parent: Table, column: str, key: str) -> bool:
    """Whether PostgreSQL compares the two as a reference does."""
    one, other = own.column(column), parent.column(key)
    if one.base == other.base:
        return one.is_array == other.is_array
    is_number = {one.base, other.base} <= NUMBERS and (one.base != "numeric" or other.base == "numeric")
    return is_number or (one.base in TEXTUAL - {"name"} and other.base in TEXTUAL - {"citext"})
