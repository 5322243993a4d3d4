"""What the plan asks the operator: columns that look like references nobody declared, or like links."""

from engine.ids import INTEGERS, TEXTUAL
from engine.scene import Scene

ACTORS = {"reviewed_by", "verified_by", "decided_by", "actor_id"}  # users or employees: never declared


def find(scene: Scene) -> list[str]:
    """A sentence per column whose name says that it points at a table, though nothing declares it."""
    return [sentence for table in scene.catalog.tables for sentence in _of(scene, table)]


def _of(scene: Scene, table):
    if scene.fates.get(table.name) not in ("copy", "keep", "reshape"):
        return
    pointing = {column for c in table.shape.constraints if c.kind == "f" for column in c.columns}
    for column in table.shape.columns:
        named = column.name.removesuffix("_id")
        if (
            named == column.name
            or column.name in pointing | ACTORS
            or (table.name, column.name) in scene.keys.references
        ):
            continue
        parent = next((n for n in (f"{named}s", f"{named}es", named, f"{named[:-1]}ies") if n in scene.fates), None)
        if (
            parent
            and column.base in {"uuid", *INTEGERS, *TEXTUAL}
            and not _is_rule_column(scene, table.name, column.name)
        ):
            what = f"{table.name}.{column.name} looks like a reference to {parent}"
            yield f"{what}, which nothing declares: carried as it is"


def _is_rule_column(scene: Scene, table: str, column: str) -> bool:
    rule = scene.rule(table)
    return bool(rule) and (column in rule.becomes or any(column in variants for variants in rule.columns.values()))
