"""Plans for tables that keep their shape: copied, renamed, carried, and reshaped ones that change single columns.

Laws
- The build table takes every column, default, constraint and index of the legacy table, under its legacy name.
- A table that arrives unchanged takes the stream lane; if Python has to derive an id, or a transform decides a column,
  it takes the frame lane.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from config import note_kinds
from config.rules import TableRule
from config.shapes import Column, Constraint, Table
from engine.planning import ids
from engine.planning.draft import Draft, Foreign, as_freight
from engine.planning.fitting import fitted
from engine.planning.keys import UUID, Conversion
from engine.planning.plan import Follow, Freight, IdConversion, Item, Noted, Route, Way
from engine.planning.tables import clashes, kept_objects, pointing
from engine.planning.tables.reshaped import (
    FIXED,
    ORIGIN,
    key_item,
    parameters,
    rule_conversions,
    rule_items,
    used_columns,
)
from engine.reflect import older
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import as_text, parsed, plain, text_at

ADDED = "__added_"
EMPTY_RULE = TableRule(disposition="copy")


@dataclass(frozen=True)
class Copied:
    """A planned table of its own shape."""

    shape: Table
    route: Route
    ways: tuple[Way, ...]
    column_renames: tuple[tuple[str, str, str], ...]
    dropped: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Column:
    """One build column and how it is filled; item is None where the target fills it."""

    shape: Column
    item: Item | None
    way: Way | None = None
    conversion: IdConversion | None = None


def plan(draft: Draft, table: LegacyTable, gone: dict[str, Way], final_name: str) -> Copied:
    """Plan one table. gone: columns that leave it (settings, presentation columns), with their ways."""
    rule = draft.find_rule(table.name) or EMPTY_RULE
    renames = _renames(draft, table, rule)
    gone = gone | _losers(draft, table, rule)
    columns = [*_columns(draft, table, rule, renames, gone), *_added(draft, table, rule)]
    retyped = frozenset(column for name, column in draft.retyped if name == table.name)
    arrival = kept_objects.Arrival(table.name, {column.shape.name: column.shape.name for column in columns}, retyped)
    kept, dropped = kept_objects.constraints(draft, table.shape, arrival)
    indexes, dropped_indexes = kept_objects.indexes(draft, table.shape, arrival, {})
    kept += _undeclared(draft, table, rule, kept, final_name, dict(renames))
    shape = Table(table.name, tuple(c.shape for c in columns), tuple(kept), tuple(indexes), table.shape.comment)
    return Copied(
        shape=shape,
        route=_route(draft, table, rule, columns),
        ways=(*(_told(draft, table, rule, c.way) for c in columns if c.way), *gone.values()),
        column_renames=tuple((table.name, old, new) for old, new in renames),
        dropped=(*dropped, *dropped_indexes),
        remarks=tuple(_remarks(table, columns)),
    )


def _told(draft: Draft, table: LegacyTable, rule: TableRule, way: Way) -> Way:
    """A reference to a reshaped table leads where the row went that it names, whatever its values become before."""
    led = draft.keys.led(table.name, way.column)
    return way if not led or way.column in rule.becomes else replace(way, kind="rule", note=led)


def _columns(
    draft: Draft, table: LegacyTable, rule: TableRule, renames: list[tuple[str, str]], gone: dict[str, Way]
) -> list[_Column]:
    """The legacy table's own columns in their order; the generated ones are planned by what they read."""
    kept = [column for column in table.shape.columns if column.name not in gone]
    found = {c.name: _column(draft, table, rule, c, renames) for c in kept if not c.generated}
    for column in kept:
        if column.generated:
            final = dict(renames).get(column.name, column.name)
            found[column.name] = _generated(draft, table, column, f"{rule.target or table.name}.{final}", set(found))
    return [found[column.name] for column in kept]


def _generated(draft: Draft, table: LegacyTable, column: Column, target: str, arriving: set[str]) -> _Column:
    """Generated anew where all that it reads arrives in its type, else carried as its values."""
    draft.sources_of[table.name, column.name] = (table.name, column.name)
    draft.arrives(table.name, column.name, table.name, column.name)
    why = _why_not_anew(draft, table, column, arriving)
    if not why:
        if any((table.name, name) in draft.changed for name in column.reads):
            draft.changed.add((table.name, column.name))
        column, note = older.generated(column, draft.server)
        return _Column(column, None, Way(column.name, "same", (target,), note))
    note = f"its values, no longer generated: {why}"
    shape = replace(column, generated="", default=None, reads=())
    return _plain(draft, table, shape, Way(column.name, "same", (target,), note))


