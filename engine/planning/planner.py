"""Makes the plan: decides by the catalogue and the mapping what becomes of every table, column and object.

Laws
- Only what is in the catalogue is in the plan: no table, column or object is assumed.
- All faults at once: planning goes on after the first, and each names table, column, what was found and what to edit.
- Every legacy column has a way (coverage), or the plan has a fault.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from config import mapping as mappings
from config import target as targets
from config.rules import Mapping, TableRule
from config.settings import Settings
from config.shapes import Constraint, Element, Index, Table
from engine.planning import legacy_faults, prerequisites, questions
from engine.planning import probe as probes
from engine.planning.draft import Draft
from engine.planning.keys import Keys
from engine.planning.plan import ConstraintRule, Plan, Route, TablePlan, Way
from engine.planning.tables import (
    aside,
    beside,
    clashes,
    copied,
    declared,
    following,
    loose_ids,
    pointing,
    reshaped,
    user_settings,
)
from engine.reflect import closure, older
from engine.reflect.catalog import Catalog, LegacyTable

MOST_COLUMNS = 1600  # PostgreSQL's own limit


def make(catalog: Catalog, settings: Settings, instant: str, probe: probes.Probe, server: int = older.NEWEST) -> Plan:
    """The plan for this catalogue; if there is no table users, a plan with faults alone.

    probe: looks at the rows; server: the target's version.
    """
    legacy, shapes = closure.rehome(catalog, settings.extension_schema), dict(targets.load())
    apart = aside.set_aside(legacy, mappings.load(), shapes)
    mapping, catalog = apart.rules, apart.catalog
    barred = legacy_faults.of_privileges(catalog)
    probe = probes.Unread() if barred else probe  # all privileges are asked for at once, before any row is read
    treatments = treatments_of(catalog, mapping, settings)
    if treatments.get("user_settings"):
        shapes.pop("user_settings")
    keys = Keys(catalog, mapping, treatments, lambda table, columns: probe.ids(apart.legacy(table), columns))
    draft = Draft(
        catalog, mapping, settings, instant, keys, treatments, shapes, server, legacy_names=apart.names, faults=barred
    )
    legacy_faults.look(draft)
    users = catalog.find_table("users")
    if not users or not users.shape.find_column("id"):
        return _nothing(draft)
    loose_ids.look(draft)
    declared.adapt(draft)
    for name, rule in mapping.tables.items():
        if treatments.get(name) == "reshape":
            for target in rule.targets:
                draft.fed_by.setdefault(target, set()).add(name)
    return aside.restored(_assemble(draft, _tables(draft), probe), apart, legacy)


def treatments_of(catalog: Catalog, mapping: Mapping, settings: Settings) -> dict[str, str]:
    """Legacy table → copy, keep, reshape, archive or skip."""
    treatments = {}
    for table in catalog.tables:
        rule = mapping.tables.get(table.name)
        if table.extension or table.is_partition or table.kind not in "rp":
            treatments[table.name] = "skip"
        elif rule:
            kinds = {"copy": "copy", "rename": "copy", "archive": "archive"}
            treatments[table.name] = kinds.get(rule.disposition, "keep" if rule.keeps_shape else "reshape")
        elif table.name in mapping.common.tool_tables or settings.unmapped_tables == "archive":
            treatments[table.name] = "archive"
        else:
            treatments[table.name] = "copy"
    return treatments


@dataclass(frozen=True)
class _Planned:
    """One legacy table: its story, its shape in the build (if it keeps one) and in the archive, its columns renamed."""

    plan: TablePlan
    build: Table | None = None
    archive: Table | None = None
    column_renames: tuple[tuple[str, str, str], ...] = ()


def _tables(draft: Draft) -> list[_Planned]:
    planned = {}
    order = [n for n in draft.mapping.tables if n in draft.treatments] + [t.name for t in draft.catalog.tables]
    for name in dict.fromkeys(order):
        planned[name] = _table(draft, draft.catalog.table(name))
    return [planned[table.name] for table in draft.catalog.tables]


def _table(draft: Draft, table: LegacyTable) -> _Planned:
    treatment, domain = draft.treatments[table.name], draft.mapping.domain_of.get(table.name, "")
    if treatment == "skip":
        remark = f"belongs to the extension {table.extension}" if table.extension else "is not read"
        return _Planned(TablePlan(table, domain, "skip", (), (), (), remarks=(remark,)))
    if treatment == "archive":
        shape, route = beside.archive(draft, table, is_outcome=True)
        return _Planned(TablePlan(table, domain, "archive", (), _archived_ways(table), (route,)), archive=shape)
    if treatment == "reshape":
        return _reshaped(draft, table, domain)
    return _copied(draft, table, domain, draft.find_rule(table.name))


def _archived_ways(table: LegacyTable) -> tuple[Way, ...]:
    return tuple(Way(c.name, "archived", (f"legacy_archive.{table.name}.{c.name}",)) for c in table.shape.columns)


def _reshaped(draft: Draft, table: LegacyTable, domain: str) -> _Planned:
    rule = draft.rule(table.name)
    found = reshaped.plan(draft, table)
    routes, shape = [found.route], None
    if rule.also_archived or found.is_archived:
        shape, archive_route = beside.archive(draft, table, is_outcome=False)
        routes.append(archive_route)
    plan = TablePlan(table, domain, "reshape", rule.targets, found.ways, tuple(routes), found.dropped, found.remarks)
    return _Planned(plan, archive=shape)


def _copied(draft: Draft, table: LegacyTable, domain: str, rule: TableRule | None) -> _Planned:
    gone: dict[str, Way] = {}
    routes: list[Route] = []
    if rule and rule.split:
        route, gone = beside.split(draft, table, rule.split)
        routes += [route] if route else []
    settings = user_settings.moved_ways(draft, table)
    made = copied.plan(draft, table, gone | settings, (rule and rule.target) or table.name)
    if rule and rule.completed_from:
        made = user_settings.complete(draft, table, made)
        routes += user_settings.routes(draft, made.shape)
    if rule and rule.derives:
        derived = beside.derived(draft, table, rule.derives)
        routes += [derived] if derived else []
    disposition = rule.disposition if rule else "carry"
    final = (rule and rule.target) or table.name
    plan = TablePlan(table, domain, disposition, (final,), made.ways, (made.route, *routes), made.dropped, made.remarks)
    return _Planned(plan, build=made.shape, column_renames=made.column_renames)


def _assemble(draft: Draft, planned: list[_Planned], probe: probes.Probe) -> Plan:
    tables = [one.plan for one in planned]
    if "user_settings" in draft.declared and draft.catalog.find_table("users"):
        extra = user_settings.routes(draft, draft.declared["user_settings"])
        tables = [replace(t, routes=(*t.routes, *extra)) if t.name == "users" else t for t in tables]
    build = [one.build for one in planned if one.build] + list(draft.declared.values())
    build, dropped = following.resolve(draft, build)
    tables = [replace(t, dropped=(*t.dropped, *dropped[t.name])) for t in tables]
    archive = [one.archive for one in planned if one.archive]
    _look_for_uncovered(draft, tables)
    hidden = _hidden(draft, tables)
    _look_for_too_wide(draft, build, hidden)
    build = prerequisites.replaced(draft, build)
    wanted = prerequisites.find(draft, build, archive)
    clashes.look(draft, build, wanted.sequences, wanted.types)
    renames = [(t.name, t.targets[0]) for t in tables if t.disposition == "rename" and t.targets[0] != t.name]
    return replace(
        _nothing(draft),
        tables=tuple(tables),
        build=tuple(build),
        archive=tuple(archive),
        hidden=frozenset(hidden),
        rules=tuple(_rules(draft, build)),
        follows=tuple(draft.follows),
        noted=tuple(draft.noted),
        renames=tuple(renames),
        column_renames=tuple(rename for one in planned for rename in one.column_renames),
        clashing=frozenset(draft.clashing),
        spelled=tuple(draft.keys.all_spelled()),
        questions=(*draft.keys.questions, *questions.find(draft, probe)),
        **vars(wanted),
    )


def _nothing(draft: Draft) -> Plan:
    """A plan that moves nothing, with all that is to be said of the source."""
    return Plan(
        source=draft.catalog,
        source_schema=draft.catalog.schema,
        target_schema=draft.settings.target_schema,
        mapping_digest=draft.mapping.digest,
        instant=draft.instant,
        missing_tables=tuple(n for n in draft.mapping.tables if n not in draft.treatments),
        faults=tuple(draft.faults),
        remarks=tuple(draft.remarks),
    )


def _look_for_uncovered(draft: Draft, tables: list[TablePlan]) -> None:
    """The coverage proof: every column of every table that is read has exactly one way, to columns by name."""
    for table in tables:
        if table.disposition == "skip":
            continue
        counted = Counter(way.column for way in table.ways if all("." in target for target in way.targets))
        for column in table.legacy.shape.columns:
            if counted[column.name] != 1:
                remedy = f"map it in {draft.mapping.file_of(table.name)}"
                draft.fault(table.name, column.name, f"has {counted[column.name]} destinations", remedy)


def _hidden(draft: Draft, tables: list[TablePlan]) -> set[str]:
    """Build tables that need to know where each row came from: no key of theirs is the legacy row's own."""
    fed: dict[str, list[Route]] = {}
    for route in (r for t in tables for r in t.routes if not r.is_archive):
        for target in route.targets:
            fed.setdefault(target, []).append(route)
    keyed = {t.name for t in tables if t.key and draft.keeps(t.name, t.key)}
    return {
        target
        for target, routes in fed.items()
        if len(routes) > 1 or routes[0].lane == "frame" or not routes[0].is_accounted or target not in keyed
    }


