"""user_settings, completed: settings found on users move there, and every user has a row.

Laws (contract, 4.10: account settings)
- A setting goes to the column of its name if user_settings has one, else to a key of that name in `preferences`.
- NULL writes none, and a value that user_settings holds already stays.
- A row made for a user without one counts as derived: if it cannot be made, that is a note.
"""

from dataclasses import replace

from config import note_kinds, origins
from config.postgres.quoting import literal, quoted
from config.postgres.types import NUMBERS, TEXTUAL, TIMES
from config.rules import Completion
from config.shapes import Column, Constraint, Table
from engine.planning import ids
from engine.planning.draft import Draft
from engine.planning.fitting import fitted
from engine.planning.plan import IdConversion, Item, Noted, Route, Way
from engine.planning.tables.copied import Copied
from engine.planning.tables.reshaped import ORIGIN, key_item
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import as_text, json_at, plain, text, text_at

SETTINGS, PREFERENCES = "user_settings", "preferences"


def rule_of(draft: Draft) -> Completion:
    found = draft.rule(SETTINGS).completed_from
    if found is None:
        raise LookupError(f"the mapping's [{SETTINGS}] has no completed_from")
    return found


def moved_ways(draft: Draft, table: LegacyTable) -> dict[str, Way]:
    """The columns of `table` (users) that move to user_settings."""
    rule = rule_of(draft)
    if table.name != rule.table:
        return {}
    return {
        c.name: Way(c.name, "moved", (f"{SETTINGS}.{_place(draft, c.name)}",), "where no setting stands yet")
        for c in table.shape.columns
        if c.name in rule.columns
    }


def complete(draft: Draft, table: LegacyTable, copied: Copied) -> Copied:
    """The legacy user_settings with the users' settings filled in while it is copied."""
    users, found = _users(draft), _settings(draft)
    user_id = table.shape.find_column("user_id")
    if not user_id:
        draft.fault(SETTINGS, "user_id", "is missing", "name the column that points at users user_id in the source")
        return copied
    shape = _with_preferences(draft, copied.shape)
    shape = _one_row_per_user(shape)
    if not users or not found:
        return replace(copied, shape=shape)
    items = [_filled(draft, table, item, found) for item in copied.route.items]
    if table.shape.find_column(PREFERENCES):
        _note_unmerged(draft, table, users)
    if not table.shape.find_column(PREFERENCES) and shape.find_column(PREFERENCES):
        items.insert(-1, Item(PREFERENCES, _document(draft, found, "u"), "jsonb"))
    if copied.route.lane == "frame":
        items = [i if i.type == "text" or i in copied.route.items else Item(i.name, text(i.expression)) for i in items]
    ways = tuple(_told(draft, way, found) for way in copied.ways)
    join = f"left join {quoted(draft.catalog.schema, users.name)} as u on {_joined(users, user_id)}"
    freight = copied.route.freight
    if freight:
        names = [n for n in (i.name for i in items) if shape.find_column(n)]
        freight = ((SETTINGS, tuple((name, name) for name in names)),)
    route = replace(copied.route, items=tuple(items), from_sql=f"{copied.route.from_sql} {join}", freight=freight)
    return replace(copied, shape=shape, route=route, ways=ways)


def _told(draft: Draft, way: Way, settings: list[Column]) -> Way:
    """The way of a column of user_settings that users' settings fill."""
    users = rule_of(draft).table
    if any(way.column == setting.name for setting in settings):
        return replace(way, kind="rule", note=f"where it is null that of {users}.{way.column}")
    if way.column == PREFERENCES and (found := _in_document(draft, settings)):
        return replace(way, kind="rule", note=f"with {', '.join(c.name for c in found)} of {users} where it has none")
    return way


