"""Columns of a reshaped table that no rule reads, and the constraints and indexes over them.

Laws
- Each is carried into `carry_into` under its own name and type, or archived, or refused, as the profile says.
- One that clashes with a column of another type gets the suffix `_<legacy table>`; it is nullable where the target also
  gets rows without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from config.rules import MAX_NAME_BYTES, TableRule
from config.shapes import Column, Constraint, Index, Table
from config.transforms import FIXED, TRANSFORMS
from engine.planning.draft import Draft, Meaning, freight_item
from engine.planning.plan import Follow, Freight, IdConversion, Item, Way
from engine.planning.tables import kept_objects, pointing
from engine.reflect import older
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import as_text, plain


@dataclass(frozen=True)
class Carried:
    """The plan of the columns that no rule reads. dropped: the table's objects that are not kept, and why."""

    ways: list[Way]
    freight: Freight = ()
    items: list[Item] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    is_archived: bool = False


def conversions(draft: Draft, table: LegacyTable, items: list[Item]) -> Iterator[IdConversion]:
    for item in items:
        found = draft.keys.conversion(table, table.shape.column(item.name))
        if found.kind == "derive":
            yield IdConversion(item.name, found.ids_of)


def plan(draft: Draft, table: LegacyTable, rule: TableRule, used: dict[str, str], rest: list[Column]) -> Carried:
    """Plan the columns that no rule reads: carried, archived, or refused, as the profile says."""
    mode = draft.settings.unmapped_columns
    if not rule.carries:
        targets = tuple(f"{target}.payload" for target in rule.targets)
        return Carried([Way(c.name, "rule", targets, "within the whole row") for c in rest])
    if mode == "fail":
        for column in rest:
            remedy = f'map it in {draft.mapping.file_of(table.name)} or set unmapped_columns = "carry" in the profile'
            draft.fault(table.name, column.name, "is in no mapping", remedy)
    if mode == "archive":
        ways = [Way(c.name, "archived", (f"legacy_archive.{table.name}.{c.name}",)) for c in rest]
        return Carried(ways, dropped=_keep(draft, table, rule, used, {}), is_archived=bool(rest))
    return _in_target(draft, table, rule, used, rest)


def _in_target(draft: Draft, table: LegacyTable, rule: TableRule, used: dict[str, str], rest: list[Column]) -> Carried:
    into = _home(rule)
    is_shared = len(draft.fed_by[into]) > 1
    pairs: list[tuple[str, str]] = []
    items, ways, remarks, anew = [], [], [], {}
    for column in sorted(rest, key=lambda column: bool(column.generated)):  # after what they are generated from
        if column.generated and _is_anew(draft, table, into, column, dict(pairs)):
            shape, note = older.generated(column, draft.server)
            draft.add_column(into, replace(shape, not_null=column.not_null and not is_shared))
            draft.sources_of[into, column.name] = (table.name, column.name)
            draft.arrives(table.name, column.name, into, column.name)
            ways.append(Way(column.name, "carried", (f"{into}.{column.name}",), note))
            anew[column.name] = column.name
            continue
        shape, note = _carried_shape(draft, table, column, is_shared)
        name = _place(draft, table, into, shape, pointing.meaning(draft, table, column.name))
        items.append(_carried_item(draft, table, column, shape))
        pairs.append((name, column.name))
        led = draft.keys.led(table.name, column.name)
        ways.append(Way(column.name, "carried", (f"{into}.{name}",), "; ".join(filter(None, (led, note)))))
        remarks += [f"{column.name}: {note}"] if note else []
        _refer(draft, table, column, into, name)
    dropped = _keep(draft, table, rule, used, {column: name for name, column in pairs} | anew)
    return Carried(ways, ((into, tuple(pairs)),), items, dropped, remarks)


def _home(rule: TableRule) -> str:
    """The build table that takes the columns which no rule reads. Errors: LookupError where the mapping names none."""
    if rule.carry_into is None:
        raise LookupError(f"the mapping has no carry_into for what becomes {', '.join(rule.targets)}")
    return rule.carry_into


def _is_anew(draft: Draft, table: LegacyTable, into: str, column: Column, carried: dict[str, str]) -> bool:
    """Whether the target can generate the column: all that it reads is carried there, as it is and under its name."""
    there = draft.declared[into]
    read = [(table.shape.column(name), there.find_column(name)) for name in column.reads if carried.get(name) == name]
    is_whole = len(read) == len(column.reads) and all(new and new.type == old.type for old, new in read)
    return is_whole and not there.find_column(column.name) and not draft.drops(table.name, column.name)


