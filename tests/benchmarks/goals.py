"""What is wanted of the figures, and whether it is met. Nothing here is measured; all is computed from the result."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tests.benchmarks import figures, lanes
from tests.benchmarks.figures import Result, Spread

MEGABYTE = 1_000_000
SMALL, MIDDLE, LARGE = 500_000, 2_000_000, 5_000_000
Read = Callable[[Result], Spread | None]


@dataclass(frozen=True)
class Goal:
    """The figure's median is to be at most the limit, or at least that. unit: s, MB or nothing."""

    name: str
    limit: float
    figure: Read
    which: Literal["≤", "≥"] = "≤"
    unit: str = ""

    def is_met(self, found: Spread) -> bool:
        return found.median <= self.limit if self.which == "≤" else found.median >= self.limit


def of_size(result: Result, rows: int) -> Result | None:
    """What was measured at a size: by itself, or else among the growth."""
    found = [result, *result.get("growth", [])]
    return next((measured for measured in found if measured.get("wanted_rows") == rows), None)


def at(rows: int, figure: Read) -> Read:
    """The figure at a size; none where that was not measured."""

    def read(result: Result) -> Spread | None:
        measured = of_size(result, rows)
        return None if measured is None else figure(measured)

    return read


def seconds(contender: str) -> Read:
    return lambda result: figures.of(result, contender, "wall_seconds")


def memory(result: Result) -> Spread | None:
    """In megabytes."""
    return figures.spread(turn["peak_bytes"] / MEGABYTE for turn in figures.turns(result, "build").values())


def grown(figure: Read) -> Read:
    """The largest size's median through the smallest's; they are of different runs, so there is no spread."""

    def read(result: Result) -> Spread | None:
        small, large = at(SMALL, figure)(result), at(LARGE, figure)(result)
        return figures.spread([large.median / small.median]) if small and large else None

    return read


def pandas_per_row(result: Result) -> Spread | None:
    """Without pandas' own start; ours is the whole process."""
    if "sample_rows" not in result:
        return None
    share = result["sample_rows"] / result["rows"]
    pandas = ("pandas", lambda turn: turn["details"]["copy_seconds"])
    return figures.ratio_of(result, pandas, ("build", lambda turn: turn["wall_seconds"] * share))


GOALS = (
    Goal("build ÷ dump and restore, 2 M rows", 2.0, at(MIDDLE, lambda r: figures.ratio(r, "build", "dump"))),
    Goal(
        "build with full verification ÷ build, 5 M rows",
        1.6,
        at(LARGE, lambda r: figures.ratio(r, "verified", "build")),
    ),
    Goal("stream lane ÷ COPY into COPY of the same tables", 1.05, lambda r: lanes.ratio(r, "stream")),
    Goal("frame lane ÷ COPY into COPY of the same tables", 1.6, lambda r: lanes.ratio(r, "frame")),
    Goal("WAL of the build ÷ that of dump and restore", 1.4, lambda r: figures.ratio(r, "build", "dump", "wal_bytes")),
    Goal("build at 5 M rows ÷ build at 0.5 M", 9, grown(seconds("build"))),
    Goal("peak memory of the build at 0.5 M rows", 350, at(SMALL, memory), unit="MB"),
    Goal("peak memory of the build at 2 M rows", 350, at(MIDDLE, memory), unit="MB"),
    Goal("peak memory of the build at 5 M rows", 350, at(LARGE, memory), unit="MB"),
    Goal("peak memory at 5 M rows ÷ at 0.5 M", 1.1, grown(memory)),
    Goal("`make demo` after set-up, 100,000 rows", 15, seconds("demo"), unit="s"),
    Goal("an empty legacy database to published", 5, seconds("empty"), unit="s"),
    Goal("`--help`", 0.3, seconds("help"), unit="s"),
    Goal("`status`", 1, seconds("status"), unit="s"),
    Goal("pandas read_sql and to_sql ÷ the build, per row", 60, pandas_per_row, which="≥"),
)


def rows(result: Result) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, figure, its range, what is wanted, whether it is met."""
    for goal in GOALS:
        found, wanted = goal.figure(result), f"{goal.which} {goal.limit:g} {goal.unit}".rstrip()
        if found is None:
            yield goal.name, "not measured", "", wanted, ""
        else:
            digits = 0 if goal.unit == "MB" else 2
            figure = f"{found.median:.{digits}f} {goal.unit}".rstrip()
            spread = f"{found.least:.{digits}f}–{found.most:.{digits}f}" if found.least < found.most else ""
            yield goal.name, figure, spread, wanted, "met" if goal.is_met(found) else "missed"
