"""The target's own tables, adapted to the legacy database: the types of their references, and what these point at.

Laws
- A reference has the type of the key that it points at, or a domain's base type: it has to take every value, and null.
- Where the parent's id is not unique, the reference points at the unique that the legacy reference points at; where
  there is none, it takes the legacy column's type, and its constraint is dropped and listed.
- An actor holds what its legacy columns hold: one type if they agree, else text.
"""

from collections.abc import Iterator
from dataclasses import replace

from config.feeds import ACTORS, FED_BY, REVIEWERS
from config.shapes import Column, Constraint
from engine.planning.draft import Draft
from engine.planning.keys import is_unique
from engine.reflect.catalog import LegacyTable


def adapt(draft: Draft) -> None:
    """Give the declared tables the types and constraints that this legacy database allows."""
    for name, shape in draft.declared.items():
        kept, types = [], _actor_types(draft, name)
        for constraint in shape.constraints:
            if constraint.kind == "n":
                continue  # the column says so itself
            if constraint.kind != "f" or constraint.ref_table in draft.declared:
                kept.append(constraint)
                continue
            found, column = _pointed(draft, constraint)
            types |= {constraint.columns[0]: column} if column else {}
            kept += [found] if found else []
        columns = tuple(_retyped(c, types.get(c.name)) for c in shape.columns)
        draft.declared[name] = replace(shape, columns=columns, constraints=tuple(kept))


def _pointed(draft: Draft, constraint: Constraint) -> tuple[Constraint | None, Column | None]:
    """(the reference as it can be had, the column whose type it takes); None where there is no such thing."""
    parent = draft.catalog.find_table(constraint.parent)
    if parent and draft.treatments[parent.name] in ("copy", "keep"):
        if is_unique(parent.shape, ("id",)):
            return constraint, draft.keys.id_type(parent.name)
        for feed, column in _feeds(draft, constraint):
            reference = draft.keys.references.get((feed.name, column.name))
            if reference and reference.to == parent.name and is_unique(parent.shape, (reference.to_column,)):
                return replace(constraint, ref_columns=(reference.to_column,)), draft.keys.bare(column)
    what = f"{constraint.table}.{constraint.columns[0]}"
    draft.remarks.append(f"{what}: no foreign key, {constraint.ref_table} has no key to point at")
    feeds = [_arriving(draft, feed, column) for feed, column in _feeds(draft, constraint)] if parent else []
    return None, _agreed(draft, feeds)


def _feeds(draft: Draft, constraint: Constraint) -> Iterator[tuple[LegacyTable, Column]]:
    """The legacy columns whose values the reference holds."""
    table, name = FED_BY.get((constraint.table, constraint.columns[0]), (constraint.parent, "id"))
    legacy = draft.catalog.find_table(table)
    if legacy and draft.treatments[table] in ("copy", "keep", "reshape"):
        rule = draft.rule(table)
        variants = (rule.derives.columns if rule.derives else rule.columns).get(name, (name,))
        if column := next((c for variant in variants if (c := legacy.shape.find_column(variant))), None):
            yield legacy, column


def _arriving(draft: Draft, table: LegacyTable, column: Column) -> Column:
    """The column as it stands in the target."""
    found = draft.keys.conversion(table, column)
    return column if found.kind == "same" else replace(column, type=found.type, base=found.type, kind="b")


def _retyped(column: Column, key: Column | None) -> Column:
    return (
        column if key is None else replace(column, type=key.type, base=key.base, kind=key.kind, collation=key.collation)
    )


def _actor_types(draft: Draft, name: str) -> dict[str, Column]:
    found = _agreed(draft, list(_reviewers(draft))) if name in ACTORS else None
    return {ACTORS[name]: found} if found else {}


def _reviewers(draft: Draft) -> Iterator[Column]:
    for table, rule_column in REVIEWERS:
        if legacy := draft.catalog.find_table(table):
            variants = draft.rule(table).columns[rule_column]
            yield from [c for name in variants if (c := legacy.shape.find_column(name))][:1]


def _agreed(draft: Draft, columns: list[Column]) -> Column | None:
    """One type if all of them have it, else text; None where there are none."""
    bare = [draft.keys.bare(column) for column in columns]
    if not bare:
        return None
    same = {(c.type, c.is_array) for c in bare} == {(bare[0].type, bare[0].is_array)} and bare[0].kind == "b"
    return bare[0] if same else Column("", "text", base="text")
