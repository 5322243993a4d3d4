"""The result as a person reads it on a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from tests.benchmarks import figures, goals
from tests.benchmarks.figures import Result, Spread

MEGABYTE = 1_000_000
COLUMNS = ("", "wall s", "min–max", "÷ dump", "client CPU s", "server CPU s", "WAL MB", "memory MB", "statements")


def text(result: Result) -> str:
    lines = [f"{result['rows']:,} rows, {result['tables']} tables, {result['times']} turns", ""]
    lines += table([COLUMNS, *contenders(result)])
    lines += ["", *(f"not there: {why}" for why in result["absent"].values()), ""]
    lines += table([("goal", "figure", "min–max", "wanted", ""), *goals.rows(result)])
    return "\n".join([*lines, "", *_oracle(result)])


def contenders(result: Result) -> Iterator[tuple[str, ...]]:
    """A row per contender, in COLUMNS' order."""
    for name, kept in result["contenders"].items():
        wall, ratio = figures.of(result, name, "wall_seconds"), figures.ratio(result, name, "dump")
        yield (
            kept["label"], _median(wall), _range(wall), _median(ratio, 2),
            *(_median(figures.of(result, name, f"{side}_cpu_seconds")) for side in ("client", "server")),
            *(_median(figures.of(result, name, f"{size}_bytes"), 0, MEGABYTE) for size in ("wal", "peak")),
            "" if kept.get("statements") is None else f"{kept['statements']:,}",
        )  # fmt: skip


def _median(found: Spread | None, digits: int = 1, unit: float = 1) -> str:
    return "" if found is None else f"{found.median / unit:,.{digits}f}"


def _range(found: Spread | None) -> str:
    return "" if found is None else f"{found.least:.1f}–{found.most:.1f}"


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with the columns below each other; the first is text, the others are figures."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" if not place else f"{cell:>{width}}"
                      for place, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
            for row in rows]  # fmt: skip


def _oracle(result: Result) -> list[str]:
    if found := figures.faults(result):
        return ["THE PUBLISHED TARGET IS NOT WHAT IT SHOULD BE:", *found]
    oracle, by_hand = (len(result[whose]["tables"]) for whose in ("oracle", "by_hand"))
    return [f"the published target is what the oracle says ({oracle} of its files) and what is made by hand "
            f"({by_hand} tables)"]  # fmt: skip