def _why_not_anew(draft: Draft, table: LegacyTable, column: Column, arriving: set[str]) -> str:
    lost = [name for name in column.reads if name not in arriving]
    retyped = [name for name in column.reads if (table.name, name) in draft.retyped]
    dropped = draft.drops(table.name, column.name)
    if lost or retyped or dropped:
        whys = [f"{name} leaves the table" for name in lost] + [f"{name} changes its type" for name in retyped]
        return "; ".join([*whys, *(f"the mapping drops {name}()" for name in dropped)])
    return ""


def _plain(draft: Draft, table: LegacyTable, column: Column, way: Way) -> _Column:
    """A column whose values arrive as they are; oids of the source as the names that they stand for."""
    if not column.names_objects:
        return _Column(column, Item(column.name, plain(column), column.type), way)
    draft.changed.add((table.name, column.name))
    draft.retyped.add((table.name, column.name))
    shape = replace(column, type="text", base="text", kind="b", default=None)
    note = "; ".join(filter(None, (way.note, "an oid as text")))
    return _Column(shape, Item(column.name, as_text(column)), replace(way, kind="cast", note=note))


def _renames(draft: Draft, table: LegacyTable, rule: TableRule) -> list[tuple[str, str]]:
    """Legacy column → final name, for those that are called otherwise in the end."""
    names = {column.name for column in table.shape.columns}
    found = []
    for wanted, variants in rule.renamed.items():
        used = next((name for name in variants if name in names), None)
        if used and used != wanted and wanted not in names:
            found.append((used, wanted))
    left = names - {old for old, _ in found}
    for old, new in rule.becomes.items():
        if old in names and new in left:
            clashes.column(draft, table.name, new, f"stands beside {old}, which becomes {new}")
        elif old in names:
            found.append((old, new))
    for name in _new_columns(table, rule):
        if name in left:
            clashes.column(draft, table.name, name, "is the name of a column that the target adds")
        elif name in names:
            found.append((_built(table, name), name))
    return found


def _new_columns(table: LegacyTable, rule: TableRule) -> tuple[str, ...]:
    """Final names of the columns that the mapping adds."""
    return (*rule.adds, *(new for old, new in rule.becomes.items() if not table.shape.find_column(old)))


def _built(table: LegacyTable, added: str) -> str:
    """An added column as the build calls it: by another name as long as a legacy one has its own."""
    return f"{ADDED}{added}" if table.shape.find_column(added) else added


def _losers(draft: Draft, table: LegacyTable, rule: TableRule) -> dict[str, Way]:
    """Columns that a coalesced one takes in."""
    lost = {}
    for wanted, variants in rule.coalesced.items():
        present = [name for name in variants if table.shape.find_column(name)]
        for name in present[1:]:
            final = rule.target or table.name
            lost[name] = Way(
                name, "rule", (f"{final}.{wanted}",), f"where {present[0]} is null; else noted if it differs"
            )
            winner, loser = table.shape.column(present[0]), table.shape.column(name)
            note, differs = note_kinds.OVERRULED.saying(name), _differs(draft, winner, loser)
            draft.noted.append(Noted(table.name, final, wanted, note, as_text(loser), differs))
    return lost


def _column(
    draft: Draft, table: LegacyTable, rule: TableRule, column: Column, renames: list[tuple[str, str]]
) -> _Column:
    final = dict(renames).get(column.name, column.name)
    target = f"{rule.target or table.name}.{final}"
    draft.sources_of[table.name, column.name] = (table.name, column.name)
    draft.arrives(table.name, column.name, table.name, column.name)
    if column.name in rule.becomes:
        draft.changed.add((table.name, column.name))
        if column.base != "uuid":
            draft.retyped.add((table.name, column.name))
        shape = replace(column, type="uuid", base="uuid", kind="b", default=None, collation=None, identity="")
        return _Column(shape, None, Way(column.name, "rule", (target,), "the profile that its professional became"))
    if column.names_objects:
        return _plain(draft, table, column, Way(column.name, "same", (target,)))
    coalesced = _coalesced(draft, table, rule, column)
    if coalesced:
        return _Column(column, Item(column.name, coalesced, column.type), Way(column.name, "rule", (target,)))
    if column.name in ("created_at", "updated_at"):
        return _time(draft, table, column, target)
    kind = "same" if final == column.name else "renamed"
    return _keyed(draft, table, column, draft.keys.conversion(table, column), Way(column.name, kind, (target,)))


