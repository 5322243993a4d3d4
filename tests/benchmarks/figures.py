"""Medians, spreads and ratios of what was measured.

Law: a ratio of two contenders is taken within each turn, for a machine's speed drifts; what is told is the median of
the ratios and their least and most.
"""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Result = dict[str, Any]
Turn = dict[str, Any]


@dataclass(frozen=True)
class Spread:
    """The median of some figures, the least and the most."""

    median: float
    least: float
    most: float


def spread(figures: Iterable[float]) -> Spread | None:
    """None where there are none."""
    found = sorted(figures)
    return Spread(statistics.median(found), found[0], found[-1]) if found else None


def turns(result: Result, contender: str) -> dict[int, Turn]:
    """What a contender took in each turn; empty where it took no part."""
    found = result.get("contenders", {}).get(contender, {"turns": []})["turns"]
    return {turn["turn"]: turn for turn in found}


def of(result: Result, contender: str, figure: str) -> Spread | None:
    """A figure of a contender over all turns."""
    return spread(turn[figure] for turn in turns(result, contender).values())


def ratio(result: Result, one: str, other: str, figure: str = "wall_seconds") -> Spread | None:
    """One contender's figure through another's."""
    return ratio_of(result, (one, lambda turn: turn[figure]), (other, lambda turn: turn[figure]))


Side = tuple[str, Callable[[Turn], float]]


def ratio_of(result: Result, one: Side, other: Side) -> Spread | None:
    """What is read of one contender's turn through what is read of another's; of the turns that both have."""
    ones, others = turns(result, one[0]), turns(result, other[0])
    both = [turn for turn in ones if turn in others]
    return spread(one[1](ones[turn]) / other[1](others[turn]) for turn in both)


def faults(result: Result) -> list[str]:
    """Where the published target is not what it should be."""
    return [fault for whose in ("oracle", "by_hand") for fault in result[whose]["faults"]]
