"""Plans for reshaped tables.

Laws
- A rule column is read under the rule's name, from the first variant that the legacy table has; if it has none, the
  column is null. Every other column is freight (engine.planning.tables.freight).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from config.rules import TableRule, role_keys, spellings
from config.shapes import Column
from engine.planning import ids
from engine.planning.draft import Draft
from engine.planning.plan import HIDDEN, IdConversion, Item, Route, Way
from engine.planning.tables import freight
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import as_text, blank, is_said, key_of, plain, row_as_json, text
from transforms.outcome import Parameters

FIXED = ("key", "id", "user_id", "created_at", "updated_at")  # rule columns of every transform
TIMED = ("approved_at", "submitted_at", "reviewed_at", "verified_at")  # rule columns that are times of a target
RULE = "r:"  # prefix of rule columns in a SELECT list, so that they cannot clash with freight
BLANK_TIMES = f"{RULE}blank_times"  # names of the times that are blank texts
CTID = "textin(tidout(t.ctid))"
ORIGIN = Item(HIDDEN, f"textin(oidout(t.tableoid)) || {CTID}")


@dataclass(frozen=True)
class Reshaped:
    route: Route
    ways: tuple[Way, ...]
    dropped: tuple[str, ...]
    remarks: tuple[str, ...]
    is_archived: bool


def plan(draft: Draft, table: LegacyTable) -> Reshaped:
    """Plan one reshaped table; columns and objects that it carries are added to the declared targets."""
    rule = draft.rule(table.name)
    used = used_columns(draft, table, rule.columns, rule.carry_into)
    _require(draft, table, rule, used)
    removed = {name: why for name, why in rule.removed.items() if table.shape.find_column(name)}
    rest = [c for c in table.shape.columns if c.name not in {*used.values(), *removed}]
    items = [*rule_items(draft, table, {**used, **{name: name for name in removed}})]
    ways = [_rule_way(draft, rule, column, name) for name, column in used.items()]
    ways += [Way(c, "removed", ("migration.removed_links.url",), why) for c, why in removed.items()]
    carried = freight.plan(draft, table, rule, used, rest)
    route = Route(
        name=table.name,
        legacy_table=table.name,
        wave=rule.wave,
        lane="frame",
        items=(ORIGIN, key_item(table), *items, *(() if rule.carries else (whole_row(table),)), *carried.items),
        targets=rule.targets,
        from_sql=draft.from_sql(table.name),
        transform=rule.transform,
        parameters=parameters(draft, table.name, tuple(removed)),
        lookups=rule.lookups,
        rule_columns=(*FIXED, *rule.columns, *removed, *(() if rule.carries else ("payload",))),
        freight=carried.freight,
        conversions=(*rule_conversions(draft, table, used), *freight.conversions(draft, table, carried.items)),
        is_chunked=table.kind == "r",
    )
    ways += carried.ways
    return Reshaped(route, tuple(ways), tuple(carried.dropped), tuple(carried.remarks), carried.is_archived)


def parameters(draft: Draft, legacy_table: str, removed: tuple[str, ...] = ()) -> Parameters:
    common = draft.mapping.common
    return Parameters(
        legacy_table=legacy_table,
        role_keys=role_keys(draft.mapping),
        statuses=spellings(common.statuses),
        order_statuses=spellings(common.order_statuses),
        removed=removed,
        documents=tuple(_documents(draft, legacy_table)),
        professional_roles=draft.mapping.professional_roles,
    )


def _documents(draft: Draft, legacy_table: str) -> Iterator[str]:
    """Rule columns that hold JSON, whatever their rows say."""
    table, rule = draft.catalog.table(legacy_table), draft.rule(legacy_table)
    for name, legacy in used_columns(draft, table, rule.columns, None).items():
        column = table.shape.column(legacy)
        if column.base in ("json", "jsonb") and not column.is_array:
            yield name


def key_item(table: LegacyTable) -> Item:
    return Item(RULE + "key", legacy_key(table))


def legacy_key(table: LegacyTable) -> str:
    """The legacy key as text: one column's text, a JSON array of several, or the ctid."""
    names = table.shape.primary_key
    columns = [table.shape.column(name) for name in names]
    if len(columns) == 1:
        return as_text(columns[0])
    if columns:
        return key_of(columns)
    return CTID


