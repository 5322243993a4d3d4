"""The whole plan: a verdict and a summary first, then faults and questions in full, then one screen of overview, the
difference, or the details."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from config import mapping
from config.printable import line
from engine.describe import additions
from engine.describe.brief import DISPOSITIONS, brief_lines
from engine.describe.detail import table_json, table_lines
from engine.describe.difference import difference_lines
from engine.describe.wording import count, counted, definition, few, in_bytes, in_seconds, named, section, wrapped
from engine.planning.plan import Plan, TablePlan
from engine.reflect.objects import Function, Leftover
from engine.start.survey import Pace, Survey

TELLING_ROWS = 100_000  # a run of fewer says little of one of more: DDL and verification take their seconds anyway
WAYS = {
    "same": "as they are", "renamed": "renamed", "cast": "of another type", "derived": "with derived ids",
    "rule": "by a rule", "carried": "carried", "moved": "moved", "archived": "archived", "removed": "removed by a rule",
}  # fmt: skip
UNSEEN = "the target was not looked at and no DDL was rehearsed"
NOT_LOOKED = f"{UNSEEN}: NXTGAUGE_TARGET_URL is not set"


def survey_json(found: Survey) -> dict[str, Any]:
    """The whole plan as JSON, also what the text leaves out. Names are unchanged."""
    plan = found.plan
    return {
        "source_schema": plan.source_schema,
        "target_schema": plan.target_schema,
        "digest": plan.digest,
        "verdict": verdict(found),
        "summary": _figures(found),
        "target": _target_json(found),
        "tables": [table_json(table) for table in plan.tables],
        "new_tables": [_new_json(table) for table in additions.tables(plan)],
        "added_columns": [_column_json(column) for column in additions.columns(plan)],
        "missing_tables": list(plan.missing_tables),
        "extensions": list(plan.extensions),
        "functions": [
            {"name": f.signature, "language": f.language, "definition": f.definition} for f in _functions(plan)
        ],
        "faults": list(found.faults),
        "questions": list(plan.questions),
        "remarks": list(plan.remarks),
        "not_migrated": [
            {"kind": left.kind, "name": left.name, "table": left.table, "definition": left.definition}
            for left in plan.source.not_migrated
        ],
    }


def new_tables(plan: Plan) -> set[str]:
    return {table.name for table in additions.tables(plan)}


def _new_json(table: additions.NewTable) -> dict[str, Any]:
    columns = [_column_json(column) for column in table.columns]
    return {"name": table.name, "what": table.what, "filled_by": list(table.filled_by), "columns": columns}


def _column_json(column: additions.NewColumn) -> dict[str, Any]:
    return {"table": column.table, "column": column.name, "type": column.type, "filled_by": column.filled_by}


def _target_json(found: Survey) -> dict[str, Any]:
    if found.target is None:
        return {"looked_at": False, "rehearsed": False, "why": NOT_LOOKED}
    target = found.target
    return {
        "looked_at": True,
        "rehearsed": target.is_rehearsed,
        "place": target.place,
        "version": target.version,
        "database_bytes": target.database_bytes,
        "free_bytes": None,
        "held_by": target.holder,
    }


def verdict(found: Survey) -> str:
    """One sentence: whether a run could begin, and what it would meet."""
    if found.faults:
        pronoun = "it is" if len(found.faults) == 1 else "they are"
        return f"REFUSED: {count(found.faults, 'fault')}; nothing can be migrated before {pronoun} mended"
    if found.target and found.target.holder:
        return f"WAIT: another run holds this target, {found.target.holder}"
    asked = f"{count(found.plan.questions, 'question')} to answer" if found.plan.questions else "nothing to ask"
    unseen = "" if found.target else f", but {UNSEEN}"
    return f"READY: no fault, {asked}{unseen}"


def _figures(found: Survey) -> dict[str, Any]:
    plan, pace = found.plan, found.target.pace if found.target else None
    rows = sum(table.legacy.rows for table in _read(plan))
    return {
        "tables": dict(Counter(table.disposition for table in plan.tables)),
        "new_tables": len(additions.tables(plan)),
        "added_columns": len(additions.columns(plan)),
        "columns": dict(Counter(way.kind for table in plan.tables for way in table.ways)),
        "dropped": sum(len(table.dropped) for table in plan.tables),
        "not_migrated": len(plan.source.not_migrated),
        "faults": len(found.faults),
        "questions": len(plan.questions),
        "estimated_rows": rows,
        "source_bytes": found.source_bytes,
        "estimated_bytes": _room(found, pace, rows),
        "estimated_seconds": _lasting(pace, rows),
        "estimated_from_run": pace and pace.run_id,
    }


def _read(plan: Plan) -> list[TablePlan]:
    return [table for table in plan.tables if table.disposition != "skip"]


def _room(found: Survey, pace: Pace | None, rows: int) -> int:
    """What the new schemas will take: as the last run's did, else as much as the source's tables."""
    if pace is None or not pace.bytes:
        return found.source_bytes
    return round(pace.bytes * rows / pace.rows) if pace.rows >= TELLING_ROWS else max(pace.bytes, found.source_bytes)


def _lasting(pace: Pace | None, rows: int) -> int | None:
    """Seconds; below TELLING_ROWS what takes time is the same for any number of rows."""
    if pace is None or pace.rows < TELLING_ROWS < rows:
        return None
    return round(pace.seconds * max(1, rows / max(pace.rows, TELLING_ROWS)))


def survey_text(
    found: Survey, is_full: bool = False, only: Sequence[TablePlan] = (), new: Sequence[str] = (), is_diff: bool = False
) -> str:
    """The plan as text. only, new: legacy and new tables to show in detail, in place of an overview of all; is_diff: as
    what changes between the old and the new schema."""
    plan = found.plan
    lines = [line(f"plan: {verdict(found)}"), "", *([] if is_diff else [*_summary(found), ""])]
    lines += section("faults", found.faults) + section("questions for you", plan.questions)
    if is_diff:
        lines += difference_lines(plan, [*(table.name for table in only), *new])
    elif only or new:
        gained = additions.columns(plan)
        lines += [text for table in only for text in table_lines(table, gained)]
        lines += [text for t in additions.tables(plan) if t.name in new for text in _new_lines(t)]
    else:
        lines += _everything(plan) if is_full else brief_lines(found)
    return "\n".join(lines).rstrip()


def _summary(found: Survey) -> list[str]:
    figures, plan = _figures(found), found.plan
    entries = {
        "source": f"schema {plan.source_schema}: about {figures['estimated_rows']:,} rows, "
        f"{in_bytes(found.source_bytes)} with indexes",
        "target": f"schema {plan.target_schema}{_looked_at(found)}",
        "tables": f"{counted(figures['tables'], DISPOSITIONS)}, {figures['new_tables']} new",
        "columns": f"{counted(figures['columns'], WAYS)}, {figures['added_columns']} added",
        "room": f"about {in_bytes(figures['estimated_bytes'])} in the target",
        "time": _time(figures),
    }
    return [text for name, told in entries.items() for text in wrapped(name, told, 10)]


def _looked_at(found: Survey) -> str:
    if found.target is None:
        return f": {NOT_LOOKED}"
    done = "all DDL rehearsed" if found.target.is_rehearsed else "no DDL could be rehearsed"
    return f" on {found.target.place}, PostgreSQL {found.target.version}, {done}"


def _time(figures: dict[str, Any]) -> str:
    if figures["estimated_seconds"] is None:
        return f"not known: the target's books hold no run of {TELLING_ROWS:,} rows or more"
    return f"about {in_seconds(figures['estimated_seconds'])}, at the pace of run {figures['estimated_from_run']}"


def _everything(plan: Plan) -> list[str]:
    gained = additions.columns(plan)
    lines = [text for table in plan.tables for text in table_lines(table, gained)]
    lines += ["new tables", *(f"  {text}" for t in additions.tables(plan) for text in _new_lines(t)), ""]
    lines += [*named("extensions used", plan.extensions), ""] if plan.extensions else []
    lines += section("missing in the source", [_missing(name) for name in plan.missing_tables])
    lines += section("remarks", plan.remarks)
    left = plan.source.not_migrated
    lines += section("not migrated (definitions in the appendix)", [f"{i.kind} {_left_name(i)}" for i in left])
    for function in _functions(plan):
        lines += [line(f"function {function.signature}, carried:"), definition(function.definition or "")]
    for item in left:
        lines += [line(f"{item.kind} {item.name}:"), definition(item.definition)]
    return lines


def _functions(plan: Plan) -> list[Function]:
    """Functions that are carried along, into the product or the archive."""
    names = {*plan.functions, *plan.archive_functions}
    return [function for function in plan.source.functions if function.signature in names]


def _new_lines(table: additions.NewTable) -> list[str]:
    """One line, and one for each column."""
    filled = f"from {few(table.filled_by)}" if table.filled_by else "empty"
    lines = [line(f"{table.name} ← {filled}: {table.what}".rstrip(": "))]
    return lines + [line(f"    {c.name} {c.type} ← {c.filled_by}") for c in table.columns]


def _left_name(item: Leftover) -> str:
    return f"{item.name} on {item.table}" if item.table and item.table != item.name else item.name


def _missing(name: str) -> str:
    rule = mapping.load().tables[name]
    if rule.disposition == "reshape" and not rule.keeps_shape:
        return f"{name}: its targets exist all the same, without its rows"
    return f"{name}: not created"
