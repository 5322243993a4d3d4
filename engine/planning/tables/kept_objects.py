"""Which constraints and indexes of a legacy table are kept, and over which columns.

Laws
- An object is kept if all its columns arrive in one build table; else it is listed as dropped, with the reason. Its
  parts name renamed columns by their new names; its expressions are read under the legacy names.
- A foreign key waits until all tables are planned, for only then is it known what it points at (`following`).
- A check, or an index whose expressions or predicate name it, over a column whose type changes is dropped and listed.
- An object that the target's server does not know is dropped, or weakened (engine.reflect.older).
- On a table that also has rows of other legacy tables, an object is kept only if it holds for those rows: it reads only
  columns that they leave null, or is unique through the id, or is a foreign key with a column that they leave null.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from config.postgres.quoting import quoted
from config.shapes import Constraint, Element, Index, Table
from engine.planning.draft import Draft, Foreign
from engine.reflect import expressions, older

Kind = TypeVar("Kind", Constraint, Index)
OTHERS = "rows of other tables stand there too"


@dataclass(frozen=True)
class Arrival:
    """Where columns of a legacy table arrive as they are in the build table `into`: legacy name → name there.

    retyped: those whose type is another there; shared: those that rows of other legacy tables fill, too.
    is_ours: the build table is not the legacy one.
    """

    into: str
    names: Mapping[str, str]
    retyped: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    is_shared: bool = False
    is_ours: bool = False


def constraints(draft: Draft, shape: Table, arrival: Arrival) -> tuple[list[Constraint], list[str]]:
    """Constraints of the legacy `shape` to keep, without foreign keys, and a sentence for each one dropped."""
    kept, dropped = [], []
    for constraint in shape.constraints:
        if why := _why_not(draft, constraint, arrival):
            dropped.append(f"constraint {constraint.name}: {why}")
        elif constraint.kind == "f":
            draft.foreign.append(Foreign(shape.name, _moved(constraint, arrival)))
        else:
            fitted, less = older.fitted(constraint, draft.server)
            kept.append(_moved(fitted, arrival))
            dropped += [less] if less else []
    return kept, dropped


def indexes(draft: Draft, shape: Table, arrival: Arrival, more: Mapping[str, str]) -> tuple[list[Index], list[str]]:
    """Like constraints(), for indexes that no constraint owns. more: columns that arrive with other values."""
    kept, dropped = [], []
    for index in shape.indexes:
        is_plain = not index.is_unique and not index.predicate and not any(map(_is_typed, index.elements))
        found = replace(arrival, names={**(more if is_plain else {}), **arrival.names})
        if why := _index_why_not(index, found):
            dropped.append(f"index {index.name}: {why}")
        else:
            fitted, less = older.fitted(index, draft.server)
            kept.append(_moved(fitted, found))
            dropped += [less] if less else []
    return kept, dropped


def _index_why_not(index: Index, arrival: Arrival) -> str | None:
    typed = {e.column for e in index.elements if _is_typed(e)} | _read(index)
    changed = [column for column in index.columns if column in arrival.retyped & typed]
    if missing := _missing(index, arrival):
        return missing
    if changed:
        return f"the type of {', '.join(changed)} changes"
    return OTHERS if index.is_unique and not _is_fit_for_others(index, arrival) else None


def _is_typed(element: Element) -> bool:
    """Whether an index's element fits one type of its column alone."""
    return element.column is None or element.operator_class is not None or element.collation is not None


def _read(found: Constraint | Index) -> set[str]:
    """The columns that its expressions and its predicate name."""
    texts = [getattr(found, "expression", None), found.predicate]
    texts += [element.expression for element in found.elements if element.column is None]
    words = set().union(*(expressions.words(text) for text in texts if text))
    return set(found.columns) if found.table in words else words & set(found.columns)


def _missing(found: Constraint | Index, arrival: Arrival) -> str | None:
    missing = [column for column in found.columns if column not in arrival.names]
    do, were = ("do", "they were") if len(missing) > 1 else ("does", "it was")
    return f"{', '.join(missing)} {do} not arrive in {arrival.into} as {were}" if missing else None


def _is_fit_for_others(found: Constraint | Index, arrival: Arrival) -> bool:
    """Whether rows of other legacy tables keep to it by being what they are."""
    is_by_id = "id" in found.columns and not found.predicate and not getattr(found, "has_period", False)
    return not arrival.is_shared or is_by_id or not (found.nulls_not_distinct or arrival.shared & set(found.columns))


def _why_not(draft: Draft, constraint: Constraint, arrival: Arrival) -> str | None:
    changed = [c for c in constraint.columns if c in arrival.retyped]
    if missing := _missing(constraint, arrival):
        return missing
    if constraint.kind in "cx" and changed:
        return f"the type of {', '.join(changed)} changes"
    if arrival.is_ours and constraint.kind in "pu" and constraint.columns == ("id",):
        return "the target has a key of its own"
    if why := older.why_not(constraint, draft.server):
        return why
    if constraint.kind == "f":
        return _no_parent(draft, constraint) or (None if _is_kept_by_others(draft, constraint, arrival) else OTHERS)
    if arrival.is_shared and constraint.kind == "n":
        return OTHERS
    if arrival.is_shared and constraint.kind == "c" and "is not null" in (constraint.expression or "").lower():
        return OTHERS
    return None if _is_fit_for_others(constraint, arrival) else OTHERS


def _is_kept_by_others(draft: Draft, key: Constraint, arrival: Arrival) -> bool:
    """Whether rows of other legacy tables keep to a foreign key: they leave a column null, or the target has it too."""
    if not arrival.is_shared or (not set(key.columns) <= arrival.shared and not key.is_match_full):
        return True
    own = (_named(key.columns, arrival), key.ref_table, key.ref_columns)
    return any((c.columns, c.ref_table, c.ref_columns) == own for c in draft.declared[arrival.into].constraints)


def _no_parent(draft: Draft, constraint: Constraint) -> str | None:
    if constraint.ref_schema:
        return f"{constraint.ref_schema}.{constraint.ref_table} is outside the migrated schema"
    if draft.treatments.get(constraint.parent) not in ("copy", "keep", "reshape"):
        return f"{constraint.ref_table} is not a table of the target"
    return None


def _moved(found: Kind, arrival: Arrival) -> Kind:
    """The object on its build table, over the columns by their names there."""
    moved = replace(
        found,
        table=arrival.into,
        columns=_named(found.columns, arrival),
        include=_named(found.include, arrival),
        elements=tuple(_element(element, arrival) for element in found.elements),
        under=_texts(found, arrival),
    )
    if isinstance(moved, Index):
        return moved
    kind = "u" if arrival.is_ours and moved.kind == "p" else moved.kind
    return replace(moved, kind=kind, set_columns=_named(found.set_columns, arrival))


def _named(columns: Iterable[str], arrival: Arrival) -> tuple[str, ...]:
    return tuple(arrival.names[column] for column in columns)


def _element(element: Element, arrival: Arrival) -> Element:
    if element.column is None:
        return element
    name = arrival.names[element.column]
    return replace(element, column=name, expression=quoted(name))


def _texts(found: Constraint | Index, arrival: Arrival) -> tuple[tuple[str, str], ...]:
    """(legacy name, name there) of the columns that its texts name, where these differ."""
    read = _read(found)
    return tuple((c, arrival.names[c]) for c in found.columns if c in read and arrival.names[c] != c)
