"""A build that follows its source: rounds of what was written since, until it is cut over or given up.

Laws
- Nothing is published here; what a round applies commits with the round's record.
- A run that follows ends with its build open, in state `built`; the next call goes on where it stopped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from config.errors import ConfigError
from config.settings import Settings
from engine.chunks.work import Work
from engine.gates.gates import Auditor
from engine.gates.summary import Summary
from engine.session.execution import Silent, Watch, Workers

NOT_BUILT = "not built yet"


@dataclass(frozen=True)
class Round:
    """One round that was applied.

    parts: scan, read, judge, apply → seconds. read, gone: legacy table → rows read anew, and keys gone. whole: legacy
    table → why all of it was read. inserted, updated, deleted: rows of the build. rejected: of the run, now. behind:
    rows written to the source between this snapshot and the one before. lag: seconds from the snapshot to the round's
    end. pause: how many seconds a cut-over would keep writers waiting, as far as that can be said.
    """

    number: int
    seconds: float
    parts: Mapping[str, float]
    read: Mapping[str, int]
    gone: Mapping[str, int]
    whole: Mapping[str, str]
    inserted: int
    updated: int
    deleted: int
    rejected: int
    behind: int
    lag: float
    pause: float | None


def _nobody(_: object) -> None:
    """Hears and does nothing."""


@dataclass(frozen=True, kw_only=True)
class Following:
    """What a person may ask of a following, and the parties that the caller brings along.

    run_id: whose build follows; without one the open build of this target, else one is made first. rounds: so many,
    then it ends; without a number it goes on until it is asked to stop. every: seconds from one round's beginning to
    the next. auditor, workers, watch, begun: see engine.start.options. heard: hears of each round once it is applied,
    and may not raise.
    """

    run_id: str | None = None
    rounds: int | None = None
    every: float = 30.0
    auditor: Auditor | None = None
    workers: Workers | None = None
    watch: Watch = field(default_factory=Silent)
    begun: Callable[[Work], None] = _nobody
    heard: Callable[[Round], None] = _nobody


def sync(settings: Settings, following: Following) -> Summary:
    """Make a build, or take the one that is open, and have it follow its source.

    A request to stop ends it after the round in hand. Errors: every kind of config.errors.
    """
    raise ConfigError(NOT_BUILT)


def redrive(settings: Settings, run_id: str, following: Following) -> Summary:
    """Drive a run's rejects once more, whose source was mended. Errors: every kind of config.errors."""
    raise ConfigError(NOT_BUILT)


def abort(settings: Settings, run_id: str | None = None) -> str:
    """Give up following: the build goes, the books stay. Returns the run's id. Errors: ConfigError, TargetError."""
    raise ConfigError(NOT_BUILT)