def routes(draft: Draft, shape: Table) -> list[Route]:
    """The route that gives a row to every user without one; none if there are no users."""
    users = _users(draft)
    key = users.shape.find_column("id") if users else None
    if not users or not key:
        return []
    found = draft.keys.conversion(users, key)
    items = [Item("user_id", draft.keys.word(users, key)), *_new_id(shape, key)]
    items += [item for c in _settings(draft) if (item := _own_item(draft, shape, c))]
    if shape.find_column(PREFERENCES):
        items.append(Item(PREFERENCES, f"pg_catalog.concat({_document(draft, _settings(draft), 't')})"))
    now = f"(select {text(f'{literal(draft.instant)}::timestamptz')})"  # once, and not for every row
    items += [Item(name, now) for name in ("created_at", "updated_at") if _takes_times(shape.find_column(name))]
    conversions = [IdConversion("user_id", found.ids_of)] if found.type == "uuid" and found.kind != "same" else []
    if shape.find_column("id") and any(i.name == "id" for i in items) and shape.column("id").base == "uuid":
        conversions.append(IdConversion("id", SETTINGS))
    return [
        Route(
            name=f"{users.name} → {SETTINGS}",
            legacy_table=users.name,
            wave=3,
            lane="frame",
            items=(*items, key_item(users), ORIGIN),
            targets=(SETTINGS,),
            from_sql=draft.from_sql(users.name),
            where_sql=_without_row(draft, key),
            freight=((SETTINGS, tuple((i.name, i.name) for i in items)),),
            conversions=tuple(conversions),
            defaults=tuple((c.name, c.default) for c in shape.columns if c.default and not c.generated),
            is_accounted=False,
            is_chunked=users.kind == "r",
        )
    ]


def _takes_times(column: Column | None) -> bool:
    """Whether a time is a value of the column; in any other (a number of seconds, say) new rows get its default."""
    return column is not None and column.base in TIMES | TEXTUAL and not column.is_array


def _note_unmerged(draft: Draft, table: LegacyTable, users: LegacyTable) -> None:
    """Settings of users whose preferences are no object stay nowhere, and are noted."""
    same = _same("t.id", users.shape.column("id"), "s.user_id", table.shape.column("user_id"))
    odd = (
        f"exists (select from {quoted(draft.catalog.schema, SETTINGS)} as s where {same} "
        "and jsonb_typeof(s.preferences) <> 'object')"
    )
    for setting in _in_document(draft, _settings(draft)):
        condition, note = f"{plain(setting)} is not null and {odd}", note_kinds.NO_PREFERENCES.saying()
        draft.noted.append(Noted(users.name, SETTINGS, setting.name, note, as_text(setting), condition))


def _users(draft: Draft) -> LegacyTable | None:
    return draft.catalog.find_table(rule_of(draft).table)


def _settings(draft: Draft) -> list[Column]:
    users = _users(draft)
    return [c for c in users.shape.columns if c.name in rule_of(draft).columns] if users else []


def _place(draft: Draft, setting: str) -> str:
    legacy = draft.catalog.find_table(SETTINGS)
    return setting if legacy and legacy.shape.find_column(setting) else f"{PREFERENCES}->{setting}"


def _in_document(draft: Draft, settings: list[Column]) -> list[Column]:
    return [c for c in settings if _place(draft, c.name) != c.name]


def _with_preferences(draft: Draft, shape: Table) -> Table:
    there = shape.find_column(PREFERENCES)
    needed = _in_document(draft, _settings(draft))
    if there and needed and (there.base != "jsonb" or there.is_array):
        draft.fault(SETTINGS, PREFERENCES, f"is {there.type}", _ways_out(draft, needed))
    if there or not needed:
        return shape
    column = Column(PREFERENCES, "jsonb", not_null=True, default="'{}'::jsonb", base="jsonb")
    return replace(shape, columns=(*shape.columns, column))


def _ways_out(draft: Draft, settings: list[Column]) -> str:
    listed, table = " and ".join(c.name for c in settings), rule_of(draft).table
    return (
        f"{listed} of {table} go into it: make it jsonb in the source; or strike them from completed_from of "
        f"[{SETTINGS}] in {origins.shown('identity')}, and they stay in {table}"
    )


