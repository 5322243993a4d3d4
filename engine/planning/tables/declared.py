"""The target's own tables, adapted to the legacy database: what their references are of, and where they point.

Laws
- A reference has the type of the key that it points at, a domain undone: it has to take every value, and null.
- Where the parent's id is not unique, the reference points at the unique that the legacy reference points at; where
  there is none, it takes the legacy column's type, and its constraint is dropped and listed.
- An actor holds what its legacy columns hold: one type if they agree, else text.
"""

from collections.abc import Iterator
from dataclasses import replace

from config.shapes import Column, Constraint
from engine.planning.keys import is_unique
from engine.planning.scene import Scene
from engine.reflect.catalog import LegacyTable

REVIEWERS = (("onboarding_submissions", "reviewed_by"), ("verifications", "verified_by"))
ACTORS = {"verification_requests": "reviewed_by", "approval_requests": "decided_by"}
# Where the values of a reference come from, if not from the id of the table that it points at.
FED_BY = {
    ("orders", "coupon_id"): (("coupon_uses", "coupon_id"),),
    ("order_items", "pricing_package_id"): (("payments", "package_id"),),
}


def adapt(scene: Scene) -> None:
    """Give the declared tables the types and constraints that this legacy database allows."""
    for name, shape in scene.declared.items():
        kept, types = [], _actor_types(scene, name)
        for constraint in shape.constraints:
            if constraint.kind == "n":
                continue  # the column says so itself
            if constraint.kind != "f" or constraint.ref_table in scene.declared:
                kept.append(constraint)
                continue
            found, column = _pointed(scene, constraint)
            types |= {constraint.columns[0]: column} if column else {}
            kept += [found] if found else []
        columns = tuple(_retyped(c, types.get(c.name)) for c in shape.columns)
        scene.declared[name] = replace(shape, columns=columns, constraints=tuple(kept))


def _pointed(scene: Scene, constraint: Constraint) -> tuple[Constraint | None, Column | None]:
    """(the reference as it can be had, the column whose type it takes); None where there is no such thing."""
    parent = scene.catalog.find_table(constraint.parent)
    if parent and scene.fates[parent.name] in ("copy", "keep"):
        if is_unique(parent.shape, ("id",)):
            return constraint, scene.keys.id_type(parent.name)
        for feed, column in _feeds(scene, constraint):
            reference = scene.keys.references.get((feed.name, column.name))
            if reference and reference.to == parent.name and is_unique(parent.shape, (reference.to_column,)):
                return replace(constraint, ref_columns=(reference.to_column,)), scene.keys.bare(column)
    what = f"{constraint.table}.{constraint.columns[0]}"
    scene.remarks.append(f"{what}: no foreign key, {constraint.ref_table} has no key to point at")
    feeds = [_arriving(scene, feed, column) for feed, column in _feeds(scene, constraint)] if parent else []
    return None, _agreed(scene, feeds)


def _feeds(scene: Scene, constraint: Constraint) -> Iterator[tuple[LegacyTable, Column]]:
    """The legacy columns whose values the reference holds."""
    feeds = FED_BY.get((constraint.table, constraint.columns[0]), ((constraint.parent, "id"),))
    for table, name in feeds:
        legacy = scene.catalog.find_table(table)
        if not legacy or scene.fates[table] not in ("copy", "keep", "reshape"):
            continue
        rule = scene.rule(table)
        variants = (rule.derives.columns if rule.derives else rule.columns).get(name, (name,))
        if column := next((c for variant in variants if (c := legacy.shape.find_column(variant))), None):
            yield legacy, column


def _arriving(scene: Scene, table: LegacyTable, column: Column) -> Column:
    """The column as it stands in the target."""
    found = scene.keys.conversion(table, column)
    return column if found.kind == "same" else replace(column, type=found.type, base=found.type, kind="b")


def _retyped(column: Column, key: Column | None) -> Column:
    return (
        column if key is None else replace(column, type=key.type, base=key.base, kind=key.kind, collation=key.collation)
    )


def _actor_types(scene: Scene, name: str) -> dict[str, Column]:
    found = _agreed(scene, list(_reviewers(scene))) if name in ACTORS else None
    return {ACTORS[name]: found} if found else {}


def _reviewers(scene: Scene) -> Iterator[Column]:
    for table, rule_column in REVIEWERS:
        if legacy := scene.catalog.find_table(table):
            variants = scene.rule(table).columns[rule_column]
            yield from [c for name in variants if (c := legacy.shape.find_column(name))][:1]


def _agreed(scene: Scene, columns: list[Column]) -> Column | None:
    """One type if all of them have it, else text; None where there are none."""
    bare = [scene.keys.bare(column) for column in columns]
    if not bare:
        return None
    same = {(c.type, c.is_array) for c in bare} == {(bare[0].type, bare[0].is_array)} and bare[0].kind == "b"
    return bare[0] if same else Column("", "text", base="text")
