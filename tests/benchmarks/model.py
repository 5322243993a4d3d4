"""What databases would take that are larger than those measured, and how far off such arithmetic is for those.

Laws
- A part of a run takes a line over the bytes of the legacy database, drawn through the two smallest sizes measured. The
  larger ones are the test of it: predicted beside measured.
- Sorting is more than linear: judging and constraining grow by the logarithm of the rows beside.
- What one session reads or sorts alone, the largest table, takes its share of the time whatever the cores.
- The servers of LARGE are an example, and said to be one. No figure of theirs is measured.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks import figures
from tests.benchmarks.figures import Result
from tests.benchmarks.goals import MEGABYTE
from tests.benchmarks.tables import Table

GIGABYTE, HOUR = 1_000 * MEGABYTE, 3_600
SIZES = {"100 GB": 100 * GIGABYTE, "1 TB": 1_000 * GIGABYTE, "10 TB": 10_000 * GIGABYTE}
LARGEST = 0.2  # of all rows, in the largest table
MOVING, VERIFYING = "load, wave", "verify"
PREPARING = ("plan", "schema", "publish")
PARTS = ("preparing", "moving", "judging and constraining", "verifying")
Line = Callable[[float], float]


@dataclass(frozen=True)
class Servers:
    """What the servers of a large database do in a second, in bytes, and how many sessions work on each at once."""

    source_reads: float
    network: float
    target_writes: float
    sessions: int


LARGE = Servers(source_reads=2 * GIGABYTE, network=1.2 * GIGABYTE, target_writes=1 * GIGABYTE, sessions=16)


def part_of(stage: str) -> str:
    """The part of a run that a stage belongs to."""
    if stage.startswith(MOVING):
        return PARTS[1]
    if stage in PREPARING:
        return PARTS[0]
    return PARTS[3] if stage == VERIFYING else PARTS[2]


def seconds(measured: Result) -> dict[str, float]:
    """What each part of a verified build took at a size: medians of its stages, added up."""
    turns = [turn["details"]["stages"] for turn in figures.turns(measured, "verified").values()]
    found = dict.fromkeys(PARTS, 0.0)
    for stage in dict.fromkeys(name for turn in turns for name in turn):
        spread = figures.spread(turn[stage]["seconds"] for turn in turns if stage in turn)
        found[part_of(stage)] += spread.median if spread else 0.0
    return found


def lines(growth: list[Result]) -> dict[str, Line]:
    """Part → its seconds over the bytes, by the two smallest sizes."""
    small, next_ = sorted(growth, key=lambda measured: measured["bytes"])[:2]
    one, other = seconds(small), seconds(next_)
    return {part: _line((small["bytes"], one[part]), (next_["bytes"], other[part])) for part in PARTS}


def _line(one: tuple[float, float], other: tuple[float, float]) -> Line:
    slope = (other[1] - one[1]) / (other[0] - one[0])
    return lambda size: max(one[1] + slope * (size - one[0]), 0.0)


def checked(result: Result) -> Table:
    """Predicted beside measured, per size; the two that the lines go through are not shown."""
    growth = result.get("growth", [])
    head = ("rows", "MB", *(f"{part} s, predicted / measured" for part in PARTS[1:]), "all s", "off by")
    if len(growth) < 3:
        return [head]
    known, larger = lines(growth), sorted(growth, key=lambda measured: measured["bytes"])[2:]
    return [head, *(_compared(known, measured) for measured in larger)]


def _compared(known: dict[str, Line], measured: Result) -> tuple[str, ...]:
    predicted = {part: line(measured["bytes"]) for part, line in known.items()}
    taken = seconds(measured)
    off = sum(predicted.values()) / sum(taken.values()) - 1
    both = (f"{predicted[part]:,.1f} / {taken[part]:,.1f}" for part in PARTS[1:])
    whole = f"{sum(predicted.values()):,.1f} / {sum(taken.values()):,.1f}"
    return f"{measured['rows']:,}", f"{measured['bytes'] / MEGABYTE:,.0f}", *both, whole, f"{off:+.0%}"


def outgrown(result: Result) -> Table:
    """100 GB, 1 TB and 10 TB: on the machine that was measured, and on a cluster beside the example's servers."""
    head = (
        "database", "one machine h", "cluster h", "moving h", "threads of workers", "judging h", "verifying h",
        "WAL GB", "first limit",
    )  # fmt: skip
    if len(result.get("growth", [])) < 2:
        return [head]
    return [head, *(_outgrown(result, name, size) for name, size in SIZES.items())]


def _outgrown(result: Result, name: str, size: float) -> tuple[str, ...]:
    growth, cores = result["growth"], result["machine"]["cores"]
    last = max(growth, key=lambda measured: measured["bytes"])
    parts = {part: line(size) for part, line in lines(growth).items()}
    rows = last["rows"] * size / last["bytes"]
    parts[PARTS[2]] *= math.log(rows) / math.log(last["rows"])
    wal = _wal(last)
    limits = {
        "the source's disk": LARGE.source_reads, "the network": LARGE.network,
        "the target's disk": LARGE.target_writes / (1 + wal),
    }  # fmt: skip
    first = min(limits, key=lambda limit: limits[limit])
    moving, of_thread = size / limits[first], size / parts[PARTS[1]] / cores
    judging, verifying = (_shared(parts[part], cores) for part in PARTS[2:])
    return (
        name,
        _hours(sum(parts.values())),
        _hours(parts[PARTS[0]] + moving + judging + verifying),
        _hours(moving),
        f"{math.ceil(limits[first] / of_thread)}",
        _hours(judging),
        _hours(verifying),
        f"{wal * size / GIGABYTE:,.0f}",
        first,
    )


def _shared(taken: float, cores: int) -> float:
    """What took so long with as many sessions as cores, shared by the example's; never less than the largest table."""
    return taken * cores * max(1 / LARGE.sessions, LARGEST)


def _wal(measured: Result) -> float:
    """Bytes of WAL for each byte of the legacy database."""
    spread = figures.of(measured, "build", "wal_bytes")
    return spread.median / measured["bytes"] if spread else 0.0


def _hours(taken: float) -> str:
    return f"{taken / HOUR:,.1f}" if taken < 10 * HOUR else f"{taken / HOUR:,.0f}"
