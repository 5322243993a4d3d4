"""A call that may never end, such as one to a server behind a network that is gone, and how it is given up."""

import threading
import time
from collections.abc import Callable
from typing import Generic, Self, TypeVar

import psycopg

MOMENT_SECONDS = 0.5  # that a call has in any case

Answer = TypeVar("Answer")


class Asking(Generic[Answer]):
    """A call that may never end, in a thread of its own."""

    def __init__(self, ask: Callable[[], Answer]):
        self._ask, self._began, self._ended = ask, time.monotonic(), threading.Event()
        self._answers: list[Answer] = []
        self._error: BaseException | None = None

    def start(self) -> Self:
        threading.Thread(target=self._run, name="ask", daemon=True).start()
        return self

    def ends_within(self, seconds: float) -> bool:
        """Whether it ends in time, in whatever way."""
        return self._ended.wait(seconds)

    def give_up(self) -> None:
        """Wait no longer, once it has had a moment. Called as often as anybody likes."""
        if time.monotonic() - self._began > MOMENT_SECONDS:
            self._ended.set()

    def result(self, seconds: float) -> Answer:
        """Errors: its own; psycopg.errors.ConnectionTimeout where it was given up, or took longer."""
        self._ended.wait(seconds)
        if self._error is not None:
            raise self._error
        if not self._answers:
            raise psycopg.errors.ConnectionTimeout("no answer came: timed out")
        return self._answers[0]

    def _run(self) -> None:
        try:
            self._answers.append(self._ask())
        except BaseException as error:
            self._error = error
        self._ended.set()
