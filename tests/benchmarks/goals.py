"""What is wanted of the figures, and whether it is met. Nothing here is measured; all is computed from the result."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.benchmarks import figures
from tests.benchmarks.figures import Result, Spread


@dataclass(frozen=True)
class Goal:
    """limit: the figure's median is to be at most that, or at least that where more is better."""

    name: str
    limit: float
    figure: Callable[[Result], Spread | None]
    is_least: bool = False
    unit: str = ""

    def is_met(self, found: Spread) -> bool:
        return found.median >= self.limit if self.is_least else found.median <= self.limit


GOALS = (
    Goal("build ÷ dump and restore", 2.0, lambda r: figures.ratio(r, "build", "dump")),
    Goal("build with full verification ÷ build", 1.6, lambda r: figures.ratio(r, "verified", "build")),
    Goal("WAL of the build ÷ that of dump and restore", 1.4, lambda r: figures.ratio(r, "build", "dump", "wal_bytes")),
)


def rows(result: Result) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, figure, its range, what is wanted, whether it is met."""
    for goal in GOALS:
        found = goal.figure(result)
        wanted = f"{'≥' if goal.is_least else '≤'} {goal.limit:g}{goal.unit}"
        if found is None:
            yield goal.name, "not measured", "", wanted, ""
        else:
            met = "met" if goal.is_met(found) else "missed"
            yield goal.name, f"{found.median:.2f}{goal.unit}", f"{found.least:.2f}–{found.most:.2f}", wanted, met