def _one_row_per_user(shape: Table) -> Table:
    if any(c.kind in "pu" and c.columns == ("user_id",) for c in shape.constraints):
        return shape
    key = Constraint("user_settings_user_id_key", SETTINGS, "u", ("user_id",))
    return replace(shape, constraints=(*shape.constraints, key))


def _filled(draft: Draft, table: LegacyTable, item: Item, settings: list[Column]) -> Item:
    """An item of user_settings, with the user's setting where it is null."""
    own = table.shape.find_column(item.name)
    setting = next((c for c in settings if c.name == item.name), None)
    if own and setting and not own.generated:
        value = _fitting(draft, own, setting, "u")
        return Item(item.name, f"coalesce({plain(own)}, {value})", own.type) if value else item
    if own and item.name == PREFERENCES and _in_document(draft, settings):
        document = _document(draft, settings, "u")
        merged = f"case when {plain(own)} is null then nullif({document}, '{{}}')"
        merged += f" when jsonb_typeof({plain(own)}) = 'object' then {document} || {plain(own)}"
        return Item(item.name, f"{merged} else {plain(own)} end", own.type)
    return item


def _fitting(draft: Draft, own: Column, setting: Column, alias: str) -> str | None:
    """The setting in the type of user_settings' column; null where it does not fit."""
    value = fitted(own, setting, draft.labels(own), alias)
    if value is None:
        remedy = f"give users.{setting.name} the type {own.type} in the source, or move it by hand"
        draft.fault("users", setting.name, f"is {setting.type}, and user_settings.{own.name} is {own.type}", remedy)
    return value


def _own_item(draft: Draft, shape: Table, setting: Column) -> Item | None:
    """The setting as a new row's column of its name; a value that does not fit is noted."""
    if _place(draft, setting.name) != setting.name:
        return None
    value = _fitting(draft, shape.column(setting.name), setting, "t")
    if value is None:
        return None
    unfit = f"{plain(setting)} is not null and {value} is null"
    note = note_kinds.UNFIT_SETTING.saying(setting.name)
    draft.noted.append(Noted(rule_of(draft).table, SETTINGS, setting.name, note, as_text(setting), unfit))
    return Item(setting.name, text_at(value, shape.column(setting.name)))


def _document(draft: Draft, settings: list[Column], alias: str) -> str:
    """The settings without a column of their own, as a jsonb object without nulls. alias: of users."""
    values = [(c.name, json_at(f"{alias}.{quoted(c.name)}", c)) for c in _in_document(draft, settings)]
    entries = [
        f"case when {value} is not distinct from null then '{{}}' else jsonb_build_object({literal(name)}, {value}) end"
        for name, value in values
    ]
    return f"({' || '.join(entries)})" if entries else "'{}'::jsonb"


def _joined(users: LegacyTable, user_id: Column) -> str:
    return _same(f"u.{quoted('id')}", users.shape.column("id"), f"t.{quoted('user_id')}", user_id)


def _same(left: str, one: Column, right: str, other: Column) -> str:
    if one.base == other.base or {one.base, other.base} <= NUMBERS:
        return f"{left} = {right}"
    return f"{ids.hyphened(ids.word(one, one, left))} = {ids.hyphened(ids.word(other, one, right))}"


def _new_id(shape: Table, key: Column) -> list[Item]:
    """An id for the new row; none where the key is user_id or an integer, which its sequence gives."""
    column = shape.find_column("id")
    if not column or column.base not in ("uuid", "text", "varchar"):
        return []
    return [Item("id", f"'users:' || {ids.word(key)}")]


def _without_row(draft: Draft, key: Column) -> str:
    legacy = draft.catalog.find_table(SETTINGS)
    user_id = legacy.shape.find_column("user_id") if legacy else None
    if not user_id:
        return ""
    same = _same("t.id", key, "s.user_id", user_id)
    return f"not exists (select from {quoted(draft.catalog.schema, SETTINGS)} as s where {same})"
