"""What is told of a cut-over: the time for which writers waited, step by step, and what came of it."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from engine.cutover.lock import Locked
from engine.gates.summary import Summary


@dataclass(frozen=True)
class Pause:
    """How long writers waited. steps: name and seconds of each, in order. seconds: from the lock that was had to its
    end. tries: for the lock. ended_sessions: of others, that were ended for it."""

    steps: tuple[tuple[str, float], ...]
    seconds: float
    began: datetime
    tries: int
    ended_sessions: tuple[str, ...]


@dataclass(frozen=True)
class CutOver:
    """late: legacy table → writes found there after the fence."""

    summary: Summary
    pause: Pause
    late: tuple[tuple[str, int], ...]


@dataclass
class Waiting:
    """The time for which writers wait, under way. steps: name and seconds, in order."""

    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)
    steps: list[tuple[str, float]] = field(default_factory=list)
    tries: int = 0
    ended: tuple[str, ...] = ()
    at: float = field(default_factory=time.monotonic)

    def step(self, name: str) -> None:
        now = time.monotonic()
        self.steps.append((name, round(now - self.at, 3)))
        self.at = now

    def locked(self, lock: Locked) -> None:
        self.began, self.started, self.tries, self.ended = lock.had_on, lock.had_at, lock.tries, lock.ended
        self.steps = [("lock", round(lock.had_at - lock.asked_at, 3))]
        self.at = time.monotonic()

    def pause(self) -> Pause:
        seconds = round(time.monotonic() - self.started, 3)
        return Pause(tuple(self.steps), seconds, self.began, self.tries, self.ended)
