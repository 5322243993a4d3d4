"""Ctrl-C, SIGTERM and a closed terminal: the first asks the run to stop, the second ends the process at once.

A run stops at its next safe point, which is soon: its queries are cancelled. Either way it can be
resumed: what its chunks have committed stays, and PostgreSQL undoes the rest.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from config.errors import Interrupted

LOG = logging.getLogger("nxtgauge")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on_signal(stop) -> Iterator[None]:
    """Sets `stop` (an event of the engine) on the first signal. Enter it inside a flow too: Prefect takes SIGTERM over.

    Only the main thread gets signals; elsewhere (a worker process) the caller's own handling stays.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # nohup ignores SIGHUP
    before = {number: signal.signal(number, _handler(stop)) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _handler(stop):
    def handle(number: int, _frame) -> None:
        if stop.is_set():
            os._exit(Interrupted.exit_code)  # an exception would wait for the threads that did not hear the first
        stop.set()
        LOG.warning("%s: stopping at the next safe point; once more ends at once", signal.Signals(number).name)

    return handle
