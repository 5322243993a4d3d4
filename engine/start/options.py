"""The options of one attempt at a run, and the caller's parties to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.chunks.work import Work
from engine.gates.approval import Desk, NoDesk
from engine.gates.gates import Auditor
from engine.session.execution import Silent, Watch, Workers


def _nobody(work: Work) -> None:
    """Hears of a run and does nothing."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a person may ask of an attempt, and the parties that the caller brings along.

    run_id: the run to resume. resume: the latest run, if it left something to go on with. Either goes on under its own
    profile.
    certificate: file of the rehearsal that the run is held to; without one the profile says whether the latest in the
    target's books has to be there.
    approve: wait for a person's approval before the publish, also where the profile does not say so, and at every later
    attempt at this run.
    only_build: end when the build is made, in state `built`: whoever asks for that judges and publishes it later.
    verify_anyway: build although the rehearsal's figures say that a gate will be closed, and verify although one is.
    auditor: without one nothing is published: a dry-run ends well, any other is refused. workers: by default threads.
    desk: where approval may be given besides the books. begun: hears of the run as soon as it has an id, and may not
    raise.
    """

    run_id: str | None = None
    resume: bool = False
    dry_run: bool = False
    approve: bool = False
    certificate: str | Path | None = None
    verify_anyway: bool = False
    only_build: bool = False
    auditor: Auditor | None = None
    workers: Workers | None = None
    watch: Watch = field(default_factory=Silent)
    desk: Desk = field(default_factory=NoDesk)
    begun: Callable[[Work], None] = _nobody
