"""Legacy tables and objects whose names the target itself uses: planned under the names that the mapping gives them.

Laws
- In the build such a table has its new name from the beginning; all others keep their legacy names until the end.
- Within the planner it is known by the new name; outside (source, books, reports) by the legacy one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from config.rules import Mapping as Rules
from config.rules import TableRule
from config.shapes import Constraint, Index, Table
from engine.planning.plan import Plan, Route, TablePlan
from engine.reflect.catalog import Catalog, LegacyTable

Kind = TypeVar("Kind", Constraint, Index)

# Fields of the catalogue's values that hold the bare name of a table of the schema.
OF_TABLE = {
    "Constraint": ("table", "ref_table"), "Index": ("table",), "Sequence": ("table",), "TypeUse": ("table",),
    "Dependency": ("table",),
}  # fmt: skip


@dataclass(frozen=True)
class Aside:
    """names: new name → legacy name. catalog and rules: as the planner sees them."""

    catalog: Catalog
    rules: Rules
    names: Mapping[str, str]

    def legacy(self, name: str) -> str:
        return self.names.get(name, name)


def set_aside(catalog: Catalog, rules: Rules, declared: Collection[str]) -> Aside:
    """declared: names of tables that the target makes itself; those that others are renamed to are taken too."""
    renamed = {name: new for name, rule in rules.tables.items() if (new := _new_name(rule, name))}
    taken = {*declared, *renamed.values()}
    there = {table.name for table in catalog.tables}
    moved = {name: new for name, new in renamed.items() if name in taken & there}
    catalog = replace(catalog, tables=tuple(_with_names(table, rules) for table in catalog.tables))
    if not moved:
        return Aside(catalog, rules, {})
    tables = {moved.get(name, name): rule for name, rule in rules.tables.items()}
    domains = {moved.get(name, name): domain for name, domain in rules.domain_of.items()}
    rules = rules.model_copy(update={"tables": tables, "domain_of": domains})
    return Aside(_moved(catalog, moved), rules, {new: old for old, new in moved.items()})


def _new_name(rule: TableRule, name: str) -> str | None:
    """The name that a renamed table gets; None of any other."""
    return rule.target if rule.disposition == "rename" and rule.target != name else None


def _with_names(table: LegacyTable, rules: Rules) -> LegacyTable:
    """The table with its constraints and indexes under the names that they get."""
    rule = rules.tables.get(table.name)
    if not rule or not rule.names:
        return table

    names, shape = rule.names, table.shape

    def named(part: Kind) -> Kind:
        return replace(part, name=names.get(part.name, part.name))

    constraints, indexes = tuple(map(named, shape.constraints)), tuple(map(named, shape.indexes))
    return replace(table, shape=replace(shape, constraints=constraints, indexes=indexes))


def _moved(value: Any, moved: Mapping[str, str]) -> Any:
    """The same value, with the tables' new names wherever it names one."""
    if isinstance(value, tuple):
        return tuple(_moved(item, moved) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    found = {f.name: _moved(getattr(value, f.name), moved) for f in fields(value)}
    names = ("name",) if isinstance(value, Table) else OF_TABLE.get(type(value).__name__, ())
    return replace(value, **found | {name: moved.get(found[name], found[name]) for name in names})


def restored(plan: Plan, aside: Aside, legacy: Catalog) -> Plan:
    """The plan with the legacy names of what is read and accounted for; what is built keeps the new ones."""
    if not aside.names:
        return plan
    return replace(
        plan,
        tables=tuple(_restored(table, aside, legacy) for table in plan.tables),
        noted=tuple(replace(noted, legacy_table=aside.legacy(noted.legacy_table)) for noted in plan.noted),
        spelled=tuple((aside.legacy(table), column, text) for table, column, text in plan.spelled),
    )


def _restored(table: TablePlan, aside: Aside, legacy: Catalog) -> TablePlan:
    name = aside.legacy(table.name)
    routes = tuple(_restored_route(route, aside) for route in table.routes)
    return replace(table, legacy=legacy.table(name), routes=routes)


def _restored_route(route: Route, aside: Aside) -> Route:
    conversions = tuple(replace(c, parent=aside.legacy(c.parent)) for c in route.conversions)
    parameters = route.parameters and replace(
        route.parameters, legacy_table=aside.legacy(route.parameters.legacy_table)
    )
    legacy = aside.legacy(route.legacy_table)
    return replace(
        route, legacy_table=legacy, name=_named(route, legacy), conversions=conversions, parameters=parameters
    )


def _named(route: Route, legacy: str) -> str:
    return legacy if route.name == route.legacy_table else route.name
