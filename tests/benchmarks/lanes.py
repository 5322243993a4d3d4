"""Each lane by itself: the engine's own function for a chunk, one chunk after the other, with a meter on each.

Laws
- It is a whole run of the engine: only who runs the chunks is another, so plan, snapshot, lookups and ledger are those
  of any run.
- While a chunk is moved nothing else of the run is under way, as while a table is piped by hand.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from engine.chunks.work import Chunk, Work
from engine.session.execution import Threads
from tests.benchmarks.figures import Result, Spread, Turn, ratio_of, turns

Item = TypeVar("Item")
Done = TypeVar("Done")
Reading = tuple[float, ...]
FIGURES = ("seconds", "client_cpu_seconds", "server_cpu_seconds", "wal_bytes")
LARGE = 0.01  # of all rows: starting a chunk weighs too much in smaller tables


class OneByOne(Threads):
    """Workers that move chunks one at a time, and read the meters around each."""

    def __init__(self, count: int, read: Callable[[], Reading]):
        super().__init__(count)
        self._read, self._alone = read, threading.Lock()
        self._work: Work | None = None
        self.routes: dict[str, dict[str, Any]] = {}

    def begun(self, work: Work) -> None:
        self._work = work

    def map(self, name: str, function: Callable[[Item], Done], items: Sequence[Item]) -> list[Done]:
        if self._work is None or not all(isinstance(item, Chunk) for item in items):
            return super().map(name, function, items)
        return [self._measured(self._work, function, item) for item in items]

    def _measured(self, work: Work, function: Callable[[Item], Done], item: Item) -> Done:
        if not isinstance(item, Chunk):
            raise TypeError(f"{item!r} is no chunk")
        route = work.route(item.route)
        facts = {"lane": route.lane, "table": route.legacy_table, **dict.fromkeys(FIGURES, 0.0)}
        with self._alone:
            before = self._read()
            done = function(item)
            sums = self.routes.setdefault(route.name, facts)
            for figure, one, other in zip(FIGURES, before, self._read(), strict=True):
                sums[figure] += other - one
        return done


def ratio(result: Result, lane: str) -> Spread | None:
    """What the lane took of its large tables through what piping the same tables by hand took, turn by turn.

    By hand two programs are started for each table; what that takes, as of an empty table, is not counted.
    """
    tables = large(result, lane)

    def moved(turn: Turn) -> float:
        return float(sum(turn["details"]["lanes"][route]["seconds"] for route in tables))

    def piped(turn: Turn) -> float:
        return sum(piped_seconds(turn, table) for table in tables.values())

    return ratio_of(result, ("lanes", moved), ("copy", piped)) if tables else None


def piped_seconds(turn: Turn, table: str) -> float:
    """Of a turn of piping by hand: one table's, but for the start of the two programs."""
    details = turn["details"]
    return float(details["tables"][table] - details["empty_seconds"])


def large(result: Result, lane: str) -> dict[str, str]:
    """The lane's routes of many rows, each with its legacy table."""
    least = result["rows"] * LARGE
    details: dict[str, Any] = next((turn["details"] for turn in turns(result, "lanes").values()), {"lanes": {}})
    return {
        name: route["table"]
        for name, route in details["lanes"].items()
        if route["lane"] == lane and details["routes"][name]["rows"] >= least
    }