def _keep(
    draft: Draft, table: LegacyTable, rule: TableRule, used: dict[str, str], carried: dict[str, str]
) -> list[str]:
    """Keep what can be kept of the table's constraints and indexes where its columns arrive; a sentence for others."""
    into = _home(rule)
    written = {legacy: name for legacy, name in _written(draft, table, rule, used).items() if legacy not in carried}
    is_shared = len(draft.fed_by[into]) > 1
    names, there = carried | written, draft.declared[into]
    retyped = frozenset(c for c, name in names.items() if table.shape.column(c).base != there.column(name).base)
    arrival = kept_objects.Arrival(into, names, retyped, frozenset(written), is_shared, is_ours=True)
    changed = {legacy: name for name, legacy in used.items() if draft.declared[into].find_column(name)}
    kept, dropped = kept_objects.constraints(draft, table.shape, arrival)
    indexes, dropped_indexes = kept_objects.indexes(draft, table.shape, arrival, changed)
    kept, indexes, clashes = unclashed(draft.declared[into], kept, indexes)
    draft.add_objects(into, kept, indexes, table.name)
    return [*dropped, *dropped_indexes, *clashes]


def _written(draft: Draft, table: LegacyTable, rule: TableRule, used: dict[str, str]) -> dict[str, str]:
    """Legacy column → the column of the target that the transform fills with its values as they are."""
    into, root = _home(rule), draft.keys.root_of(table.name)
    if "id" in used and root:
        draft.arrives(table.name, "id", root, "id")
    if rule.transform == "professionals":  # a profile may be made of several rows: its id is theirs all the same
        return {"id": "id"} if "id" in used else {}
    found = {legacy: rule.arrives[legacy] for legacy in used.values() if legacy in rule.arrives}
    found |= {"id": "id"} if "id" in used else {}
    for legacy, name in found.items():
        if (into, name) != (root, "id"):
            draft.arrives(table.name, legacy, into, name)
    return found


def _carried_shape(draft: Draft, table: LegacyTable, column: Column, is_shared: bool) -> tuple[Column, str]:
    """The column as the target has it, and what to say of it."""
    found, notes = draft.keys.conversion(table, column), []
    shape = replace(column, identity="", generated="", default=None if column.generated else column.default)
    if column.names_objects:
        shape = replace(shape, type="text", base="text", kind="b", default=None)
    if found.kind != "same":
        shape = replace(shape, type=found.type, base=found.base, kind="b", default=None, collation=None)
    if column.identity:
        notes.append("no identity there, for rows come without it")
    if column.generated:
        notes.append("a generated column, carried as its values")
    if is_shared and (base := _nullable_base(draft, column)):
        shape = replace(shape, type=base, kind="b")
        notes.append(f"{base}, for its domain takes no null")
    if column.not_null and is_shared:
        shape = replace(shape, not_null=False)
        notes.append("nullable, for rows come without it")
    return shape, "; ".join(notes)


def _nullable_base(draft: Draft, column: Column) -> str | None:
    """The type beneath the domains where one of them takes no null; None for any other type."""
    domains = draft.catalog.domains(column)
    return domains[-1].base if any(domain.not_null for domain in domains) else None


def _place(draft: Draft, table: LegacyTable, into: str, shape: Column, meaning: Meaning) -> str:
    """The name the column gets: its own, or with a suffix where a column of another type or that points elsewhere holds
    it; added if not there yet."""
    for name in (shape.name, f"{shape.name}_{table.name}"):
        there = draft.declared[into].find_column(name)
        if not there and len(name.encode()) <= MAX_NAME_BYTES:
            draft.add_column(into, replace(shape, name=name))
            draft.meanings[into, name] = meaning
            return name
        is_alike = there and there.type == shape.type and draft.meanings.get((into, name)) == meaning
        if is_alike and _is_free(draft, table, name):
            return name
    draft.fault(into, shape.name, f"has no name left for {table.name}.{shape.name}", "rename it in the source")
    return shape.name


def _is_free(draft: Draft, table: LegacyTable, name: str) -> bool:
    """Whether no rule of this table writes the column already."""
    rule = draft.rule(table.name)
    made = TRANSFORMS.get(rule.transform or "")
    return name not in (*FIXED, *(made.writes if made else ()))


def _carried_item(draft: Draft, table: LegacyTable, column: Column, shape: Column) -> Item:
    if draft.keys.conversion(table, column).kind != "same":
        return Item(column.name, draft.keys.carried(table, column))
    if column.type != shape.type:
        return Item(column.name, as_text(column))
    return freight_item(column.name, column, plain(column))


def _refer(draft: Draft, table: LegacyTable, column: Column, into: str, name: str) -> None:
    reference = draft.keys.references.get((table.name, column.name))
    draft.sources_of[into, name] = (table.name, column.name)
    draft.arrives(table.name, column.name, into, name)
    pointing.declare(draft, table, column, into, name)
    pointing.rewrite(draft, table, column, into, name)
    if reference:
        draft.on_orphan[into, name] = reference.on_orphan
        if reference.ids_of and draft.keys.root_of(reference.ids_of):
            draft.follows.append(Follow(into, name, reference.ids_of, True))


def unclashed(
    shape: Table, kept: list[Constraint], indexes: list[Index]
) -> tuple[list[Constraint], list[Index], list[str]]:
    taken = {found.name for found in shape.objects}
    brought: list[Constraint | Index] = [*kept, *indexes]
    clashes = [f"{one.name}: {shape.name} has an object of this name" for one in brought if one.name in taken]
    return [c for c in kept if c.name not in taken], [i for i in indexes if i.name not in taken], clashes