def _look_for_too_wide(draft: Draft, build: list[Table], hidden: set[str]) -> None:
    """Tables that PostgreSQL would not take with the columns that they get: of times, and the hidden one."""
    for shape in build:
        count = len(shape.columns) + (shape.name in hidden)
        if count > MOST_COLUMNS:
            own = ", one of them for where each row comes from" if shape.name in hidden else ""
            draft.fault(
                shape.name, None, f"needs {count:,} columns in the build{own}; wanted 1,600 at most", "drop some"
            )


def _rules(draft: Draft, build: list[Table]) -> Iterator[ConstraintRule]:
    """Every constraint of the build schema, as the quarantine judges it."""
    for shape in build:
        for column in shape.columns:
            if column.not_null:
                yield ConstraintRule(shape.name, f"{shape.name}_{column.name}_not_null"[:63], "n", (column.name,),
                           is_trusted=_is_trusted(draft, shape.name, (column.name,), "n"))  # fmt: skip
        for constraint in shape.constraints:
            if constraint.kind != "n" and constraint.is_validated:
                yield _rule(draft, constraint, shape)
        for constraint in pointing.judged_alone(draft, shape):
            yield replace(_rule(draft, constraint, shape), is_trusted=False, is_alone=True)
        for index in shape.indexes:
            if index.is_unique:
                yield _index_rule(draft, index)


