"""Which constraints and indexes of a legacy table live on, and how they are spelled then.

Laws
- An object is kept if all its columns arrive in one build table; else it is listed as dropped, with the reason.
- A foreign key follows its table: to the root of a reshaped one; one to an archived table is dropped and listed.
- A check or an index with an expression over a column whose type changes is dropped and listed.
"""

from dataclasses import replace

from config.shapes import Constraint, Index, Table
from engine.scene import Scene
from engine.select import quoted


def spelled(names: tuple[str, ...]) -> str:
    return ", ".join(quoted(name) for name in names)


def constraints(
    scene: Scene, shape: Table, into: str, arriving: set[str], is_shared: bool
) -> tuple[list[Constraint], list[str]]:
    """Constraints of legacy `shape` to keep on build table `into`, and a sentence for each that is not.

    arriving: columns that arrive there under their own name. is_shared: rows of other legacy tables stand there too.
    """
    kept, dropped = [], []
    for constraint in shape.constraints:
        if constraint.kind == "n" and shape.column(constraint.columns[0]).not_null:
            continue  # the column says so itself
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
        elif changed and (index.has_expression or index.predicate or "_ops" in index.definition):
            dropped.append(f"index {index.name}: the type of {', '.join(changed)} changes")
        else:
            kept.append(_moved(index, shape.name, into))
    return kept, dropped


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
    return replace(constraint, ref_table=root, definition=f"{_key_part(constraint, root)}{_tail(constraint)}")


def _no_parent(scene: Scene, constraint: Constraint) -> str:
    if constraint.ref_schema:
        return f"{constraint.ref_schema}.{constraint.ref_table} is outside the migrated schema"
    return f"{constraint.ref_table} is not a table of the target"


def _key_part(constraint: Constraint, root: str) -> str:
    return f"FOREIGN KEY ({spelled(constraint.columns)}) REFERENCES {quoted(root)}({spelled(constraint.ref_columns)})"


def _tail(constraint: Constraint) -> str:
    """MATCH, actions, deferrability and NOT VALID: all behind the second closing parenthesis outside quotes."""
    closed, in_quotes = 0, False
    for position, character in enumerate(constraint.definition):
        in_quotes ^= character == '"'
        closed += character == ")" and not in_quotes
        if closed == 2:
            return constraint.definition[position + 1 :]
    return ""


def _moved(index: Index, legacy: str, into: str) -> Index:
    if legacy == into:
        return index
    for name in (legacy, quoted(legacy)):
        for only in ("", "ONLY "):
            old, new = f" ON {only}{name} USING ", f" ON {quoted(into)} USING "
            if old in index.definition:
                return replace(index, table=into, definition=index.definition.replace(old, new, 1))
    return index
