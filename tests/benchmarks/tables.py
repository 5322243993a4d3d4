"""The result as tables of text, for the terminal and for the document alike. A table's first row is its head."""

from collections.abc import Iterator
from typing import Any

from tests.benchmarks import figures, goals, lanes
from tests.benchmarks.figures import Result, Spread
from tests.benchmarks.goals import MEGABYTE

Row = tuple[str, ...]
Table = list[Row]

HEAD = ("", "wall s", "min–max", "÷ dump", "client CPU s", "server CPU s", "WAL MB", "memory MB", "statements")


def contenders(result: Result) -> Table:
    """Those that move all rows, and those of a sample, whose figures are extrapolated and marked ~."""
    kept = {name: kept for name, kept in result["contenders"].items() if not kept["is_command"] and kept["turns"]}
    return [HEAD, *(_contender(result, name, found) for name, found in kept.items())]


def _contender(result: Result, name: str, kept: dict[str, Any]) -> Row:
    if kept["is_sample"]:
        return _sampled(result, name, kept["label"])
    return (
        kept["label"],
        shown(figures.of(result, name, "wall_seconds")),
        ranged(figures.of(result, name, "wall_seconds")),
        shown(figures.ratio(result, name, "dump"), 2),
        *(shown(figures.of(result, name, f"{side}_cpu_seconds")) for side in ("client", "server")),
        *(shown(figures.of(result, name, f"{size}_bytes"), 0, MEGABYTE) for size in ("wal", "peak")),
        "" if kept.get("statements") is None else f"{kept['statements']:,}",
    )


def _sampled(result: Result, name: str, label: str) -> Row:
    """The seconds that it spent copying a sample, for all rows."""
    times = result["rows"] / result["sample_rows"]
    found = figures.spread(turn["details"]["copy_seconds"] * times for turn in figures.turns(result, name).values())
    return label, f"~{shown(found)}", f"~{ranged(found)}", "", "", "", "", "", ""


def commands(result: Result) -> Table:
    """What a person waits for."""
    kept = {name: kept for name, kept in result["contenders"].items() if kept["is_command"]}
    spreads = {kept["label"]: figures.of(result, name, "wall_seconds") for name, kept in kept.items()}
    return [("", "wall s", "min–max"), *((label, shown(s, 2), ranged(s, 2)) for label, s in spreads.items())]


def of_goals(result: Result) -> Table:
    return [("goal", "figure", "min–max", "wanted", ""), *goals.rows(result)]


def stages(result: Result, contender: str) -> Table:
    """What each stage of our run took, medians over the turns, in the order in which they came."""
    turns = [turn["details"]["stages"] for turn in figures.turns(result, contender).values()]
    head = ("stage", "wall s", "client CPU s", "server CPU s", "WAL MB")
    names = list(dict.fromkeys(name for turn in turns for name in turn))
    return [head, *((name, *_stage([turn[name] for turn in turns if name in turn])) for name in names)]


def _stage(found: list[dict[str, float]]) -> Iterator[str]:
    for figure in ("seconds", "client_cpu_seconds", "server_cpu_seconds"):
        yield shown(figures.spread(stage[figure] for stage in found), 2)
    yield shown(figures.spread(stage["wal_bytes"] for stage in found), 0, MEGABYTE)


def routes(result: Result, contender: str, most: int = 20) -> Table:
    """What the dearest motions of rows took, by the books: the seconds of a route's chunks added up."""
    turns = [turn["details"]["routes"] for turn in figures.turns(result, contender).values()]
    names = sorted(turns[0], key=lambda name: -turns[0][name]["seconds"])[:most] if turns else []
    rows = [
        (name, f"{turns[0][name]['rows']:,}", f"{turns[0][name]['bytes'] / MEGABYTE:,.1f}",
         shown(figures.spread(turn[name]["seconds"] for turn in turns if name in turn), 2))
        for name in names
    ]  # fmt: skip
    return [("route", "rows", "MB", "seconds"), *rows]


def of_lanes(result: Result) -> Table:
    """Each large table by its lane alone, and piped by hand."""
    alone, piped = figures.turns(result, "lanes"), figures.turns(result, "copy")
    both = [turn for turn in alone if turn in piped]
    rows = []
    for lane in ("stream", "frame"):
        for route, table in lanes.large(result, lane).items():
            ours = {turn: alone[turn]["details"]["lanes"][route]["seconds"] for turn in both}
            hand = {turn: lanes.piped_seconds(piped[turn], table) for turn in both}
            ratio = figures.spread(ours[turn] / hand[turn] for turn in both)
            rows.append((route, lane, *(shown(figures.spread(s.values()), 2) for s in (ours, hand)), shown(ratio, 2)))
    return [("route", "lane", "alone s", "COPY into COPY s", "ratio"), *rows]


def growth(result: Result) -> Table:
    """Time and memory per size."""
    head = (
        "rows",
        "dump and restore s",
        "build s",
        "÷ dump",
        "µs a row",
        "memory MB",
        "verified s",
        "÷ build",
        "memory MB ",
        "measured, turns",
    )
    return [head, *(_size(measured) for measured in result.get("growth", []))]


def _size(measured: Result) -> Row:
    build, rows = figures.of(measured, "build", "wall_seconds"), measured["rows"]
    return (
        f"{rows:,}",
        shown(figures.of(measured, "dump", "wall_seconds")),
        shown(build),
        shown(figures.ratio(measured, "build", "dump"), 2),
        shown(build, 1, rows / 1_000_000),
        shown(figures.of(measured, "build", "peak_bytes"), 0, MEGABYTE),
        shown(figures.of(measured, "verified", "wall_seconds")),
        shown(figures.ratio(measured, "verified", "build"), 2),
        shown(figures.of(measured, "verified", "peak_bytes"), 0, MEGABYTE),
        f"{measured['started_at'][:16].replace('T', ' ')}, {measured['times']}",
    )


def shown(found: Spread | None, digits: int = 1, unit: float = 1) -> str:
    """The median, in the unit; nothing where there is none."""
    return "" if found is None else f"{found.median / unit:,.{digits}f}"


def ranged(found: Spread | None, digits: int = 1) -> str:
    return "" if found is None else f"{found.least:,.{digits}f}–{found.most:,.{digits}f}"
