"""How far a command has come, and how long it will still take: seconds that are gone against seconds that are expected.

Laws
- The share is time: at 50 % half of the time is gone. What a stage takes is expected from weights that were measured
  once, by what earlier runs of the profile took, and by how this run compares with both so far.
- The share never falls, but where another attempt begins; it is 1 once the command has ended well, and not before.
- Where nothing sensible can be said of the time left, nothing is.
- Pure but for its clock, and called from many threads.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.books.pace import Pace

MILLION = 1_000_000
MOST = 0.99  # what is shown while work is under way
WAITS = {"approval"}  # stages that wait for a person: nobody knows how long
# How much of the whole has to be seen before it counts as much as what was expected of it.
TRUST_KNOWN, TRUST_MEASURED = 0.5, 0.1
OVERDUE = 0.1  # of what was expected: left of a stage that has taken all of it


@dataclass(frozen=True)
class Weight:
    """Seconds that a stage takes on the machine of docs/performance.md: a run's, and a million rows'."""

    of_run: float
    of_million: float = 0.0

    def seconds(self, rows: float, runs: int = 1) -> float:
        return self.of_run * runs + self.of_million * rows / MILLION


Weights = Mapping[str, Weight]  # in the order of the stages

# Fitted to docs/performance.json, between 500,000 and 5,000,000 rows.
BUILD: Weights = {
    "plan": Weight(1.2, 0.2),
    "schema": Weight(0.4, 0.1),
    "load, wave 1": Weight(1.2, 3.0),
    "after wave 1": Weight(0.1, 0.17),
    "judge wave 1": Weight(0.2, 1.7),
    "load, wave 2": Weight(0.1, 0.6),
    "after wave 2": Weight(0.05, 0.6),
    "judge wave 2": Weight(0.1, 0.9),
    "load, wave 3": Weight(0.2, 1.2),
    "after wave 3": Weight(0.02),
    "follow": Weight(0.05, 0.11),
    "judge wave 3": Weight(0.1, 0.83),
    "constraints": Weight(0.05),
    "constraints: not null": Weight(0.03),
    "constraints: check": Weight(0.01),
    "constraints: key": Weight(0.01),
    "constraints: index": Weight(0.1, 0.65),
    "constraints: foreign key": Weight(0.02),
    "constraints: validate": Weight(0.05, 0.25),
    "constraints: comment": Weight(0.01),
    "constraints: owner": Weight(0.01),
    "figures": Weight(0.05, 0.09),
    "renames": Weight(0.1, 0.08),
    "analyze": Weight(0.25, 0.06),
    "judge": Weight(0.1, 0.17),
    "verify": Weight(3.0, 10.3),
}
VERIFICATION: Weights = {"verify": BUILD["verify"]}
REHEARSAL: Weights = {**BUILD, "publish": Weight(0.5, 0.5)}
MIGRATION: Weights = {
    **BUILD,
    "approval": Weight(0.0),
    "publish": Weight(0.3),
    "statistics": Weight(0.5, 0.6),
}
# Of a copy of 500,000 rows.
STAGING: Weights = {
    "look": Weight(1.0, 0.1),
    "define": Weight(0.5),
    "draw": Weight(0.2, 1.0),
    "rows": Weight(0.5, 24.0),
    "constrain": Weight(1.0, 3.5),
    "count": Weight(0.1, 0.2),
    "prove": Weight(1.0, 56.0),
}
CUTOVER: Weights = {
    "verify": BUILD["verify"],
    "approval": Weight(0.0),
    "cut-over": Weight(3.0, 0.5),
    "statistics": MIGRATION["statistics"],
}
REHEARSED_CUTOVER: Weights = {**BUILD, "cut-over": CUTOVER["cut-over"]}
ROLLBACK: Weights = {"rollback": Weight(1.0)}


@dataclass(frozen=True)
class View:
    """How things stand. share: of the whole; seconds_left: None where nothing can be said; seconds: since the command
    began, stage_seconds since the stage did.

    done, total, what: parts of the stage, where it has any that are counted. standing: of work that has no end of its
    own, how it stands.
    """

    share: float
    seconds_left: float | None
    seconds: float
    stage: str
    stage_seconds: float
    done: int = 0
    total: int = 0
    what: str = ""
    standing: str = ""

    @property
    def percent(self) -> int:
        return int(self.share * 100)


@dataclass
class Current:
    """The stage under way. share: of its work that is done, None where nobody counts it."""

    name: str
    began: float
    done: int = 0
    total: int = 0
    what: str = ""
    share: float | None = None


@dataclass
class Estimate:
    """Hears what a Watch hears, and says how far that is."""

    clock: Callable[[], float] = time.monotonic
    weights: dict[str, Weight] = field(default_factory=dict)
    paces: Mapping[str, Pace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._began = self.clock()
        self._worked_from: float | None = None  # what comes before the first stage is no part of the work
        self._current: Current | None = None
        self._rows, self._tables = 0.0, dict[str, int]()
        self._spent, self._wanted = 0.0, 0.0  # seconds of stages that have ended, and what was expected of them
        self._waited = 0.0
        self._is_known = self._is_over = False
        self._shown = 0.0
        self._standing = ""

    def expect(self, weights: Weights) -> None:
        """These stages are to come, after those that are expected already."""
        with self._lock:
            self.weights |= {name: weight for name, weight in weights.items() if name not in self.weights}

    def learn(self, rows: float, paces: Mapping[str, Pace]) -> None:
        """About how many rows there are, and what earlier runs took."""
        with self._lock:
            self._rows, self.paces = max(rows, 0.0), {**self.paces, **paces}
            self._is_known = self._is_known or self._rows > 0

    def stage(self, name: str) -> None:
        with self._lock:
            before, now = self._current, self.clock()
            self._worked_from = now if self._worked_from is None else self._worked_from
            if before:
                self._close(before, now)
                if name in self.weights and self._place(name) <= self._place(before.name):
                    self._shown = 0.0  # another attempt
            self._current = Current(name, now)

    def _close(self, stage: Current, now: float) -> None:
        if stage.name in WAITS:
            self._waited += now - stage.began
        elif stage.name in self.weights:
            self._spent += now - stage.began
            self._wanted += self._expected(stage.name)

    def table(self, name: str, rows: int) -> None:
        with self._lock:
            self._tables[name] = max(rows, 0)

    def advance(self, rows: int) -> None:
        with self._lock:
            if (stage := self._current) and stage.what == "rows":
                stage.done += rows
                stage.share = min(stage.done / stage.total, 1.0) if stage.total else None

    def steps(self, done: int, total: int, what: str, share: float | None = None) -> None:
        with self._lock:
            self._is_known = True
            if stage := self._current:
                stage.done, stage.total, stage.what = done, total, what
                stage.share = share if share is not None else done / total if total else None

    def follow(self, standing: str, share: float | None) -> None:
        """What is under way has no end that could be foreseen; so it stands, and so much is done of what was asked."""
        with self._lock:
            self._standing, self._shown = standing, min(share or MOST, MOST)

    def end(self) -> None:
        """The command has ended well."""
        with self._lock:
            self._is_over = True

    def view(self) -> View:
        with self._lock:
            now, stage = self.clock(), self._current or Current("", self._began)
            is_waiting = stage.name in WAITS
            began = now if self._worked_from is None else self._worked_from
            gone = now - began - self._waited - (now - stage.began if is_waiting else 0.0)
            left = self._left(stage, now) if self._is_known and not self._standing else None
            if self._is_over:
                self._shown = 1.0
            elif left is not None:
                self._shown = max(self._shown, min(gone / max(gone + left, 0.001), MOST))
            left = None if is_waiting or self._is_over or left is None or left < 1 else left
            spent, parts = now - stage.began, (min(stage.done, stage.total), stage.total, stage.what)
            return View(self._shown, left, now - self._began, stage.name, spent, *parts, self._standing)

    def _left(self, stage: Current, now: float) -> float:
        """Seconds left of the stage and of all that follow it."""
        spent = 0.0 if stage.name in WAITS else now - stage.began
        whole, share = self._expected(stage.name), stage.share or 0.0
        trust = (TRUST_KNOWN if self.paces else TRUST_MEASURED) * sum(map(self._expected, self.weights))
        reached = share * whole * share + (1 - share) * min(whole, spent)
        pace = (trust + self._spent + spent) / ((trust + self._wanted + reached) or 1.0)
        later = sum(self._expected(name) for name in list(self.weights)[self._place(stage.name) + 1 :])
        return pace * later + _of_stage(whole * pace, spent, stage.share)

    def _place(self, name: str) -> int:
        """-1 for a stage that nobody expected: all of them follow it, or have been seen."""
        names = list(self.weights)
        return names.index(name) if name in self.weights else -1

    def _expected(self, name: str) -> float:
        """Seconds that a stage was expected to take before this command began it."""
        weight = self.weights.get(name)
        return weight.seconds(max(self._rows, sum(self._tables.values()))) * self._factor(name) if weight else 0.0

    def _factor(self, name: str) -> float:
        """How much longer the stage took in earlier runs than its weight says; as all of them where it took none."""
        known = {each: pace for each, pace in self.paces.items() if each in self.weights}
        counted = {name: known[name]} if name in known else known
        said = sum(self.weights[each].seconds(pace.rows, pace.runs) for each, pace in counted.items())
        return sum(pace.seconds for pace in counted.values()) / said if said else 1.0


def _of_stage(expected: float, spent: float, share: float | None) -> float:
    """Seconds left of a stage: what was expected of it counts less, the more of its work is seen to be done."""
    if share is None:
        return max(expected - spent, expected * OVERDUE)
    measured = spent / share if share else 0.0
    return ((1 - share) * max(expected, spent) + share * measured) * (1 - share)


def spoken(seconds: float) -> str:
    """A span of time for people, no more exact than anybody can tell: 1 h 05 min, 2 min 10 s, 40 s, 3 s."""
    if seconds >= 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"
    if seconds >= 60:
        rounded = round(seconds / 5) * 5
        return f"{rounded // 60} min {rounded % 60:02} s"
    return f"{seconds:.0f} s"
