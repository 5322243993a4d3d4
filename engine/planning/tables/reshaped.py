"""Plans for tables that a transform takes apart.

Laws
- A rule column is read under the rule's name, from the first variant that the legacy table has; one that it lacks is
  null. Every other column is freight: carried into `carry_into` under its own name and type, or archived.
- A carried column that clashes with one of another type gets the suffix `_<legacy table>`; it is nullable where the
  target also gets rows without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from config.mapping import MAX_NAME_BYTES, TableRule, role_keys, spellings
from config.shapes import Column, Constraint, Index, Table
from engine.planning import ids
from engine.planning.draft import Draft, freight_item
from engine.planning.plan import HIDDEN, Conversion, Follow, Freight, Item, Route, Way
from engine.planning.tables import kept_objects, pointing
from engine.reflect import older
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import as_text, blank, is_said, key_of, plain, row_as_json, text
from transforms.outcome import Facts

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


@dataclass(frozen=True)
class _Carried:
    """What becomes of the columns that no rule reads. dropped: the table's objects that are not kept, and why."""

    ways: list[Way]
    freight: Freight = ()
    items: list[Item] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    is_archived: bool = False


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
    carried = _carry(draft, table, rule, used, rest)
    route = Route(
        name=table.name,
        legacy_table=table.name,
        wave=rule.wave,
        lane="frame",
        items=(ORIGIN, key_item(table), *items, *(() if rule.carries else (whole_row(table),)), *carried.items),
        targets=rule.targets,
        from_sql=draft.from_sql(table.name),
        transform=rule.transform,
        facts=facts(draft, table.name, tuple(removed)),
        lookups=rule.lookups,
        rule_columns=(*FIXED, *rule.columns, *removed, *(() if rule.carries else ("payload",))),
        freight=carried.freight,
        conversions=(*rule_conversions(draft, table, used), *carried_conversions(draft, table, carried.items)),
        is_chunked=table.kind == "r",
    )
    ways += carried.ways
    return Reshaped(route, tuple(ways), tuple(carried.dropped), tuple(carried.remarks), carried.is_archived)


def facts(draft: Draft, legacy_table: str, removed: tuple[str, ...] = ()) -> Facts:
    common = draft.mapping.common
    return Facts(
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
    """The id of professionals, where the column names one, declared or not."""
    rule, owners = draft.find_rule(table.name), draft.catalog.find_table("professionals")
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


def rule_conversions(draft: Draft, table: LegacyTable, used: dict[str, str]) -> Iterator[Conversion]:
    """References among the rule columns become their parent's key on the way. The row's own id is the transform's."""
    for name, legacy in used.items():
        reference = draft.keys.references.get((table.name, legacy))
        if reference and reference.ids_of and name != "id" and not _is_looked_up(draft, reference.ids_of):
            found = draft.keys.conversion(table, table.shape.column(legacy))
            if found.kind != "same" and found.type == "uuid":
                yield Conversion(RULE + name, found.ids_of)


def _is_looked_up(draft: Draft, parent: str) -> bool:
    return parent == "professionals" or parent in draft.mapping.profile_tables


def carried_conversions(draft: Draft, table: LegacyTable, items: list[Item]) -> Iterator[Conversion]:
    for item in items:
        found = draft.keys.conversion(table, table.shape.column(item.name))
        if found.kind == "derive":
            yield Conversion(item.name, found.ids_of)


def _carry(draft: Draft, table: LegacyTable, rule: TableRule, used: dict[str, str], rest: list[Column]) -> _Carried:
    """Everything that no rule reads: carried, archived, or refused, as the profile says."""
    mode = draft.settings.unmapped_columns
    if not rule.carries:
        targets = tuple(f"{target}.payload" for target in rule.targets)
        return _Carried([Way(c.name, "rule", targets, "within the whole row") for c in rest])
    if mode == "fail":
        for column in rest:
            remedy = f'map it in {draft.mapping.file_of(table.name)} or set unmapped_columns = "carry" in the profile'
            draft.fault(table.name, column.name, "is in no mapping", remedy)
    if mode == "archive":
        ways = [Way(c.name, "archived", (f"legacy_archive.{table.name}.{c.name}",)) for c in rest]
        return _Carried(ways, dropped=_keep(draft, table, rule, used, {}), is_archived=bool(rest))
    return _carried(draft, table, rule, used, rest)


def _carried(draft: Draft, table: LegacyTable, rule: TableRule, used: dict[str, str], rest: list[Column]) -> _Carried:
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
    return _Carried(ways, ((into, tuple(pairs)),), items, dropped, remarks)


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


def _place(draft: Draft, table: LegacyTable, into: str, shape: Column, meaning: pointing.Meaning) -> str:
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
    return name not in WRITTEN.get(rule.transform or "", ()) and name not in (
        "id",
        "user_id",
        "created_at",
        "updated_at",
    )


def _carried_item(draft: Draft, table: LegacyTable, column: Column, shape: Column) -> Item:
    if draft.keys.conversion(table, column).kind != "same":
        return Item(column.name, draft.keys.carried(table, column))
    if column.type != shape.type:
        return Item(column.name, as_text(column))
    return freight_item(column.name, column)


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


# Target columns that a transform writes, beside the keys and times.
WRITTEN = {
    "profiles": ("user_role_profile_id",),
    "professionals": (
        "role", "role_id", "display_name", "bio", "location", "status", "rejection_reason", "approved_at",
    ),
    "onboarding_submissions": (
        "user_role_profile_id", "role", "request_type", "status", "payload", "submitted_at", "reviewed_at",
        "reviewed_by", "rejection_reason",
    ),
    "verifications": (
        "user_role_profile_id", "role", "request_type", "status", "payload", "submitted_at", "reviewed_at",
        "reviewed_by", "rejection_reason",
    ),
    "submission_documents": ("verification_request_id", "document_type", "file_url", "status"),
    "activity_logs": ("actor_user_id", "action", "entity_type", "entity_id", "ip_address", "user_agent", "metadata"),
}  # fmt: skip


def whole_row(table: LegacyTable) -> Item:
    """The whole row as JSON text; the target says whether jsonb can hold it."""
    return Item(RULE + "payload", row_as_json(table.shape))
