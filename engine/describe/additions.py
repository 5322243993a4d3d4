"""The target's own tables and columns, which the legacy database lacks, and what fills them."""

from collections.abc import Iterator
from dataclasses import dataclass

from config import feeds, mapping
from config.shapes import Column, Table
from engine.planning.plan import Plan, Route, TablePlan
from engine.planning.tables.copied import ADDED

TIMES = ("created_at", "updated_at")
OF_ROW = "the profile that the row belongs to"


@dataclass(frozen=True)
class NewTable:
    """A table without a legacy table of its own. what: what its rows are; filled_by: legacy tables; () if empty."""

    name: str
    what: str
    filled_by: tuple[str, ...]
    columns: tuple["NewColumn", ...]


@dataclass(frozen=True)
class NewColumn:
    table: str
    name: str
    type: str
    filled_by: str


def tables(plan: Plan) -> list[NewTable]:
    """New tables, by name."""
    legacy = {plan.final_name(name) for name in _standing(plan)}
    new = [shape for shape in plan.build if plan.final_name(shape.name) not in legacy]
    return sorted((_new_table(plan, shape) for shape in new), key=lambda table: table.name)


def columns(plan: Plan) -> list[NewColumn]:
    """Columns that tables of the legacy database gain, by table."""
    standing = _standing(plan)
    return [
        column
        for shape in sorted(plan.build, key=lambda shape: plan.final_name(shape.name))
        if shape.name in standing
        for column in _gained(plan, shape, standing[shape.name])
    ]


def _standing(plan: Plan) -> dict[str, TablePlan]:
    """Build tables that stand for one legacy table, by that table."""
    legacy = {table.name for table in plan.tables}
    kept = [t for t in plan.tables if t.disposition in ("copy", "rename", "carry") or t.build_name in legacy]
    return {table.build_name: table for table in kept if table.build_name}


def _new_table(plan: Plan, shape: Table) -> NewTable:
    feeding = [route for route in plan.routes if _feeds(route, shape.name)]
    by = tuple(dict.fromkeys(route.legacy_table for route in feeding))
    arriving = _arriving(plan)
    filled = tuple(
        NewColumn(shape.name, c.name, c.type, _source_of(shape.name, c, arriving.get((shape.name, c.name)), feeding))
        for c in shape.columns
    )
    return NewTable(shape.name, shape.comment or "", by, filled)


def _feeds(route: Route, table: str) -> bool:
    is_gateway = table == "payment_gateway_configs" and "gateways" in route.lookups
    return not route.is_archive and (table in route.targets or is_gateway)


def _arriving(plan: Plan) -> dict[tuple[str, str], list[str]]:
    """(final table, column) → the legacy columns that arrive there."""
    found: dict[tuple[str, str], list[str]] = {}
    for table in plan.tables:
        for way in table.ways:
            for target in way.targets:
                name, _, column = target.partition(".")
                found.setdefault((name, column), []).append(f"{table.name}.{way.column}")
    return found


def _source_of(table: str, column: Column, sources: list[str] | None, feeding: list[Route]) -> str:
    known = [feeds.BY_RULE[table, column.name]] if feeding and (table, column.name) in feeds.BY_RULE else []
    if not known and column.name == "user_role_profile_id":
        return OF_ROW
    if known or sources:
        return ", ".join([*(sources or ()), *known])
    tables = list(dict.fromkeys(route.legacy_table for route in feeding))
    if tables:
        filled = "the times" if column.name in TIMES else "the rule" if len(tables) == 1 else "the rules"
        return f"{filled} of {', '.join(tables)}"
    return f"its default, {column.default}" if column.default else "nothing yet"


def _gained(plan: Plan, shape: Table, table: TablePlan) -> Iterator[NewColumn]:
    final = plan.final_name(shape.name)
    known = {target for way in table.ways for target in way.targets}
    renamed = {old: new for name, old, new in plan.column_renames if name == shape.name}
    for column in shape.columns:
        name = renamed.get(column.name, column.name).removeprefix(ADDED)  # where a fault leaves no name for it
        if f"{final}.{name}" not in known and not table.legacy.shape.find_column(column.name):
            yield NewColumn(final, name, column.type, _fill(plan, table, final, name))


def _fill(plan: Plan, table: TablePlan, final: str, name: str) -> str:
    if name in TIMES:
        return _time(table, name)
    if (final, name) in feeds.BY_RULE:
        return feeds.BY_RULE[final, name]
    arriving = _arriving(plan).get((final, name))
    if arriving:
        return ", ".join(arriving)
    if name == "user_role_profile_id":
        return OF_ROW
    return f"the rule {table.routes[0].transform}" if table.routes[0].transform else "its default"


def _time(table: TablePlan, name: str) -> str:
    if name == "updated_at":
        return "created_at"
    chain = [column for column in mapping.load().common.created_at_from if table.legacy.shape.find_column(column)]
    return f"{', else '.join(chain)}, else the instant of the run" if chain else "the instant of the run"
