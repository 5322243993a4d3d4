"""One legacy table of the plan: the destinations of its columns, dropped objects, remarks."""

from collections.abc import Iterable
from typing import Any

from config.printable import line
from engine.describe.additions import NewColumn
from engine.planning.plan import TablePlan, Way


def table_json(table: TablePlan) -> dict[str, Any]:
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


def _way_json(way: Way) -> dict[str, Any]:
    return {"column": way.column, "destination": way.kind, "targets": list(way.targets), "note": way.note or None}


def table_lines(table: TablePlan, gained: Iterable[NewColumn]) -> list[str]:
    """gained: columns that the target adds, of whatever table."""
    targets = ", ".join(table.targets) or "legacy_archive"
    lane = f", {table.lane}" if table.routes else ""
    lines = [f"{table.name}  [{table.disposition}{lane}, about {table.legacy.rows:,} rows] → {targets}"]
    lines += [f"    {way_text(way)}" for way in table.ways]
    lines += [f"    new: {c.name} {c.type} ← {c.filled_by}" for c in gained if c.table == own_target(table)]
    lines += [f"    dropped: {text}" for text in table.dropped]
    return [*map(line, lines), *(line(f"    remark: {text}") for text in table.remarks), ""]


def own_target(table: TablePlan) -> str | None:
    """The target table that stands for this one alone."""
    if table.name in table.targets:
        return table.name
    return table.targets[0] if len(table.targets) == 1 else None


def way_text(way: Way) -> str:
    note = f" ({way.note})" if way.note else ""
    return f"{way.column}: {way.kind} → {', '.join(way.targets)}{note}"
