"""user_settings, completed: settings found on users move there, and every user has a row.

Laws (contract, 4.10: account settings)
- A setting goes to the column of its name if user_settings has one, else to a key of that name in `preferences`.
- NULL writes none, and a value that user_settings holds already stays.
- A row made for a user without one counts as derived: if it cannot be made, that is a note.
"""

from dataclasses import replace

from config.mapping import Completion
from config.quoting import literal, quoted
from config.shapes import Column, Constraint, Table
from engine.planning import ids
from engine.planning.fitting import fitted
from engine.planning.plan import Conversion, Item, Noted, Route, Way
from engine.planning.scene import Scene
from engine.planning.tables.plan_copied import Copied
from engine.planning.tables.plan_reshaped import ORIGIN
from engine.reflect.catalog import LegacyTable
from engine.reflect.select import as_text, json_at, plain, text, text_at

SETTINGS, PREFERENCES = "user_settings", "preferences"


def rule_of(scene: Scene) -> Completion:
    found = scene.rule(SETTINGS).completed_from
    if found is None:
        raise LookupError(f"the mapping's [{SETTINGS}] has no completed_from")
    return found


def moved_ways(scene: Scene, table: LegacyTable) -> dict[str, Way]:
    """The columns of `table` (users) that move to user_settings."""
    rule = rule_of(scene)
    if table.name != rule.table:
        return {}
    return {
        c.name: Way(c.name, "moved", (f"{SETTINGS}.{_place(scene, c.name)}",), "where no setting stands yet")
        for c in table.shape.columns
        if c.name in rule.columns
    }


def complete(scene: Scene, table: LegacyTable, copied: Copied) -> Copied:
    """The legacy user_settings with the users' settings filled in while it is copied."""
    users, found = _users(scene), _settings(scene)
    user_id = table.shape.find_column("user_id")
    if not user_id:
        scene.fault(SETTINGS, "user_id", "is missing", "name the column that points at users user_id in the source")
        return copied
    shape = _with_preferences(scene, copied.shape)
    shape = _one_row_per_user(shape)
    if not users or not found:
        return replace(copied, shape=shape)
    items = [_filled(scene, table, item, found) for item in copied.route.items]
    if table.shape.find_column(PREFERENCES):
        _note_unmerged(scene, table, users)
    if not table.shape.find_column(PREFERENCES) and shape.find_column(PREFERENCES):
        items.insert(-1, Item(PREFERENCES, f"coalesce({_document(scene, found)}, '{{}}')", "jsonb"))
    if copied.route.lane == "frame":
        items = [i if i.type == "text" or i in copied.route.items else Item(i.name, text(i.expression)) for i in items]
    ways = tuple(_told(scene, way, found) for way in copied.ways)
    join = f"left join {quoted(scene.catalog.schema, users.name)} as u on {_joined(users, user_id)}"
    freight = copied.route.freight
    if freight:
        names = [n for n in (i.name for i in items) if shape.find_column(n)]
        freight = ((SETTINGS, tuple((name, name) for name in names)),)
    route = replace(copied.route, items=tuple(items), from_sql=f"{copied.route.from_sql} {join}", freight=freight)
    return replace(copied, shape=shape, route=route, ways=ways)


def _told(scene: Scene, way: Way, settings: list[Column]) -> Way:
    """The way of a column of user_settings that users' settings fill."""
    users = rule_of(scene).table
    if any(way.column == setting.name for setting in settings):
        return replace(way, kind="rule", note=f"where it is null that of {users}.{way.column}")
    if way.column == PREFERENCES and (found := _in_document(scene, settings)):
        return replace(way, kind="rule", note=f"with {', '.join(c.name for c in found)} of {users} where it has none")
    return way


