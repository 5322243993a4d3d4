"""Ctrl-C, SIGTERM and a closed terminal: the first asks the run to stop, a later one ends the process at once.

A run stops at its next safe point, which is soon: its queries are cancelled. Either way it can be
resumed: what its chunks have committed stays, and PostgreSQL undoes the rest.

What stops a whole group of processes (a terminal, systemd) signals a run twice, by itself and by way of the worker:
signals that come within a second of the first are one request.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from config.errors import Interrupted

LOG = logging.getLogger("nxtgauge")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_REQUEST_SECONDS = 1.0


@contextmanager
def on_signal(stop) -> Iterator[None]:
    """Sets `stop` (an event of the engine) on the first signal. Enter it inside a flow too: Prefect takes SIGTERM over.

    Only the main thread gets signals; elsewhere (a worker process) the caller's own handling stays.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # nohup ignores SIGHUP
    handle = _handler(stop)
    before = {number: signal.signal(number, handle) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _handler(stop):
    asked = 0.0  # when, by the monotonic clock

    def handle(number: int, _frame) -> None:
        nonlocal asked
        if not stop.is_set():
            asked = time.monotonic()
            stop.set()
            LOG.warning("%s: stopping at the next safe point; once more ends at once", signal.Signals(number).name)
        elif time.monotonic() - asked > SAME_REQUEST_SECONDS:
            os._exit(Interrupted.exit_code)  # an exception would wait for the threads that did not hear the first

    return handle