def _index_rule(draft: Draft, index: Index) -> ConstraintRule:
    return ConstraintRule(
        table=index.table,
        name=index.name,
        kind="i",
        columns=index.columns,
        predicate=index.predicate,
        keys=tuple(map(_collated, index.elements)),
        under=index.under,
        nulls_not_distinct=index.nulls_not_distinct,
        is_trusted=_is_trusted(draft, index.table, index.columns, "u"),
    )


def _collated(element: Element) -> str:
    return f"{element.expression} collate {element.collation}" if element.collation else element.expression


def _rule(draft: Draft, constraint: Constraint, shape: Table) -> ConstraintRule:
    rejects = any(draft.on_orphan.get((constraint.table, column)) == "reject" for column in constraint.columns)
    known = any(constraint.name == c.name for c in _legacy_constraints(draft, constraint.table))
    return ConstraintRule(
        table=constraint.table,
        name=constraint.name,
        kind="x" if constraint.has_period and constraint.kind in "pu" else constraint.kind,
        columns=constraint.columns,
        expression=constraint.expression,
        ref_table=constraint.ref_table,
        ref_columns=constraint.ref_columns,
        on_orphan="reject" if rejects else "null",
        releases=_releases(draft, constraint, shape),
        is_trusted=known and _is_trusted(draft, constraint.table, constraint.columns, constraint.kind, constraint),
        is_match_full=constraint.is_match_full,
        nulls_not_distinct=constraint.nulls_not_distinct,
        predicate=constraint.predicate,
        keys=tuple(map(_collated, constraint.elements)) if constraint.kind == "x" else (),
        under=constraint.under,
        operators=tuple(element.operator for element in constraint.elements if element.operator),
        has_period=constraint.has_period,
    )


def _releases(draft: Draft, key: Constraint, shape: Table) -> tuple[str, ...]:
    """Of several columns the one that names an id goes, or the first that may be null; all, where all or none count."""
    free = [
        c.name for c in map(shape.column, key.columns if key.kind == "f" else ()) if draft.catalog.takes_null(shape, c)
    ]
    if key.is_match_full:
        return key.columns if len(free) == len(key.columns) else ()
    named = [name for name in free if (shape.name, name) in draft.keys.references]
    return tuple([*named, *free][:1])


def _legacy_constraints(draft: Draft, table: str) -> tuple[Constraint, ...]:
    legacy = draft.catalog.find_table(table)
    return legacy.shape.constraints if legacy else ()


def _read_by_generated(draft: Draft, table: str, columns: tuple[str, ...]) -> set[str]:
    found = (draft.catalog.table(table).shape.find_column(name) for name in columns)
    return {name for column in found if column for name in column.reads}


def _is_trusted(draft: Draft, table: str, columns: tuple[str, ...], kind: str, key: Constraint | None = None) -> bool:
    """Whether the legacy constraint proves this one: the table keeps its shape and the columns arrive as they were."""
    rule = draft.find_rule(table)
    if draft.treatments.get(table) not in ("copy", "keep") or (rule and rule.completed_from):
        return False
    if not draft.keeps(table, _read_by_generated(draft, table, columns)):
        return False
    following = any(f.table == table and f.column in columns for f in draft.follows)
    following = following or any((table, column) in draft.parsed for column in columns)
    if following or any((table, column) in draft.changed for column in columns):
        return kind == "n" and not following  # a cast or a derivation never makes a null; filled times never are
    if key is None or kind != "f":
        return True
    same_parent = draft.treatments.get(key.parent) in ("copy", "keep")
    return same_parent and not any((key.parent, column) in draft.changed for column in key.ref_columns)
