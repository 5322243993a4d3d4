"""The whole plan: a verdict and a summary of ten lines first, then faults and questions in full, then the details."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from config import mapping
from config.printable import block, line
from engine.describe import additions
from engine.describe.detail import table_json, table_lines
from engine.planning.plan import Plan, TablePlan
from engine.reflect.objects import Function, Leftover
from engine.start.survey import Pace, Survey

WIDTH = 110
MOST_LISTED = 6  # of one kind of detail, unless all are asked for
MOST_NAMED = 60
TELLING_ROWS = 100_000  # a run of fewer says little of one of more: DDL and verification take their seconds anyway
DISPOSITIONS = {
    "copy": "copied", "rename": "renamed", "reshape": "reshaped", "carry": "carried", "archive": "archived",
    "skip": "not read",
}  # fmt: skip
WAYS = {
    "same": "as they are", "renamed": "renamed", "cast": "of another type", "derived": "with derived ids",
    "rule": "by a rule", "carried": "carried", "moved": "moved", "archived": "archived", "removed": "removed by a rule",
}  # fmt: skip
UNTOLD = "PostgreSQL does not tell how much is free"
NOT_LOOKED = "the target was not looked at and no DDL was rehearsed: NXTGAUGE_TARGET_URL is not set"


def survey_json(found: Survey) -> dict[str, Any]:
    """The whole plan as JSON, also what the text leaves out. Names are unchanged."""
    plan = found.plan
    return {
        "source_schema": plan.source_schema,
        "target_schema": plan.target_schema,
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
        return f"REFUSED: {_count(found.faults, 'fault')}; nothing can be migrated before {pronoun} mended"
    if found.target and found.target.holder:
        return f"WAIT: another run holds this target, {found.target.holder}"
    asked = f"{_count(found.plan.questions, 'question')} to answer" if found.plan.questions else "nothing to ask"
    unseen = "" if found.target else f", but {NOT_LOOKED}"
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


def survey_text(found: Survey, is_full: bool = False, only: Sequence[TablePlan] = (), new: Sequence[str] = ()) -> str:
    """The plan as text. only, new: legacy and new tables to show in detail, in place of an overview of all."""
    plan = found.plan
    lines = [line(f"plan: {verdict(found)}"), "", *_summary(found), ""]
    lines += _section("faults", found.faults) + _section("questions for you", plan.questions)
    if only or new:
        gained = additions.columns(plan)
        lines += [text for table in only for text in table_lines(table, gained)]
        lines += [text for t in additions.tables(plan) if t.name in new for text in _new_lines(t, True)]
    elif is_full:
        lines += _everything(plan)
    else:
        lines += [*_overview(plan), "all of it: `nxtgauge-migrate plan --full`; of single tables: `plan TABLE…`"]
    return "\n".join(lines).rstrip()


def _summary(found: Survey) -> list[str]:
    figures, plan = _figures(found), found.plan
    entries = {
        "source": f"schema {plan.source_schema}: about {figures['estimated_rows']:,} rows, "
        f"{_bytes(found.source_bytes)} with indexes",
        "target": f"schema {plan.target_schema}{_looked_at(found)}",
        "tables": _counted(figures["tables"], DISPOSITIONS),
        "new": f"{figures['new_tables']} tables, {figures['added_columns']} columns of other tables",
        "columns": _counted(figures["columns"], WAYS),
        "left out": f"{_count(figures['dropped'], 'constraint, index or default', 'constraints, indexes or defaults')} "
        f"dropped, {figures['not_migrated']} other objects not migrated",
        "faults": str(len(found.faults)),
        "questions": str(len(plan.questions)),
        "room": f"about {_bytes(figures['estimated_bytes'])} in the target; {UNTOLD}",
        "time": _time(figures),
    }
    return [line(f"  {name:<10} {text}") for name, text in entries.items()]


def _looked_at(found: Survey) -> str:
    if found.target is None:
        return f": {NOT_LOOKED}"
    done = "all DDL rehearsed there" if found.target.is_rehearsed else "no DDL could be rehearsed there"
    return f" on {found.target.place}, PostgreSQL {found.target.version}: looked at, {done}"


def _time(figures: dict[str, Any]) -> str:
    if figures["estimated_seconds"] is None:
        return f"not known: the target's books hold no earlier run of this schema of {TELLING_ROWS:,} rows or more"
    return f"about {_seconds(figures['estimated_seconds'])}, at the pace of run {figures['estimated_from_run']}"


def _overview(plan: Plan) -> list[str]:
    """The details, a few lines of each kind."""
    lines = []
    for kind, word in DISPOSITIONS.items():
        tables = [table for table in plan.tables if table.disposition == kind]
        lines += _listed(f"{word} ({len(tables)})", _moved(tables), "; " if kind in ("rename", "reshape") else ", ")
    lines += [*_named("missing in the source", plan.missing_tables), *_named("extensions used", plan.extensions), ""]
    lines += _section("new tables", [_new_lines(table, False)[0].strip() for table in additions.tables(plan)])
    lines += _section("added columns", _grouped(additions.columns(plan)))
    lines += _section("removed by a rule", _removed(plan))
    lines += _section("dropped", _dropped(plan), MOST_LISTED)
    lines += _section("remarks", plan.remarks, MOST_LISTED)
    lines += _named("functions carried", [function.signature for function in _functions(plan)])
    left = plan.source.not_migrated
    for kind in dict.fromkeys(item.kind for item in left):
        lines += _named(f"{kind}, not migrated", [_left_name(item) for item in left if item.kind == kind])
    return [*lines, ""]


def _everything(plan: Plan) -> list[str]:
    gained = additions.columns(plan)
    lines = [text for table in plan.tables for text in table_lines(table, gained)]
    lines += ["new tables", *(f"  {text}" for t in additions.tables(plan) for text in _new_lines(t, True)), ""]
    lines += _section("missing in the source", [_missing(name) for name in plan.missing_tables])
    lines += _section("remarks", plan.remarks)
    left = plan.source.not_migrated
    lines += _section("not migrated (definitions in the appendix)", [f"{i.kind} {_left_name(i)}" for i in left])
    for function in _functions(plan):
        lines += [line(f"function {function.signature}, carried:"), _definition(function.definition or "")]
    for item in left:
        lines += [line(f"{item.kind} {item.name}:"), _definition(item.definition)]
    return lines


def _functions(plan: Plan) -> list[Function]:
    """Functions that are carried along, into the product or the archive."""
    names = {*plan.functions, *plan.archive_functions}
    return [function for function in plan.source.functions if function.signature in names]


def _moved(tables: Sequence[TablePlan]) -> list[str]:
    """The tables' names; those whose rows go elsewhere by where they go."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for table in tables:
        is_away = table.disposition not in ("archive", "skip")
        elsewhere = tuple(target for target in table.targets if is_away and target != table.name)
        groups.setdefault((*elsewhere, *(["itself"] if elsewhere and table.name in table.targets else [])), []).append(
            table.name
        )
    return [name for names in (groups.pop((), []),) for name in names] + [
        f"{', '.join(names)} → {_few(elsewhere, 3)}" for elsewhere, names in groups.items()
    ]


