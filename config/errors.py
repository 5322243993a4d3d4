"""Every error a user can meet, and the exit code it ends with.

An error says what was found, what was wanted, and what to do. It never holds a password or a value of a row.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from config import printable


class MigrateError(Exception):
    """Base of all of the project's errors. sqlstate: of the server's error that caused it; retryable: another attempt
    may succeed; column: the one whose value the server refused, if it says so."""

    exit_code = 1
    sqlstate = ""
    retryable = False
    column: str | None = None


class ConfigError(MigrateError):
    """Usage or configuration: an unset or malformed URL, an unknown setting."""

    exit_code = 2


class PlanRefused(MigrateError):
    """The source or the target lacks what the plan needs. `faults` holds all faults, one sentence each."""

    exit_code = 3

    def __init__(self, faults: list[str]):
        self.faults = list(faults)
        super().__init__("refused:\n" + "\n".join(f"  - {printable.line(fault)}" for fault in self.faults))


class SourceError(MigrateError):
    """The source is unreachable or failed."""

    exit_code = 4


class TargetError(MigrateError):
    """The target is unreachable or failed."""

    exit_code = 5


class StagingError(TargetError):
    """The staging database, which takes the rehearsal copy, is unreachable or failed."""


class Known(Protocol):
    """The run that an error is about, as far as it is known."""

    def to_dict(self) -> dict[str, Any]: ...


class VerificationFailed(MigrateError):
    """Something in a reachable target is wrong, or a gate is closed.

    faults: the closed gates, one text each. Of a run that was refused, summary: what is known of it
    (engine.gates.summary.Summary), and report: what was made of that (flows.runs.work). scan: of a copy that holds what
    it should not, what was found.
    """

    exit_code = 6
    faults: Sequence[str] = ()
    summary: Known | None = None
    report: dict[str, Any] | None = None
    scan: dict[str, Any] | None = None


class NotAllCompared(MigrateError):
    """A verification found nothing wrong, but could not compare everything, or was told not to."""

    exit_code = 8


class TargetBusy(MigrateError):
    """Another run holds this target."""

    exit_code = 7


class Interrupted(MigrateError):
    """The run was asked to stop; it can be resumed."""

    exit_code = 130
