"""A process that holds the lock and then does nothing more: it is killed, frozen, or leaves an answer unread."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from config import settings as configuration
from engine.cutover import fence
from engine.session import connect
from engine.session.stop import Stop

FOREVER = 120
# Begins to send at once, and does not end.
UNREAD = "copy (select repeat('x', 1000) from public.users a, public.users b, public.users c, public.users d) to stdout"
UNSENT = "copy public.unmapped from stdin"

_processes = multiprocessing.get_context("spawn")


@contextmanager
def holding(urls: dict[str, str], budget: float, doing: str) -> Iterator[tuple[BaseProcess, float]]:
    """The process, and when it asked for the lock that it had, by the clock of all processes.

    doing: `alone` has the lock in a session of its own, all others in one of the target's: `together` does nothing,
    `unread` and `unsent` are in the midst of a COPY."""
    here, there = _processes.Pipe()
    process = _processes.Process(target=_hold, args=(urls, budget, doing, there), daemon=True)
    process.start()
    try:
        if not here.poll(60):
            raise TimeoutError("the holder did not get the lock")
        yield process, here.recv()
    finally:
        process.kill()
        process.join()


def _hold(urls: dict[str, str], budget: float, doing: str, told: Connection) -> None:
    settings, stop = configuration.load("demo", urls), Stop()
    with ExitStack() as stack:
        given = None
        if doing != "alone":
            given = stack.enter_context(connect.target(settings.target, stop))
            given.execute("begin")
        lock = stack.enter_context(fence.locked(settings, stop, budget, session=given))
        if doing in ("unread", "unsent"):
            cursor = stack.enter_context(given.cursor())
            stack.enter_context(cursor.copy(UNREAD if doing == "unread" else UNSENT))
        told.send(lock.asked_at)
        time.sleep(FOREVER)