def _new_lines(table: additions.NewTable, is_full: bool) -> list[str]:
    """One line, and in full one for each column."""
    filled = f"from {_few(table.filled_by)}" if table.filled_by else "empty"
    lines = [line(f"{table.name} ← {filled}: {table.what}".rstrip(": "))]
    return lines + [line(f"    {c.name} {c.type} ← {c.filled_by}") for c in table.columns if is_full]


def _grouped(columns: Iterable[additions.NewColumn]) -> list[str]:
    """Columns of one name and source together."""
    tables: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        tables.setdefault((column.name, column.filled_by), []).append(column.table)
    return [f"{name} of {_few(found)} ← {filled_by}" for (name, filled_by), found in tables.items()]


def _few(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _removed(plan: Plan) -> list[str]:
    return [
        f"{table.name}.{way.column} → {', '.join(way.targets)} ({way.note})"
        for table in plan.tables
        for way in table.ways
        if way.kind == "removed"
    ]


def _dropped(plan: Plan) -> list[str]:
    return [f"{table.name}: {text}" for table in plan.tables for text in table.dropped]


def _left_name(item: Leftover) -> str:
    return f"{item.name} on {item.table}" if item.table and item.table != item.name else item.name


def _missing(name: str) -> str:
    rule = mapping.load().tables[name]
    if rule.disposition == "reshape" and not rule.keeps_shape:
        return f"{name}: its targets exist all the same, without its rows"
    return f"{name}: not created"


def _section(title: str, entries: Sequence[str], most: int | None = None) -> list[str]:
    """A title and a line for each entry; nothing where there is none."""
    if not entries:
        return []
    shown = entries if most is None or len(entries) <= most else entries[:most]
    more = [f"  … and {len(entries) - len(shown)} more"] if len(shown) < len(entries) else []
    return [f"{title} ({len(entries)})", *(line(f"  {entry}") for entry in shown), *more, ""]


def _named(title: str, names: Sequence[str]) -> list[str]:
    return _listed(f"{title} ({len(names)})", names)


def _listed(title: str, names: Sequence[str], between: str = ", ") -> list[str]:
    """Names in running lines."""
    if not names:
        return []
    more = [f"and {len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    text = f"{title}: {between.join(map(line, [*names[:MOST_NAMED], *more]))}"
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _definition(text: str) -> str:
    return textwrap.indent(block(text.expandtabs(4)), "    ") + "\n"


def _counted(counts: dict[str, int], words: dict[str, str]) -> str:
    return ", ".join(f"{counts[kind]:,} {word}" for kind, word in words.items() if counts.get(kind)) or "none"


def _count(things: Sequence[object] | int, one: str, many: str = "") -> str:
    number = things if isinstance(things, int) else len(things)
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _bytes(number: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1024:
            return f"{number:,.0f} {unit}"
        number /= 1024
    return f"{number:,.1f} TB"


def _seconds(number: int) -> str:
    if number < 120:
        return f"{number} s"
    return f"{number // 60} min" if number < 7200 else f"{number // 3600} h {number % 3600 // 60} min"
