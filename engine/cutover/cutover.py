"""The cut-over of a build that follows its source.

Laws
- Every failure before the target's commit leaves both sides as they were, and the writers go on.
- What is found on the source after the fence is told, never ignored.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.errors import ConfigError
from config.settings import Settings
from engine.chunks.work import Work
from engine.gates.approval import Desk, NoDesk
from engine.gates.gates import Auditor
from engine.gates.summary import Summary
from engine.session.execution import Silent, Watch, Workers

FENCES = ("lock", "operator")


def _nobody(_: Work) -> None:
    """Hears of a run and does nothing."""


def _at_once() -> None:
    """Nobody is waited for."""


@dataclass(frozen=True, kw_only=True)
class Cutting:
    """What a person may ask of a cut-over, and the parties that the caller brings along.

    run_id: whose build; without one the open build of this target. budget: the most seconds that writers wait.
    fence: `lock` keeps writers away by itself, `operator` proves that they are silent. terminate_after: end sessions
    that have kept the lock away for so many seconds. approve: wait for a person before the cut-over. delta_auditor:
    judges what the last rounds have written. stopped: with the fence `operator`, comes back once he has stopped the
    writers; called when all is verified and only silence is to be proven. auditor, workers, watch, desk, begun: see
    engine.start.options.
    """

    run_id: str | None = None
    budget: float = 10.0
    fence: str = "lock"
    terminate_after: float | None = None
    approve: bool = False
    auditor: Auditor | None = None
    delta_auditor: Callable[..., dict[str, Any]] | None = None
    workers: Workers | None = None
    watch: Watch = field(default_factory=Silent)
    desk: Desk = field(default_factory=NoDesk)
    begun: Callable[[Work], None] = _nobody
    stopped: Callable[[], None] = _at_once


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


def cutover(settings: Settings, cutting: Cutting) -> CutOver:
    """Keep writers away, apply and verify the last round, publish. Errors: every kind of config.errors."""
    raise ConfigError("not built yet")