def _keyed(draft: Draft, table: LegacyTable, column: Column, found: Conversion, way: Way) -> _Column:
    """A column whose type may change because it is an id or points at one."""
    if found.kind == "same":
        return _Column(column, Item(column.name, plain(column), column.type), way)
    draft.changed.add((table.name, column.name))
    draft.retyped.add((table.name, column.name))
    pointing.rewrite(draft, table, column, table.name, column.name)
    default = f"({column.default})::{found.type}" if column.default and found.kind == "cast" else None
    shape = replace(column, type=found.type, base=found.base, kind="b", collation=None, default=default, identity="")
    if found.kind == "derive":
        conversion = IdConversion(column.name, found.ids_of, found.ids_of == table.name and column.name == "id")
        note = f"a UUID as it is, any other UUIDv5 of {found.parent}:<id>"
        item = Item(column.name, draft.keys.word(table, column))
        return _Column(shape, item, replace(way, kind="derived", note=note), conversion)
    note = ""
    if found.kind == "parse":
        draft.parsed.add((table.name, column.name))
        value, note = draft.keys.parsed(table, column), "else an orphan"
    elif found.type == "uuid":
        value = parsed(draft.keys.word(table, column), "uuid")
    else:  # any text becomes text, and citext
        value = f"({ids.kept(column)})::{found.full_type if found.base == 'citext' else found.type}"
    return _Column(shape, Item(column.name, value, found.type), replace(way, kind="cast", note=note))


def _coalesced(draft: Draft, table: LegacyTable, rule: TableRule, column: Column) -> str | None:
    for variants in rule.coalesced.values():
        present = [c for name in variants if (c := table.shape.find_column(name))]
        if len(present) > 1 and present[0].name == column.name:
            draft.changed.add((table.name, column.name))
            return f"coalesce({', '.join([plain(column), *(_as(column, c, draft) for c in present[1:])])})"
    return None


def _differs(draft: Draft, winner: Column, loser: Column) -> str:
    """Whether the loser's value does not arrive: the winner has another, or has none and cannot take it."""
    kept = text_at(f"coalesce({plain(winner)}, {_as(winner, loser, draft)})", winner)
    return f"{plain(loser)} is distinct from null and {kept} is distinct from {as_text(loser)}"


def _as(wanted: Column, other: Column, draft: Draft) -> str:
    """The other column in the wanted one's type; null where it does not fit."""
    return fitted(wanted, other, draft.labels(wanted)) or f"null::{wanted.full_type}"


def _time(draft: Draft, table: LegacyTable, column: Column, target: str) -> _Column:
    times = draft.times(table)
    default = column.default or ("now()" if times.has(column.name) else None)
    expression = times.copied(column)
    way = Way(column.name, "same", (target,), "" if column.not_null else f"nulls stay: a {column.type} says no time")
    if expression != plain(column):
        draft.changed.add((table.name, column.name))
        way = replace(way, kind="rule", note="nulls are filled")
    return _Column(replace(column, default=default), Item(column.name, expression, column.type), way)


def _added(draft: Draft, table: LegacyTable, rule: TableRule) -> list[_Column]:
    """Columns that the target has and the legacy table lacks."""
    names, times = {column.name for column in table.shape.columns}, draft.times(table)
    added = []
    for name in (new for old, new in rule.becomes.items() if old not in names):
        added.append(_Column(replace(UUID, name=_built(table, name), not_null=True), None))
    for name, parent in rule.adds.items():
        key = next(c for c in draft.declared[parent].columns if c.name == "id")
        added.append(_Column(replace(key, name=_built(table, name), default=None, not_null=False), None))
    for name, expression in (("created_at", times.created()), ("updated_at", times.updated())):
        if name not in names:
            shape = Column(name, "timestamp with time zone", not_null=True, default="now()", base="timestamptz")
            added.append(_Column(shape, Item(name, expression, shape.type)))
    return added


