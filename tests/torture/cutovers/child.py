"""What runs in a process of its own, to be struck: a round of a following, and a cut-over that holds still at a moment.

What it tells its parent: ("at", moment) once it is there, and waits to be told to go on; ("ended", code, text, told).
"""

import contextlib
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ClassVar

from config.errors import MigrateError
from config.settings import Settings
from engine import sync as syncing
from engine.cutover.cutover import Cutting, cutover
from engine.session.execution import Silent
from engine.session.stop import STOP
from flows.local.stopping import on_signal
from flows.runs import work
from tests.support.auditors import trusting
from tests.support.failpoints import points
from tests.support.failpoints.actions import ACTIONS
from tests.support.failpoints.arming import Strike, arm
from tests.torture.cutovers.moments import Moment

_processes = multiprocessing.get_context("forkserver")
# All that a child imports, once: that takes as long as a round of its own.
_processes.set_forkserver_preload(["tests.torture.cutovers.play", "checks.delta.delta"])


class Listening(Silent):
    """Keeps what it is told, for whoever asks why something failed."""

    heard: ClassVar[list[str]] = []

    def message(self, text: str) -> None:
        self.heard.append(text)


@dataclass
class Held(Strike):
    """Tells the parent, waits until it has done what it means to do, and goes on; or does the action itself.

    locked: says whether the lock was had; None where that does not matter."""

    locked: list[bool] | None = None
    told: Connection | None = None

    def pass_by(self, arguments: tuple[object, ...]) -> None:
        if self.locked is not None and not self.locked:
            return
        super().pass_by(arguments)

    def strike(self, arguments: tuple[object, ...]) -> None:
        assert self.told is not None
        self.told.send(("at", self.point))
        with contextlib.suppress(EOFError):
            self.told.recv()
        if self.action in ACTIONS:
            ACTIONS[self.action](arguments)


@dataclass
class Marking(Strike):
    """Remembers that the lock was had."""

    locked: list[bool] | None = None

    def strike(self, arguments: tuple[object, ...]) -> None:
        assert self.locked is not None
        self.locked.append(True)


@dataclass(frozen=True)
class Ended:
    """How a process ended. code: of exit; said: its error's text; late, pause: see engine.cutover.waiting."""

    code: int | None
    said: str = ""
    late: tuple[tuple[str, int], ...] | None = None
    pause: float | None = None


class Child:
    """One process. told: what it says."""

    def __init__(self, task: Callable[..., Any], *arguments: object):
        self._ours, theirs = _processes.Pipe()
        self.process: BaseProcess = _processes.Process(target=_run, args=(theirs, task, *arguments), daemon=True)
        self.process.start()
        theirs.close()
        self._end: tuple[Any, ...] = ()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def is_at(self, seconds: float) -> bool:
        """Whether it comes to its moment within so many seconds; it holds still there."""
        until = time.monotonic() + seconds
        while self._ours.poll(max(0.0, until - time.monotonic())):
            try:
                said = self._ours.recv()
            except (EOFError, OSError):
                return False
            if said[0] == "at":
                return True
            self._end = said
        return False

    def go_on(self) -> None:
        with contextlib.suppress(OSError):
            self._ours.send("go")

    def wait(self, seconds: float) -> Ended | None:
        """Its end; None if it has not come by then."""
        self.is_at(0)
        self.process.join(seconds)
        if self.process.exitcode is None:
            return None
        self.is_at(0)
        _, said, late, pause = self._end or (None, "", None, None)
        return Ended(self.process.exitcode, said, late, pause)

    def kill(self) -> None:
        self.process.kill()
        self.process.join()


def _run(told: Connection, task: Callable[..., Any], *arguments: object) -> None:
    try:
        with on_signal(STOP):
            ended = task(told, *arguments)
        told.send(("ended", "", *(ended or (None, None))))
    except MigrateError as error:
        told.send(("ended", " | ".join([str(error), *Listening.heard]), None, None))
        raise SystemExit(error.exit_code) from None
    except Exception as error:
        told.send(("ended", " | ".join([f"{type(error).__name__}: {error}", *Listening.heard]), None, None))
        raise SystemExit(1) from None


def follow(_: Connection, settings: Settings) -> None:
    """One round."""
    syncing.sync(settings, syncing.Following(rounds=1, auditor=trusting, watch=Listening()))


def cut(told: Connection, settings: Settings, budget: float, moment: Moment | None, action: str) -> tuple[Any, float]:
    """A cut-over. moment: where it holds still; action: what it then does itself, or nothing."""
    if moment is not None:
        locked: list[bool] = []
        is_late = moment.is_locked
        arm(Marking("after_cutover_lock", 1, "", locked=locked))
        arm(Held(moment.point, moment.turn, action, locked=locked if is_late else None, told=told))
        assert moment.point in points.POINTS
    with work.delta_auditor(settings, STOP) as judge:
        made = cutover(settings, Cutting(budget=budget, auditor=trusting, delta_auditor=judge, watch=Listening()))
    return made.late, made.pause.seconds
