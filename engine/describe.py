"""The plan in words and as JSON: for `plan` and `explain`. Nothing here looks at a database.

Law: text and JSON say the same, and neither holds a value of a row.
"""

from config import mapping
from config.errors import ConfigError
from engine.plan import Plan, Route, TablePlan, Way

KINDS = {
    "f": "references",
    "c": "check",
    "n": "not null",
    "u": "unique",
    "p": "primary key",
    "i": "unique index",
    "x": "exclusion",
}


def plan_json(plan: Plan) -> dict:
    """Every table with its columns' destinations, what is missing, dropped and not migrated, faults and questions."""
    return {
        "source_schema": plan.source_schema,
        "target_schema": plan.target_schema,
        "tables": [_table_json(plan, table) for table in plan.tables],
        "missing_tables": list(plan.missing_tables),
        "extensions": list(plan.extensions),
        "faults": list(plan.faults),
        "questions": list(plan.questions),
        "remarks": list(plan.remarks),
        "not_migrated": [
            {"kind": left.kind, "name": left.name, "table": left.table, "definition": left.definition}
            for left in plan.source.not_migrated
        ],
    }


def _table_json(plan: Plan, table: TablePlan) -> dict:
    return {
        "legacy_table": table.name,
        "domain": table.domain or None,
        "disposition": table.disposition,
        "lane": table.lane if table.routes else None,
        "estimated_rows": table.legacy.rows,
        "targets": list(table.targets),
        "columns": [_way_json(way) for way in table.ways],
        "dropped": list(table.dropped),
        "remarks": list(table.remarks),
    }


def _way_json(way: Way) -> dict:
    return {"column": way.column, "destination": way.kind, "targets": list(way.targets), "note": way.note or None}


def plan_text(plan: Plan) -> str:
    """The plan for a person: a line per table, its columns beneath, then what to look at."""
    lines = [f"{plan.source_schema} → {plan.target_schema}: {len(plan.tables)} tables", ""]
    for table in plan.tables:
        lines += _table_lines(table)
    lines += _section("missing in the source", [_missing(plan, name) for name in plan.missing_tables])
    lines += _section("remarks", plan.remarks)
    lines += _section("questions for you", plan.questions)
    left = [
        f"{item.kind} {item.name}" + (f" on {item.table}" if item.table else "") for item in plan.source.not_migrated
    ]
    lines += _section("not migrated (definitions in the appendix)", left)
    definitions = [f"{item.kind} {item.name}:\n{_indented(item.definition)}" for item in plan.source.not_migrated]
    lines += _section("appendix", definitions)
    lines += _section("faults", plan.faults)
    return "\n".join(lines)


def _table_lines(table: TablePlan) -> list[str]:
    targets = ", ".join(table.targets) or "legacy_archive"
    if len(table.targets) > 3:
        targets = f"{table.targets[0]} and {len(table.targets) - 1} more"
    lane = f", {table.lane}" if table.routes else ""
    lines = [f"{table.name}  [{table.disposition}{lane}, about {table.legacy.rows} rows] → {targets}"]
    lines += [f"    {_way_text(way)}" for way in table.ways]
    lines += [f"    dropped: {text}" for text in table.dropped]
    return [*lines, *(f"    remark: {text}" for text in table.remarks), ""]


def _way_text(way: Way) -> str:
    note = f" ({way.note})" if way.note else ""
    targets = ", ".join(way.targets) if len(way.targets) < 4 else f"{way.targets[0]} and {len(way.targets) - 1} more"
    return f"{way.column}: {way.kind} → {targets}{note}"


def _missing(plan: Plan, name: str) -> str:
    rule = mapping.load().tables[name]
    if rule.disposition == "reshape" and not rule.keeps_shape:
        return f"{name}: its targets exist all the same, without its rows"
    return f"{name}: not created"


def _section(title: str, entries) -> list[str]:
    entries = list(entries)
    return [f"{title} ({len(entries)})", *(f"    {entry}" for entry in entries), ""] if entries else []


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.splitlines())


def explain_json(plan: Plan, name: str) -> dict:
    """One legacy table's story, or that of the legacy tables behind a target table. Errors: ConfigError."""
    tables = _meant(plan, name)
    if not tables:
        raise ConfigError(f"there is no table {name} in the source, nor a target of that name; `plan` lists them")
    return {"name": name, "tables": [_story(plan, table) for table in tables]}


def _meant(plan: Plan, name: str) -> list[TablePlan]:
    own = plan.table(name)
    return [own] if own else [table for table in plan.tables if name in table.targets]


def _story(plan: Plan, table: TablePlan) -> dict:
    rules = mapping.load()
    rule = rules.tables.get(table.name)
    built = {plan_name for route in table.routes if not route.is_archive for plan_name in route.targets}
    return _table_json(plan, table) | {
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
        "reasons": _reasons(plan, table),
    }


def _route_json(route: Route) -> dict:
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


def _rule_json(plan: Plan, rule) -> dict:
    return {
        "table": plan.final_name(rule.table),
        "name": rule.name,
        "kind": KINDS[rule.kind],
        "columns": list(rule.columns),
        "references": rule.ref_table and plan.final_name(rule.ref_table),
        "orphan": {"null": "set to null where it may be", "reject": "rejected"}[rule.on_orphan]
        if rule.kind == "f"
        else None,
        "proved_by_the_source": rule.is_trusted,
    }


def _reasons(plan: Plan, table: TablePlan) -> list[str]:
    """Why a row of this table may be rejected."""
    built = {name for route in table.routes if route.is_accounted and not route.is_archive for name in route.targets}
    named = [r.name for r in plan.rules if r.table in built and not r.is_trusted]
    by_transform = {
        "profiles": ["unknown_status", "duplicate_profile"],
        "professionals": ["unknown_status", "ambiguous_professional", "unresolvable_professional", "parent_rejected"],
        "owned_by_profile": ["orphan_professional", "parent_rejected"],
        "onboarding_submissions": ["unknown_status"],
        "verifications": ["unknown_status"],
        "submission_documents": ["unknown_status", "parent_rejected"],
    }
    known = [reason for route in table.routes for reason in by_transform.get(route.transform or "", ())]
    checked = ["invalid_value"] if any(route.is_checked for route in table.routes) else []
    return [*dict.fromkeys([*known, *checked, *named])]


def explain_text(plan: Plan, name: str) -> str:
    """The same for a person: source, mapping, transform, target, constraints, reasons for rejection."""
    return "\n\n".join(_story_text(story) for story in explain_json(plan, name)["tables"])


def _story_text(story: dict) -> str:
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
    lines += ["columns:", *(f"    {_way_text(_way_of(column))}" for column in story["columns"])]
    lines += ["constraints:", *(f"    {_constraint_text(rule)}" for rule in story["constraints"])]
    lines += [
        "a row is rejected for:",
        *(f"    {reason}" for reason in story["reasons"] or ["nothing that is known of"]),
    ]
    lines += [f"dropped: {text}" for text in story["dropped"]]
    return "\n".join([*lines, *(f"remark: {text}" for text in story["remarks"])])


def _way_of(column: dict) -> Way:
    return Way(column["column"], column["destination"], tuple(column["targets"]), column["note"] or "")


def _constraint_text(rule: dict) -> str:
    to = f" → {rule['references']}; an orphan is {rule['orphan']}" if rule["references"] else ""
    proved = "; proved by the source" if rule["proved_by_the_source"] else ""
    return f"{rule['table']}.{rule['name']}: {rule['kind']} ({', '.join(rule['columns'])}){to}{proved}"
