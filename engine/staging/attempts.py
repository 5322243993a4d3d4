"""The attempts at one copy: what ends them, and what is followed by another one.

Laws
- Before a copy has begun nothing is tried again: a wrong address would be told late.
- A copy that fails for what passes by itself, or whose sessions were ended, is made anew from a new snapshot. None is
  taken up half done: its rows are not proven, and its masks may be of a key that is gone.
- Where somebody else has begun one meanwhile, and is at it or has ended well, ours gives way: two would take the copy
  from each other in turn.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from config.errors import MigrateError, SourceError, StagingError, TargetBusy
from config.settings import Settings
from engine.session import connect
from engine.session.execution import Silent, Watch
from engine.session.patience import Patience, anew, is_lost
from engine.staging import books
from engine.staging.books import Copy
from engine.staging.refresh import Making, Prove, Wish, attempt

ENDED_WELL = ("copied", "proven")


def refresh(settings: Settings, wish: Wish, prove: Prove | None, watch: Watch | None = None) -> dict[str, Any]:
    """Make the copy anew; what passes by itself is waited for. Returns and errors: as one attempt."""
    watch, attempts = watch or Silent(), Attempts()
    patience = Patience(settings.retry_seconds)

    def one() -> dict[str, Any]:
        attempts.give_way(settings)
        return attempt(settings, wish, prove, watch, attempts.under_way)

    return anew(one, patience, attempts.follows, watch.message)


class Attempts:
    """Knows the copy that the latest of them has begun."""

    def __init__(self) -> None:
        self._copy_id, self._is_held = "", False

    @contextlib.contextmanager
    def under_way(self, making: Making, copy: Copy) -> Iterator[None]:
        """Within the block this copy has begun."""
        self._copy_id = copy.copy_id
        try:
            yield
        except (SourceError, StagingError) as error:
            needed = (making.conn, making.lease.conn, making.held.holder)
            error.retryable = error.retryable or any(map(is_lost, needed))
            raise

    def follows(self, error: MigrateError) -> bool:
        """Whether another attempt follows this error."""
        # Who holds the staging database may be what is left of our own lease, which the server has not found lost yet.
        self._is_held = isinstance(error, TargetBusy)
        return bool(self._copy_id) and (error.retryable or self._is_held)

    def give_way(self, settings: Settings) -> None:
        """Errors: TargetBusy, if somebody else's copy has taken the place of the one that was begun here."""
        if not self._copy_id:
            return
        later: Copy | None = None
        with contextlib.suppress(MigrateError, psycopg.Error), connect.staging(settings.staging) as conn:
            later = books.latest(conn, settings.source_schema)
        if later and later.copy_id != self._copy_id and (self._is_held or later.state in ENDED_WELL):
            ours, self._copy_id = self._copy_id, ""  # nothing follows
            raise TargetBusy(f"copy {later.copy_id} has begun in this staging database, and copy {ours} gives way")
