"""Legacy names that the target itself uses: tables, their columns, indexes and keys, sequences, types.

Each is a fault that names every remedy. Tables, columns, indexes and keys can get another name in the mapping, or the
table be archived; sequences and types, which expressions name, have to be renamed in the source.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from config.rules import toml_key
from config.shapes import Table
from engine.planning.draft import Draft
from engine.planning.fault import Fault

ARCHIVE = 'archive the table (disposition = "archive")'


@dataclass(frozen=True)
class Owner:
    """The owner of a name. table: its build table; None of a type."""

    kind: str  # table | index | key | sequence | type
    table: str | None
    is_ours: bool = False

    def __str__(self) -> str:
        of = f" of {self.table}" if self.kind not in ("table", "type") and self.table else ""
        return f"the {self.kind}{of} that the target makes" if self.is_ours else f"the legacy {self.kind}{of}"


def table(draft: Draft, name: str) -> None:
    """A fault where a table that keeps its shape would get the name of one of the target's own."""
    rule = draft.find_rule(name)
    final = rule.target if rule and rule.target else name
    others = {
        r.target for legacy, r in draft.mapping.tables.items() if r.target not in (None, legacy) and legacy != name
    }
    if draft.treatments[name] in ("copy", "keep") and (final in draft.declared or final in others):
        draft.clashing.add(final)
        another = f'disposition = "rename" and target = "legacy_{name}"{_with_names(draft, name)}'
        remedy = f"give it another name ({another} under {draft.place(name)}), or {ARCHIVE}"
        draft.fault(name, None, f"{final} is the name of a table that the target makes itself", remedy)


def _with_names(draft: Draft, name: str) -> str:
    """What of the table needs another name beside its own: keys and indexes that the target's tables have too."""
    shape = draft.catalog.table(name).shape
    own = [*(c.name for c in shape.constraints if c.kind in "pux"), *(index.name for index in shape.indexes)]
    ours = {part.name for table in draft.declared.values() for part in table.objects}
    pairs = ", ".join(f'"{part}" = "legacy_{part}"' for part in own if part in ours)
    return f" and names = {{ {pairs} }}" if pairs else ""


def column(draft: Draft, table: str, name: str, why: str) -> None:
    """A fault where a legacy column has the name of one that the target adds."""
    another = f'renamed = {{ {toml_key("legacy_" + name)} = ["{name}"] }} under {draft.place(table)}'
    draft.fault(table, name, why, f"give it another name ({another}), or {ARCHIVE}")


def look(draft: Draft, build: list[Table], sequences: tuple[str, ...], types: tuple[str, ...]) -> None:
    """Faults for all other names; tables, indexes and sequences share one namespace, tables and types another."""
    owners: dict[str, list[Owner]] = {}
    for name, owner in _relations(draft, build, sequences):
        owners.setdefault(name, []).append(owner)
    for name, found in owners.items():
        for owner in found:
            others = [other for other in found if other != owner]
            if others and not owner.is_ours and owner.kind != "table":
                draft.clashing.add(name)
                _blame(draft, name, owner, others[0])
    taken = {name: owner for name, owner in _tables(draft, build) if owner.is_ours}
    for name in types:
        if name in taken:
            draft.clashing.add(name)
            used = sorted({use.table for use in draft.catalog.type_uses if use.type == name})
            remedy = f"rename the type in the source, or archive the tables that use it ({', '.join(used)})"
            sentence = f"type {name}: has the name of a table that the target makes itself; {remedy}"
            draft.faults.append(Fault(sentence, None, name))


def _blame(draft: Draft, name: str, owner: Owner, other: Owner) -> None:
    if owner.kind == "sequence" or owner.table is None:
        of = f", or archive the table {owner.table} that owns it" if owner.table else ""
        sentence = f"sequence {name}: has the name of {other}; rename it in the source{of}"
        draft.faults.append(Fault(sentence, None, name))
        return
    another = f'names = {{ "{name}" = "legacy_{name}" }} under {draft.place(owner.table)}'
    draft.fault(
        owner.table,
        name,
        f"this {owner.kind} has the name of {other}",
        f"give it another name ({another}), or {ARCHIVE}",
    )


def _tables(draft: Draft, build: list[Table]) -> Iterator[tuple[str, Owner]]:
    for shape in build:
        rule, owner = draft.find_rule(shape.name), Owner("table", shape.name, shape.name in draft.declared)
        yield shape.name, owner
        if rule and rule.target not in (None, shape.name) and not owner.is_ours:
            yield rule.target, Owner("table", shape.name, True)


def _relations(draft: Draft, build: list[Table], sequences: tuple[str, ...]) -> Iterator[tuple[str, Owner]]:
    yield from _tables(draft, build)
    columns = {(shape.name, c.name) for shape in build for c in shape.columns if c.identity}
    for shape in build:
        legacy = draft.catalog.find_table(shape.name)
        known = {part.name for part in legacy.shape.objects} if legacy else set()
        known |= _carried_names(draft, shape.name)
        for index in shape.indexes:
            yield index.name, Owner("index", shape.name, index.name not in known)
        for constraint in shape.constraints:
            if constraint.kind in "pux":
                yield constraint.name, Owner("key", shape.name, constraint.name not in known)
    for sequence in draft.catalog.sequences:
        if sequence.name in sequences or (sequence.table, sequence.column) in columns:
            yield sequence.name, Owner("sequence", sequence.table)


def _carried_names(draft: Draft, declared: str) -> set[str]:
    """Objects that legacy tables of other names bring to a declared one."""
    tables = [draft.catalog.find_table(name) for name in draft.fed_by.get(declared, ())]
    return {part.name for t in tables if t for part in t.shape.objects}