def _undeclared(
    draft: Draft, table: LegacyTable, rule: TableRule, kept: list[Constraint], final_name: str, renames: dict[str, str]
) -> list[Constraint]:
    """Foreign keys that the mapping declares, that `becomes` and `adds` bring, and follow-ups of moved references."""
    found, taken = [], {constraint.name for constraint in (*kept, *table.shape.constraints)}

    def new(column: str, parent: str) -> Constraint:
        name = pointing.free_name(f"{final_name}_{renames.get(column, column)}_fkey", taken)
        return pointing.to_id(name, table.name, column, parent)

    single = {f.constraint.columns[0] for f in draft.foreign if f.legacy_table == table.name and _names_row(draft, f)}
    for column in (c.name for c in table.shape.columns):
        reference = draft.keys.references.get((table.name, column))
        if reference:
            draft.on_orphan[table.name, column] = reference.on_orphan
        if column in rule.becomes:
            draft.on_orphan[table.name, column] = "reject"
            if column not in single:
                found.append(new(column, draft.mapping.profile_root))
            continue
        if reference and reference.ids_of and draft.keys.root_of(reference.ids_of):
            is_nullable = draft.catalog.takes_null(table.shape, table.shape.column(column))
            draft.follows.append(Follow(table.name, column, reference.ids_of, is_nullable))
        if reference and not reference.declared and column not in single:
            parent = draft.keys.root_of(reference.to) or reference.to
            found.append(new(column, parent))
    names = {column.name for column in table.shape.columns}
    for name in (_built(table, new) for old, new in rule.becomes.items() if old not in names):
        draft.on_orphan[table.name, name] = "reject"
        found.append(new(name, draft.mapping.profile_root))
    for name, parent in ((_built(table, name), parent) for name, parent in rule.adds.items()):
        found.append(new(name, parent))
    return found


def _names_row(draft: Draft, foreign: Foreign) -> bool:
    """Whether this foreign key is what its column's reference asks for: over it alone, and to an id that is there."""
    key = foreign.constraint
    is_reshaped = draft.treatments[key.parent] == "reshape"
    is_there = bool(draft.keys.root_of(key.parent)) and key.ref_columns == ("id",) if is_reshaped else True
    return len(key.columns) == 1 and is_there


def _route(draft: Draft, table: LegacyTable, rule: TableRule, columns: list[_Column]) -> Route:
    conversions = tuple(c.conversion for c in columns if c.conversion)
    is_frame = bool(conversions) or rule.transform is not None
    items = tuple(c.item for c in columns if c.item)
    freight: Freight = ()
    more: tuple[Item, ...] = ()
    if is_frame:
        items = tuple(as_freight(table.shape, item, {c.item for c in conversions}) for item in items)
        freight = ((table.name, tuple((item.name, item.name) for item in items)),)
        more = (ORIGIN, key_item(table))
    if rule.transform:
        used = used_columns(draft, table, rule.columns, None)
        more += tuple(rule_items(draft, table, used))
        conversions += tuple(rule_conversions(draft, table, used))
    elif not is_frame and (not _is_keyed(draft, table) or rule.completed_from):
        more = (ORIGIN,)
    return Route(
        name=table.name,
        legacy_table=table.name,
        wave=rule.wave,
        lane="frame" if is_frame else "stream",
        items=(*items, *more),
        targets=(table.name,),
        from_sql=draft.from_sql(table.name),
        transform=rule.transform,
        parameters=parameters(draft, table.name) if rule.transform else None,
        lookups=rule.lookups,
        rule_columns=(*FIXED, *rule.columns) if rule.transform else (),
        freight=freight,
        conversions=conversions,
        is_chunked=table.kind == "r",
    )


def _is_keyed(draft: Draft, table: LegacyTable) -> bool:
    """Whether a build row can be told by the legacy key: there is one, and it arrives as it is."""
    key = table.shape.primary_key
    return bool(key) and draft.keeps(table.name, key)


def _remarks(table: LegacyTable, columns: list[_Column]) -> Iterator[str]:
    for column in columns:
        legacy = table.shape.find_column(column.shape.name)
        if legacy and legacy.default and not column.shape.default:
            yield f"default of {legacy.name} dropped: its type changes"
        if legacy and legacy.base == "oid":
            yield f"{legacy.name} holds oids; large objects are not migrated"