def rule_items(draft: Draft, table: LegacyTable, used: dict[str, str], is_derived: bool = False) -> Iterator[Item]:
    """Rule columns as text items, the times filled, times without zone in the profile's zone.

    is_derived: of rows beside a copied one, which takes its own times along whatever they say.
    """
    times = draft.times(table)
    for name, legacy in used.items():
        if name not in ("created_at", "updated_at"):
            yield Item(RULE + name, _rule_text(draft, table, name, table.shape.column(legacy)))
    for name, filled in (("created_at", times.created()), ("updated_at", times.updated())):
        own = table.shape.find_column(name)
        is_read = name in used and not is_derived
        yield Item(RULE + name, times.shown(own, filled) if own and is_read else text(filled))
    said = [column for column in _times(table, used) if is_said(column)]
    if said and not is_derived:
        yield Item(BLANK_TIMES, blank(said))


def _times(table: LegacyTable, used: dict[str, str]) -> list[Column]:
    names = (*TIMED, "created_at", "updated_at")
    return [table.shape.column(used[name]) for name in names if name in used]


def _rule_text(draft: Draft, table: LegacyTable, name: str, column: Column) -> str:
    is_local = column.base in ("date", "timestamp") and not column.is_array
    if name in TIMED or is_local:
        return draft.times(table).shown(column)
    if column.base == "money":
        return text(f"{plain(column)}::numeric")
    if owner := _owner_key(draft, table, column):
        return ids.word(column, owner)
    is_key = column.name == "id" or draft.keys.names_ids(table, column.name)  # a code is a value of its own
    return draft.keys.spelled(table, column) if is_key else as_text(column)


def _owner_key(draft: Draft, table: LegacyTable, column: Column) -> Column | None:
    """The id of the profiles' former root, where the column names one, declared or not."""
    rule, owners = draft.find_rule(table.name), draft.catalog.find_table(draft.mapping.former_root)
    return owners.shape.find_column("id") if rule and owners and column.name in rule.becomes else None


def used_columns(
    draft: Draft, table: LegacyTable, columns: dict[str, tuple[str, ...]], into: str | None
) -> dict[str, str]:
    """Rule column → the legacy column in use."""
    names = {column.name for column in table.shape.columns}
    fixed = {name: (name,) for name in ("id", "user_id", "created_at", "updated_at")}
    if into and not draft.declared[into].find_column("updated_at"):
        del fixed["updated_at"]
    wanted = fixed | columns
    found = {rule: next((v for v in variants if v in names), None) for rule, variants in wanted.items()}
    return {rule: legacy for rule, legacy in found.items() if legacy}


def _require(draft: Draft, table: LegacyTable, rule: TableRule, used: dict[str, str]) -> None:
    for name in rule.required:
        if name not in used:
            variants = " or ".join(rule.columns.get(name, (name,)))
            file = draft.mapping.file_of(table.name)
            remedy = f"add its name under [{table.name}] columns in {file}"
            draft.fault(table.name, None, f"has no column {variants}, which the rule needs", remedy)


def _rule_way(draft: Draft, rule: TableRule, column: str, name: str) -> Way:
    by_name = tuple(f"{t}.{name}" for t in rule.targets if name in draft.own_columns[t])
    return Way(column, "rule", rule.lands.get(name, by_name), f"as {name} by {rule.transform}")


def rule_conversions(draft: Draft, table: LegacyTable, used: dict[str, str]) -> Iterator[IdConversion]:
    """References among the rule columns become their parent's key on the way. The row's own id is the transform's."""
    for name, legacy in used.items():
        reference = draft.keys.references.get((table.name, legacy))
        if reference and reference.ids_of and name != "id" and not _is_looked_up(draft, reference.ids_of):
            found = draft.keys.conversion(table, table.shape.column(legacy))
            if found.kind != "same" and found.type == "uuid":
                yield IdConversion(RULE + name, found.ids_of)


def _is_looked_up(draft: Draft, parent: str) -> bool:
    return parent in draft.mapping.profile_sources


def whole_row(table: LegacyTable) -> Item:
    """The whole row as JSON text; the target says whether jsonb can hold it."""
    return Item(RULE + "payload", row_as_json(table.shape))
