"""The attempts at one copy: what ends them, and what is followed by another one.

Laws
- Before a copy has begun nothing is tried again: a wrong address would be told late.
- A copy that fails for what passes by itself, or whose sessions were ended, is made anew from a new snapshot. None is
  taken up half done: its rows are not proven, and its masks may be of a key that is gone.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from config.errors import MigrateError, SourceError, StagingError, TargetBusy
from config.settings import Settings
from engine.session.execution import Silent, Watch
from engine.session.patience import Patience, anew, is_lost
from engine.staging.refresh import Prove, Wish, attempt


def refresh(settings: Settings, wish: Wish, prove: Prove | None, watch: Watch | None = None) -> dict[str, Any]:
    """Make the copy anew; what passes by itself is waited for. Returns and errors: as one attempt."""
    watch, attempts = watch or Silent(), Attempts()
    patience = Patience(settings.retry_seconds)
    return anew(
        lambda: attempt(settings, wish, prove, watch, attempts.under_way),
        patience,
        attempts.follows,
        watch.message,
    )


class Attempts:
    """Knows whether one has begun."""

    def __init__(self) -> None:
        self._is_begun = False

    @contextlib.contextmanager
    def under_way(self, *sessions: psycopg.Connection) -> Iterator[None]:
        """Within the block one has begun. sessions: those without which it cannot go on."""
        self._is_begun = True
        try:
            yield
        except (SourceError, StagingError) as error:
            error.retryable = error.retryable or any(map(is_lost, sessions))
            raise

    def follows(self, error: MigrateError) -> bool:
        """Whether another attempt follows this error."""
        # Who holds the staging database may be what is left of our own lease, which the server has not found lost yet.
        return self._is_begun and (error.retryable or isinstance(error, TargetBusy))
