"""A request to stop, which cancels the queries that are running.

Law: a Stop cancels the queries of the sessions given to it, from any thread and from a signal handler.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import adbc_driver_manager
import psycopg

from config.errors import Interrupted

CANCEL_SECONDS = 0.2  # between two rounds of cancelling: a query may start just after one


class Stop:
    """A request to stop, and the sessions that it reaches.

    Work that must still be done afterwards (marking the run interrupted) opens a session that no Stop knows.
    """

    def __init__(self) -> None:
        self._is_set = False  # no Event: its lock could be held by the very thread that a signal interrupts
        self._lock = threading.Lock()
        self._cancels: dict[int, Callable[[], None]] = {}

    def set(self) -> None:
        """Request the stop; queries are cancelled until the last session is closed."""
        self._is_set = True
        threading.Thread(target=self._cancel_until_idle, name="cancel", daemon=True).start()

    def is_set(self) -> bool:
        return self._is_set

    def check(self) -> None:
        """Errors: Interrupted, once somebody has asked to stop."""
        if self._is_set:
            raise Interrupted("asked to stop")

    @contextlib.contextmanager
    def reaching(self, cancel: Callable[[], None]) -> Iterator[None]:
        """While the block runs, a request to stop calls cancel, from another thread."""
        key = id(cancel)
        with self._lock:
            self._cancels[key] = cancel
        try:
            self.check()
            yield
        finally:
            with self._lock:  # also waits for a cancel under way: no session is closed beneath it
                del self._cancels[key]

    def _cancel_until_idle(self) -> None:
        while self._cancel_all():
            time.sleep(CANCEL_SECONDS)

    def _cancel_all(self) -> int:
        with self._lock:
            for cancel in self._cancels.values():
                with contextlib.suppress(psycopg.Error, adbc_driver_manager.Error, OSError):
                    cancel()
            return len(self._cancels)


STOP = Stop()  # of this process: what a signal handler sets