def routes(scene: Scene, shape: Table) -> list[Route]:
    """The route that gives a row to every user without one; none if there are no users."""
    users = _users(scene)
    key = users.shape.find_column("id") if users else None
    if not users or not key:
        return []
    times = scene.times(users)
    found = scene.keys.conversion(users, key)
    items = [Item("user_id", scene.keys.word(users, key)), *_new_id(shape, key)]
    items += [item for c in _settings(scene) if (item := _own_item(scene, shape, c))]
    document = _document(scene, _settings(scene), alias="t")
    if shape.find_column(PREFERENCES):
        items.append(Item(PREFERENCES, text(f"coalesce({document}, '{{}}')")))
    now = text(f"{literal(scene.instant)}::timestamptz")
    items += [Item(name, now) for name in ("created_at", "updated_at") if shape.find_column(name) and times]
    conversions = [Conversion("user_id", found.ids_of)] if found.type == "uuid" and found.kind != "same" else []
    if shape.find_column("id") and any(i.name == "id" for i in items) and shape.column("id").base == "uuid":
        conversions.append(Conversion("id", SETTINGS))
    return [
        Route(
            name=f"{users.name} → {SETTINGS}",
            legacy_table=users.name,
            wave=3,
            lane="frame",
            items=(*items, ORIGIN),
            targets=(SETTINGS,),
            from_sql=scene.from_sql(users.name),
            where_sql=_without_row(scene, key),
            freight=((SETTINGS, tuple((i.name, i.name) for i in items)),),
            conversions=tuple(conversions),
            defaults=tuple((c.name, c.default) for c in shape.columns if c.default and not c.generated),
            is_accounted=False,
            is_chunked=users.kind == "r",
        )
    ]


def _note_unmerged(scene: Scene, table: LegacyTable, users: LegacyTable) -> None:
    """Settings of users whose preferences are no object stay nowhere, and are noted."""
    same = _same("t.id", users.shape.column("id"), "s.user_id", table.shape.column("user_id"))
    odd = (
        f"exists (select from {quoted(scene.catalog.schema, SETTINGS)} as s where {same} "
        "and jsonb_typeof(s.preferences) <> 'object')"
    )
    for setting in _in_document(scene, _settings(scene)):
        condition, note = f"{plain(setting)} is not null and {odd}", "preferences are no object; it was not kept"
        scene.noted.append(Noted(users.name, SETTINGS, setting.name, note, as_text(setting), condition))


def _users(scene: Scene) -> LegacyTable | None:
    return scene.catalog.find_table(rule_of(scene).table)


def _settings(scene: Scene) -> list[Column]:
    users = _users(scene)
    return [c for c in users.shape.columns if c.name in rule_of(scene).columns] if users else []


def _place(scene: Scene, setting: str) -> str:
    legacy = scene.catalog.find_table(SETTINGS)
    return setting if legacy and legacy.shape.find_column(setting) else f"{PREFERENCES}->{setting}"


def _in_document(scene: Scene, settings: list[Column]) -> list[Column]:
    return [c for c in settings if _place(scene, c.name) != c.name]


def _with_preferences(scene: Scene, shape: Table) -> Table:
    there = shape.find_column(PREFERENCES)
    needed = _in_document(scene, _settings(scene))
    if there and needed and (there.base != "jsonb" or there.is_array):
        scene.fault(SETTINGS, PREFERENCES, f"is {there.type}", _ways_out(scene, needed))
    if there or not needed:
        return shape
    column = Column(PREFERENCES, "jsonb", not_null=True, default="'{}'::jsonb", base="jsonb")
    return replace(shape, columns=(*shape.columns, column))


def _ways_out(scene: Scene, settings: list[Column]) -> str:
    listed, table = " and ".join(c.name for c in settings), rule_of(scene).table
    return (
        f"{listed} of {table} go into it: make it jsonb in the source; or strike them from completed_from of "
        f"[{SETTINGS}] in config/mapping/identity.toml, and they stay in {table}"
    )


