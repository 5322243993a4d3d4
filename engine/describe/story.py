"""One table's story, for `explain`: source, mapping, routes, constraints, reasons for rejection."""

from typing import Any

from config import mapping, origins, reasons
from config.errors import ConfigError
from config.printable import line
from config.reasons import Reason
from engine.describe.detail import table_json, way_text
from engine.planning.plan import ConstraintRule, Plan, Route, TablePlan, Way

KINDS = {
    "f": "references",
    "c": "check",
    "n": "not null",
    "u": "unique",
    "p": "primary key",
    "i": "unique index",
    "x": "exclusion",
}


def explain_json(plan: Plan, name: str) -> dict[str, Any]:
    """One legacy table's story, or that of the legacy tables behind a target table. Errors: ConfigError."""
    tables = meant(plan, name)
    if not tables:
        found = f"there is no table {name} in the source, nor a target of that name that rows go to"
        raise ConfigError(f"{found}; {near(plan, name)}")
    return {"name": name, "tables": [_story(plan, table) for table in tables]}


def meant(plan: Plan, name: str) -> list[TablePlan]:
    """The legacy table of this name, else those whose rows go to a target of this name."""
    own = plan.find_table(name)
    return [own] if own else [table for table in plan.tables if name in _reached(plan, table)]


def _reached(plan: Plan, table: TablePlan) -> set[str]:
    return {plan.final_name(target) for route in table.routes if not route.is_archive for target in route.targets}


def near(plan: Plan, name: str) -> str:
    """Known names that resemble this one."""
    known = {table.name for table in plan.tables} | {plan.final_name(shape.name) for shape in plan.build}
    return origins.near(name, known) or "`plan --full` lists them"


def _story(plan: Plan, table: TablePlan) -> dict[str, Any]:
    rules = mapping.load()
    rule = rules.tables.get(table.name)
    built = {plan_name for route in table.routes if not route.is_archive for plan_name in route.targets}
    return table_json(table) | {
        "source": {
            "kind": {"r": "table", "p": "partitioned table"}.get(table.legacy.kind, table.legacy.kind),
            "pages": table.legacy.pages,
            "key": list(table.key),
            "columns": [{"name": c.name, "type": c.type} for c in table.legacy.shape.columns],
        },
        "mapping": {
            "file": rules.file_of(table.name),
            "rule": rule.model_dump(exclude_defaults=True) if rule else None,
        },
        "routes": [_route_json(route) for route in table.routes],
        "constraints": [_rule_json(plan, r) for r in plan.rules if r.table in built],
        "reasons": [reason.told for reason in _reasons(plan, table)],
    }


def _route_json(route: Route) -> dict[str, Any]:
    module = _module_of(route.transform)
    return {
        "name": route.name,
        "lane": route.lane,
        "wave": route.wave,
        "transform": f"{module}.{route.transform}" if module else None,
        "lookups": list(route.lookups),
        "targets": list(route.targets) if not route.is_archive else [f"legacy_archive.{route.targets[0]}"],
        "accounted": route.is_accounted,
    }


def _module_of(transform: str | None) -> str | None:
    if transform is None:
        return None
    from transforms import registry  # pandas with it: only for who asks

    return registry.TRANSFORMS[transform].__module__


def _rule_json(plan: Plan, rule: ConstraintRule) -> dict[str, Any]:
    return {
        "table": plan.final_name(rule.table),
        "name": rule.name,
        "kind": KINDS[rule.kind],
        "columns": list(rule.columns),
        "references": rule.ref_table and plan.final_name(rule.ref_table),
        "orphan": ("set to null" if rule.nulls_orphans else "rejected") if rule.kind == "f" else None,
        "proved_by_the_source": rule.is_trusted,
    }


def _reasons(plan: Plan, table: TablePlan) -> list[Reason]:
    """Why a row of this table may be rejected."""
    built = {name for route in table.routes if route.is_accounted and not route.is_archive for name in route.targets}
    rules = [r for r in plan.rules if r.table in built and not r.is_trusted and not r.nulls_orphans]
    named = [reasons.of_constraint(r.kind, r.name) for r in rules]
    owned = [reasons.PARENT_REJECTED] if any(r.kind == "f" and len(r.columns) == 1 for r in rules) else []
    known = reasons.of_transforms({route.transform or "" for route in table.routes})
    checked = [reasons.INVALID_VALUE] if any(r.lane == "frame" and r.is_accounted for r in table.routes) else []
    return [*dict.fromkeys([*known, *checked, *owned, *named])]


def explain_text(plan: Plan, name: str) -> str:
    """The same for a person: source, mapping, transform, target, constraints, reasons for rejection."""
    return "\n\n".join(_story_text(story) for story in explain_json(plan, name)["tables"])


def _story_text(story: dict[str, Any]) -> str:
    source, rule = story["source"], story["mapping"]["rule"]
    lines = [
        f"{story['legacy_table']}: {story['disposition']} → {', '.join(story['targets']) or 'legacy_archive'}",
        f"source: a {source['kind']} of about {story['estimated_rows']} rows in {source['pages']} pages, "
        f"key ({', '.join(source['key']) or 'none: rows are named by ctid'})",
        f"mapping: {story['mapping']['file']}" if rule else "mapping: none; carried by the profile's unmapped_tables",
    ]
    for route in story["routes"]:
        how = f"transform {route['transform']}" if route["transform"] else "as it is"
        lines.append(
            f"route {route['name']}: {route['lane']} lane, wave {route['wave']}, {how} → {', '.join(route['targets'])}"
        )
    lines += ["columns:", *(f"    {way_text(_way_of(column))}" for column in story["columns"])]
    lines += ["constraints:", *(f"    {_constraint_text(rule)}" for rule in story["constraints"])]
    lines += [
        "a row is rejected for:",
        *("    {name}: {meaning} {remedy}".format(**reason) for reason in story["reasons"]),
        *(["    nothing that is known of"] if not story["reasons"] else []),
    ]
    lines += [f"dropped: {text}" for text in story["dropped"]]
    return "\n".join(map(line, [*lines, *(f"remark: {text}" for text in story["remarks"])]))


def _way_of(column: dict[str, Any]) -> Way:
    return Way(column["column"], column["destination"], tuple(column["targets"]), column["note"] or "")


def _constraint_text(rule: dict[str, Any]) -> str:
    to = f" → {rule['references']}; an orphan is {rule['orphan']}" if rule["references"] else ""
    proved = "; proved by the source" if rule["proved_by_the_source"] else ""
    return f"{rule['table']}.{rule['name']}: {rule['kind']} ({', '.join(rule['columns'])}){to}{proved}"
