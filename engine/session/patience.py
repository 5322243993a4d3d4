"""Waiting for what passes by itself: a lost connection, a server that starts again, a lock, a deadlock.

Laws
- Only errors that say so (`retryable`) are waited for.
- The waits grow and are bounded together: what does not pass ends the run.
- A request to stop ends a wait at once.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

from config.errors import Interrupted, MigrateError
from engine.session.stop import STOP, Stop

LOG = logging.getLogger("engine")

Item = TypeVar("Item")
Result = TypeVar("Result")

NO_CONNECTION = "08001"
LONGEST_SECONDS = 30.0  # of one wait
STEP_SECONDS = 0.1
SHORTEST_SAID_SECONDS = 0.5  # of a shorter wait people would read "0 s"
TRIES = 3  # of one item, beside others that go on; whoever called for it then tries again from further back


class Patience:
    """seconds: that may be waited in all."""

    def __init__(self, seconds: float):
        self.left = seconds
        self._waits, self._tried_at = 0, time.monotonic()

    def next_wait(self, error: MigrateError | None = None) -> float:
        """Seconds: 1, 2, 4 and so on, a fifth more or less, lest many come back at once; 0 if none is left.

        error: what the latest try met; to have found no connection was waiting, too.
        """
        if error and error.sqlstate == NO_CONNECTION:
            self.left = max(0.0, self.left - min(time.monotonic() - self._tried_at, LONGEST_SECONDS))
        wait = min(2.0**self._waits, LONGEST_SECONDS) * random.uniform(0.8, 1.2)  # noqa: S311  # no secret
        self._waits += 1
        wait = min(wait, self.left)
        self.left -= wait
        self._tried_at = time.monotonic() + wait
        return wait

    def said(self, seconds: float) -> str:
        """When the try after this wait comes, and whether it is the last one."""
        when = f"in {seconds:.0f} s" if seconds >= SHORTEST_SAID_SECONDS else "at once"
        last = "" if self.left > 0 else ", for the last time: all the time for waiting is used"
        return f"{when}, by itself{last}"


def pause(seconds: float, stop: Stop = STOP) -> None:
    """Errors: Interrupted, as soon as somebody asks to stop."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        stop.check()
        time.sleep(min(STEP_SECONDS, left))
    stop.check()


def patiently(
    function: Callable[[Item], Result],
    item: Item,
    stop: Stop = STOP,
    tell: Callable[[str], object] = LOG.warning,
    patience: Patience | None = None,
) -> Result:
    """function(item), tried again where it fails for what passes by itself. tell: hears of each wait; patience: bounds
    the tries, in place of their number.

    Errors: the first one. What a later try meets may be the first one's own work, of which the answer was lost.
    """
    first: MigrateError | None = None
    waits, left = patience or Patience(LONGEST_SECONDS), TRIES
    while True:
        try:
            return function(item)
        except Interrupted:
            raise
        except MigrateError as error:
            first, found, left = first or error, error, left - 1
            is_last = waits.left <= 0 if patience else not left
            if not error.retryable or is_last:
                raise first from None
        seconds = waits.next_wait(found if patience else None)
        tell(f"{found}; it is tried again {waits.said(seconds)}")
        pause(seconds, stop)


def anew(
    attempt: Callable[[], Result],
    patience: Patience,
    follows: Callable[[MigrateError], bool],
    tell: Callable[[str], object],
) -> Result:
    """attempt(), begun anew where it failed and follows() says that another one may succeed. tell: hears of each wait.

    Errors: the last one; Interrupted.
    """
    while True:
        try:
            return attempt()
        except MigrateError as error:
            if STOP.is_set() or patience.left <= 0 or not follows(error):
                raise
            seconds = patience.next_wait(error)
            tell(f"{error}; it begins anew {patience.said(seconds)}")
        pause(seconds)


def is_lost(session: psycopg.Connection) -> bool:
    """Whether it has ended, and not by us; it is asked."""
    if session.closed:
        return session.broken  # else we have closed it ourselves
    try:
        session.execute("select")
    except psycopg.OperationalError:
        return True
    except psycopg.Error:  # within a transaction that has failed
        return False
    return False