def _one_row_per_user(shape: Table) -> Table:
    if any(c.kind in "pu" and c.columns == ("user_id",) for c in shape.constraints):
        return shape
    key = Constraint("user_settings_user_id_key", SETTINGS, "u", ("user_id",))
    return replace(shape, constraints=(*shape.constraints, key))


def _filled(scene: Scene, table: LegacyTable, item: Item, settings: list[Column]) -> Item:
    """An item of user_settings, with the user's setting where it is null."""
    own = table.shape.find_column(item.name)
    setting = next((c for c in settings if c.name == item.name), None)
    if own and setting and not own.generated:
        value = _fitting(scene, own, setting, "u")
        return Item(item.name, f"coalesce({plain(own)}, {value})", own.type) if value else item
    if own and item.name == PREFERENCES and (document := _document(scene, settings)):
        merged = f"case when jsonb_typeof({plain(own)}) = 'object' or {plain(own)} is null"
        merged += f" then coalesce({document} || coalesce({plain(own)}, '{{}}'), {document}, {plain(own)})"
        return Item(item.name, f"{merged} else {plain(own)} end", own.type)
    return item


def _fitting(scene: Scene, own: Column, setting: Column, alias: str) -> str | None:
    """The setting in the type of user_settings' column; null where it does not fit."""
    value = fitted(own, setting, scene.labels(own), alias)
    if value is None:
        remedy = f"give users.{setting.name} the type {own.type} in the source, or move it by hand"
        scene.fault("users", setting.name, f"is {setting.type}, and user_settings.{own.name} is {own.type}", remedy)
    return value


def _own_item(scene: Scene, shape: Table, setting: Column) -> Item | None:
    """The setting as a new row's column of its name; a value that does not fit is noted."""
    if _place(scene, setting.name) != setting.name:
        return None
    value = _fitting(scene, shape.column(setting.name), setting, "t")
    if value is None:
        return None
    unfit = f"{plain(setting)} is not null and {value} is null"
    note = f"does not fit {SETTINGS}.{setting.name} and was not kept"
    scene.noted.append(Noted(rule_of(scene).table, SETTINGS, setting.name, note, as_text(setting), unfit))
    return Item(setting.name, text_at(value, shape.column(setting.name)))


def _document(scene: Scene, settings: list[Column], alias: str = "u") -> str:
    """The settings without a column of their own, as jsonb without nulls; null where there are none."""
    entries = _in_document(scene, settings)
    if not entries:
        return "null::jsonb"
    values = ", ".join(f"({literal(c.name)}, to_jsonb({json_at(f'{alias}.{quoted(c.name)}', c)}))" for c in entries)
    return (
        f"(select jsonb_object_agg(s.key, s.value) from (values {values}) as s (key, value) where s.value is not null)"
    )


def _joined(users: LegacyTable, user_id: Column) -> str:
    return _same(f"u.{quoted('id')}", users.shape.column("id"), f"t.{quoted('user_id')}", user_id)


def _same(left: str, one: Column, right: str, other: Column) -> str:
    if one.base == other.base or {one.base, other.base} <= ids.NUMBERS:
        return f"{left} = {right}"
    return f"{ids.hyphened(ids.word(one, one, left))} = {ids.hyphened(ids.word(other, one, right))}"


def _new_id(shape: Table, key: Column) -> list[Item]:
    """An id for the new row; none where the key is user_id or an integer, which its sequence gives."""
    column = shape.find_column("id")
    if not column or column.base not in ("uuid", "text", "varchar"):
        return []
    return [Item("id", f"'users:' || {ids.word(key)}")]


def _without_row(scene: Scene, key: Column) -> str:
    legacy = scene.catalog.find_table(SETTINGS)
    user_id = legacy.shape.find_column("user_id") if legacy else None
    if not user_id:
        return ""
    same = _same("t.id", key, "s.user_id", user_id)
    return f"not exists (select from {quoted(scene.catalog.schema, SETTINGS)} as s where {same})"
