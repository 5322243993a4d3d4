"""The result as a person reads it on a terminal."""

from tests.benchmarks import figures, tables
from tests.benchmarks.figures import Result
from tests.benchmarks.tables import Table


def text(result: Result) -> str:
    wanted = (tables.contenders, tables.commands, tables.of_lanes, tables.growth, tables.of_goals)
    parts = [f"{result['rows']:,} rows, {result['tables']} tables, {result['times']} turns"]
    parts += [aligned(table) for table in (of(result) for of in wanted) if len(table) > 1]
    parts += [f"not there: {why}" for why in result["absent"].values()]
    return "\n\n".join([*parts, _judged(result)])


def aligned(table: Table) -> str:
    """Columns below each other: the first is text, the others are figures."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(_cells(row, widths)).rstrip() for row in table)


def _cells(row: tuple[str, ...], widths: list[int]) -> list[str]:
    return [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


def _judged(result: Result) -> str:
    if found := figures.faults(result):
        return "\n".join(["THE PUBLISHED TARGET IS NOT WHAT IT SHOULD BE:", *found])
    oracle, by_hand = (len(result[whose]["tables"]) for whose in ("oracle", "by_hand"))
    return f"the published target is what the oracle ({oracle} files) and what the SQL by hand ({by_hand} tables) make"
