"""Ctrl-C, SIGTERM and a closed terminal: the first asks the run to stop, a later one ends the process at once.

A run stops at its next safe point, which is soon: its queries are cancelled. Either way it can be
resumed: what its chunks have committed stays, and PostgreSQL undoes the rest.

A command hears signals from its beginning until the interpreter is torn down: whenever another one comes, the code is
130.

What stops a whole group of processes (a terminal, systemd) signals a run twice, by itself and by way of the worker:
signals that come within a second of the first are one request.
"""

import atexit
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from config.errors import Interrupted
from engine.session.stop import Stop

Handler = Callable[[int, FrameType | None], None]
_HEARD: dict[Stop, Handler] = {}
LOG = logging.getLogger("nxtgauge")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_REQUEST_SECONDS = 1.0
AT_ONCE = b"ended at once; the server undoes what was not committed, and `nxtgauge-migrate status` says what is there\n"


@contextmanager
def on_signal(stop: Stop) -> Iterator[None]:
    """Sets `stop` on the first signal. Enter it inside a flow too: Prefect takes SIGTERM over.

    Only the main thread gets signals; elsewhere (a worker process) the caller's own handling stays.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    is_heard, handle = stop in _HEARD, _HEARD.setdefault(stop, _handler(stop))
    before = {number: signal.signal(number, handle) for number in heard()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if not is_heard:
            del _HEARD[stop]


def hear(stop: Stop) -> None:
    """The same until this process has ended; a signal within on_signal of this stop counts for both."""
    handle = _HEARD.setdefault(stop, _handler(stop))
    for number in heard():
        signal.signal(number, handle)
    atexit.register(
        _ignore
    )  # runs last, for it is registered first; after it the system's own handling would come back


def _ignore() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class Requests:
    """Distinguishes a repeated request from one signal that arrives twice."""

    def __init__(self) -> None:
        self._first: float | None = None  # when, by the monotonic clock

    def is_again(self) -> bool:
        """Of the signal that is heard now."""
        now = time.monotonic()
        if self._first is None:
            self._first = now
        return now - self._first > SAME_REQUEST_SECONDS


def heard() -> list[signal.Signals]:
    """Signals that ask to stop, but for those that somebody ignores: nohup does so with SIGHUP."""
    return [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]


def _handler(stop: Stop) -> Handler:
    requests = Requests()

    def handle(number: int, _frame: FrameType | None) -> None:
        if requests.is_again():
            os.write(2, AT_ONCE)  # a lock of the log could be held by the very thread that the signal interrupts
            os._exit(Interrupted.exit_code)  # an exception would wait for the threads that did not hear the first
        if not stop.is_set():
            stop.set()
            LOG.warning("%s: stopping at the next safe point; once more ends at once", signal.Signals(number).name)

    return handle
