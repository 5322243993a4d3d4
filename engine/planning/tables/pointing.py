"""References among columns that move into the target's own tables, and the foreign keys that the mapping declares.

Laws
- A reference that only the mapping declares gets a foreign key to the ids of its parent, or of the table that the
  parent became.
- Columns of several legacy tables share a column only where they point at the same rows: else the values of one would
  be orphans by the other's foreign key.
- A rewritten value (derived, or read as a number) is judged even if no foreign key over its column alone can be made:
  otherwise an orphan could not be told from an id.
"""

from collections.abc import Iterator

from config.shapes import Column, Constraint, Table
from engine.planning.draft import Draft, Meaning
from engine.planning.keys import MOVED
from engine.reflect.catalog import LegacyTable

MAX_BASE_BYTES = 60  # of a name of ours, so that a number fits behind it


def meaning(draft: Draft, table: LegacyTable, column: str) -> Meaning:
    """What a legacy column points at: (its columns, a legacy table, that one's columns) of each reference over it."""
    keys = [c for c in table.shape.constraints if c.kind == "f" and column in c.columns and not c.ref_schema]
    found = {(c.columns, c.parent, c.ref_columns) for c in keys if draft.treatments.get(c.parent) in MOVED}
    reference = draft.keys.references.get((table.name, column))
    if reference and not reference.declared:
        found.add(((column,), reference.to, (reference.to_column,)))
    return frozenset(found)


def declare(draft: Draft, table: LegacyTable, column: Column, into: str, name: str) -> None:
    """Give a carried column the foreign key that the mapping declares for it, unless it has it already."""
    reference = draft.keys.references.get((table.name, column.name))
    if not reference or reference.declared:
        return
    parent = draft.keys.root_of(reference.to) or reference.to
    shape, wanted = draft.declared[into], ((name,), parent, ("id",))
    if any((c.columns, c.ref_table, c.ref_columns) == wanted for c in shape.constraints):
        return
    feeding = [draft.catalog.table(legacy).shape for legacy in sorted(draft.fed_by[into])]
    taken = {c.name for found in (shape, *feeding) for c in found.constraints}
    key = to_id(free_name(f"{into}_{name}_fkey", taken), into, name, parent)
    draft.add_objects(into, [key], [], "")


def rewrite(draft: Draft, table: LegacyTable, column: Column, into: str, name: str) -> None:
    """Record a reference whose values are rewritten."""
    reference = draft.keys.references.get((table.name, column.name))
    is_written = draft.keys.conversion(table, column).kind in ("derive", "parse")
    if reference and reference.ids_of and is_written:
        draft.rewritten[into, name] = reference


def judged_alone(draft: Draft, shape: Table) -> Iterator[Constraint]:
    """Foreign keys by which the quarantine judges a table though it does not have them: see the laws."""
    valid = {c.columns for c in shape.constraints if c.kind == "f" and c.is_validated}
    for name in (column.name for column in shape.columns):
        reference = draft.rewritten.get((shape.name, name))
        if reference and reference.ids_of and (name,) not in valid:
            known = reference.declared.name if reference.declared else f"{shape.name}_{name}_fkey"
            parent = draft.keys.root_of(reference.ids_of) or reference.ids_of
            yield to_id(known, shape.name, name, parent)


def to_id(name: str, table: str, column: str, parent: str) -> Constraint:
    return Constraint(name, table, "f", (column,), ref_table=parent, ref_columns=("id",))


def free_name(wanted: str, taken: set[str]) -> str:
    """The name, with a number appended if it is taken; from then on it is taken."""
    base = wanted.encode()[:MAX_BASE_BYTES].decode(errors="ignore")
    name, number = base, 0
    while name in taken:
        number += 1
        name = f"{base}{number}"
    taken.add(name)
    return name
