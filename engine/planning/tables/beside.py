"""Routes beside a table's own: rows derived from it, columns that leave it for a table beside it, its archive."""

from dataclasses import replace

from config.rules import Derivation, Split
from config.shapes import Column, Table
from engine.planning.draft import Draft
from engine.planning.plan import IdConversion, Item, Route, Way
from engine.planning.tables import kept_objects
from engine.planning.tables.freight import unclashed
from engine.planning.tables.reshaped import (
    FIXED,
    ORIGIN,
    RULE,
    key_item,
    parameters,
    rule_conversions,
    rule_items,
    used_columns,
)
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import as_text, parsed, plain, text


def derived(draft: Draft, table: LegacyTable, rule: Derivation) -> Route | None:
    """The route of rows that are made from each row of a copied table; None, with a remark, if a column is missing."""
    used = used_columns(draft, table, rule.columns, None)
    missing = [name for name in rule.required if name not in used]
    if missing:
        draft.fault(table.name, None, f"has no column {', '.join(missing)}, which {rule.transform} needs", "add it")
        return None
    used = {name: legacy for name, legacy in used.items() if not _names_nothing(draft, table, legacy)}
    targets = " and ".join(rule.targets)
    own = draft.keys.conversion(table, table.shape.column("id"))
    conversions = [IdConversion(RULE + "id", own.ids_of)] if own.kind != "same" and own.type == "uuid" else []
    return Route(
        name=f"{table.name} → {targets}",
        legacy_table=table.name,
        wave=1,
        lane="frame",
        items=(ORIGIN, key_item(table), *rule_items(draft, table, used, is_derived=True)),
        targets=rule.targets,
        from_sql=draft.from_sql(table.name),
        transform=rule.transform,
        parameters=parameters(draft, table.name),
        lookups=rule.lookups,
        rule_columns=(*FIXED, *rule.columns),
        conversions=(*conversions, *rule_conversions(draft, table, used)),
        is_accounted=False,
        is_chunked=table.kind == "r",
    )


def _names_nothing(draft: Draft, table: LegacyTable, column: str) -> bool:
    """Whether a reference's parent is not there, so that the declared uuid cannot hold its values."""
    reference = draft.mapping.common.references.get(column)
    is_lost = reference is not None and draft.catalog.find_table(reference.to) is None
    return is_lost and table.shape.column(column).base != "uuid"


def split(draft: Draft, table: LegacyTable, rule: Split) -> tuple[Route | None, dict[str, Way]]:
    """Columns that move to a table beside it, keyed by the row's own key: the route and their ways."""
    present = [c for c in table.shape.columns if c.name in rule.columns]
    if not present:
        return None, {}
    into, key = rule.into, table.shape.find_column("id")
    if not key:
        draft.fault(table.name, "id", "is missing, and its presentation columns need it", "add a key in the source")
        return None, {}
    for column in present:
        draft.add_column(into, replace(column, generated="", default=None) if column.generated else column)
        draft.sources_of[into, column.name] = (table.name, column.name)
    kept, _ = kept_objects.constraints(
        draft, table.shape, kept_objects.Arrival(into, {c.name: c.name for c in present})
    )
    draft.add_objects(into, *unclashed(draft.declared[into], kept, [])[:2], table.name)
    found, times = draft.keys.conversion(table, key), draft.times(table)
    wanted = draft.declared[into].column(rule.key).type
    key_text = draft.keys.word(table, key) if found.kind in ("derive", "cast") else plain(key)
    items = [
        Item(rule.key, parsed(key_text, "uuid") if found.type == "uuid" and found.kind == "cast" else key_text, wanted),
        *(Item(c.name, plain(c), c.type) for c in present),
        Item("created_at", times.created(), "timestamptz"),
        Item("updated_at", times.updated(), "timestamptz"),
    ]
    ways = {c.name: Way(c.name, "moved", (f"{into}.{c.name}",), _said(c)) for c in present}
    is_frame = found.kind == "derive"
    if is_frame:
        items = [Item(i.name, i.expression if i.name == rule.key else text(i.expression)) for i in items]
    route = Route(
        name=f"{table.name} → {into}",
        legacy_table=table.name,
        wave=1,
        lane="frame" if is_frame else "stream",
        items=(*items, ORIGIN),
        targets=(into,),
        from_sql=draft.from_sql(table.name),
        freight=((into, tuple((i.name, i.name) for i in items)),) if is_frame else (),
        conversions=(IdConversion(rule.key, found.ids_of),) if is_frame else (),
        is_accounted=False,
        is_chunked=table.kind == "r",
    )
    return route, ways


def _said(column: Column) -> str:
    return "presentation of the review" + ("; its values, no longer generated" if column.generated else "")


def _archived(column: Column) -> Column:
    plain_column = replace(column, default=None, identity="", generated="")
    return replace(plain_column, type="text", kind="b") if column.names_objects else plain_column


def archive(draft: Draft, table: LegacyTable, is_outcome: bool) -> tuple[Table, Route]:
    """The table for legacy_archive: every column's values, no defaults, its primary key."""
    columns = tuple(_archived(column) for column in table.shape.columns)
    keys = tuple(c for c in table.shape.constraints if c.kind == "p")
    items = [Item(c.name, as_text(c) if c.names_objects else plain(c), c.type) for c in table.shape.columns]
    route = Route(
        name=f"{table.name} → archive",
        legacy_table=table.name,
        wave=1,
        lane="stream",
        items=tuple(items),
        targets=(table.name,),
        from_sql=draft.from_sql(table.name),
        is_accounted=is_outcome,
        is_archive=True,
        is_chunked=table.kind == "r",
    )
    return Table(table.name, columns, keys, (), table.shape.comment), route
