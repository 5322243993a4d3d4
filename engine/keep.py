"""Which constraints and indexes of a legacy table live on, and how they are spelled then.

Laws
- An object is kept if all its columns arrive in one build table; else it is listed as dropped, with the reason.
- A foreign key follows its table: to the root of a reshaped one; one to an archived table is dropped and listed.
- A check or an index with an expression over a column whose type changes is dropped and listed.
"""

from dataclasses import replace

from config.shapes import Constraint, Element, Index, Table
from engine.scene import Scene


def constraints(
    scene: Scene, shape: Table, into: str, arriving: set[str], is_shared: bool
) -> tuple[list[Constraint], list[str]]:
    """Constraints of legacy `shape` to keep on build table `into`, and a sentence for each that is not.

    arriving: columns that arrive there under their own name. is_shared: rows of other legacy tables stand there too.
    """
    kept, dropped = [], []
    for constraint in shape.constraints:
        why = _why_not(scene, shape, constraint, arriving, is_shared)
        found = None if why else _followed(scene, replace(constraint, table=into))
        if found:
            kept.append(found)
        else:
            dropped.append(f"constraint {constraint.name}: {why or _no_parent(scene, constraint)}")
    return kept, dropped


def indexes(
    scene: Scene, shape: Table, into: str, arriving: set[str], is_shared: bool
) -> tuple[list[Index], list[str]]:
    """Like constraints(), for indexes that no constraint owns."""
    kept, dropped = [], []
    for index in shape.indexes:
        missing = [column for column in index.columns if column not in arriving]
        changed = [c for c in index.columns if (shape.name, c) in scene.retyped]
        if missing:
            dropped.append(f"index {index.name}: {', '.join(missing)} does not arrive there")
        elif changed and (index.predicate or any(_is_typed(element) for element in index.elements)):
            dropped.append(f"index {index.name}: the type of {', '.join(changed)} changes")
        else:
            kept.append(replace(index, table=into))
    return kept, dropped


def _is_typed(element: Element) -> bool:
    """Whether an index's element fits one type of its column alone."""
    return element.column is None or element.operator_class is not None or element.collation is not None


def _why_not(scene: Scene, shape: Table, constraint: Constraint, arriving: set[str], is_shared: bool) -> str | None:
    missing = [column for column in constraint.columns if column not in arriving]
    changed = [c for c in constraint.columns if (shape.name, c) in scene.retyped]
    if missing:
        return f"{', '.join(missing)} does not arrive there"
    if constraint.kind in "cx" and changed:
        return f"the type of {', '.join(changed)} changes"
    if is_shared and constraint.kind == "p":
        return "the target has a key of its own"
    if is_shared and constraint.kind == "c" and "is not null" in (constraint.expression or "").lower():
        return "rows of other tables stand there too"
    if is_shared and constraint.nulls_not_distinct:
        return "rows of other tables stand there too"
    return None


def _followed(scene: Scene, constraint: Constraint) -> Constraint | None:
    """The foreign key as it stands in the target; None if what it points at is not there."""
    if constraint.kind != "f":
        return constraint
    if constraint.ref_schema or scene.fates.get(constraint.ref_table) not in ("copy", "keep", "reshape"):
        return None
    if scene.fates[constraint.ref_table] != "reshape":
        return constraint
    root = scene.keys.root_of(constraint.ref_table)
    if not root or len(constraint.columns) != 1 or constraint.ref_columns != ("id",):
        return None
    return replace(constraint, ref_table=root)


def _no_parent(scene: Scene, constraint: Constraint) -> str:
    if constraint.ref_schema:
        return f"{constraint.ref_schema}.{constraint.ref_table} is outside the migrated schema"
    return f"{constraint.ref_table} is not a table of the target"
