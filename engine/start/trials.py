"""The attempts that one command makes at a run: what ends the run, and what is followed by another attempt.

Laws
- Before the run has an id nothing is tried again: a wrong address would be told late.
- An attempt that fails for what passes by itself, or whose sessions were ended, is followed by another one, which goes
  on by the rule of resuming. Meanwhile the run stays `running` in the books.
- Whatever else ends an attempt ends the run, and its state says how; a run that is published stays so.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from config.errors import Interrupted, MigrateError, SourceError, TargetError
from config.settings import Settings
from engine.books import bookkeeping
from engine.books import lease as leases
from engine.session import connect
from engine.session.execution import Watch
from engine.session.patience import Patience, pause
from engine.session.stop import STOP
from engine.start import begin


class Passing(Exception):
    """An attempt has failed, and another one follows."""

    def __init__(self, error: MigrateError):
        super().__init__(str(error))
        self.error = error


@dataclass
class Trials:
    """run_id: of the run, from the moment that it is in the books until it is over."""

    settings: Settings
    dry_run: bool
    patience: Patience
    run_id: str | None = None

    def know(self, run_id: str) -> None:
        """The run is in the books."""
        self.run_id = run_id

    @contextlib.contextmanager
    def ending(self, *sessions: psycopg.Connection) -> Iterator[None]:
        """Write down how the run ended. Errors: Passing, if another attempt follows.

        sessions: those without which the attempt cannot go on.
        """
        try:
            yield
        except BaseException as error:
            if self.run_id is None:
                raise
            if isinstance(error, MigrateError) and self.follow(error, *sessions):
                raise Passing(error) from None
            raise self._ended(error) from None

    def follow(self, error: MigrateError, *sessions: psycopg.Connection) -> bool:
        """Whether another attempt follows this error."""
        if self.run_id is None or STOP.is_set() or self.patience.left <= 0:
            return False
        is_of_a_side = isinstance(error, SourceError | TargetError)
        return error.retryable or (is_of_a_side and any(map(_is_lost, sessions)))

    def wait(self, error: MigrateError, watch: Watch) -> None:
        """Wait for what passes by itself, and say so.

        Errors: Interrupted; the run is then written down as that. TargetError if the run has been published meanwhile.
        """
        seconds = self.patience.next_wait()
        watch.message(f"{error}; run {self.run_id} goes on in {seconds:.0f} s, by itself")
        try:
            pause(seconds)
        except Interrupted as stopped:
            raise self.give_up(stopped) from None
        if self._is_published():
            raise _all_the_same(str(error), self.run_id or "")

    def _is_published(self) -> bool:
        with contextlib.suppress(MigrateError, psycopg.Error), connect.target(self.settings.target) as conn:
            return bookkeeping.run(conn, self.run_id or "").state == "published"
        return False

    def give_up(self, error: MigrateError) -> BaseException:
        """Write down the end of a run of which no attempt is under way, unless another has taken it up."""
        if self.run_id is not None:
            with contextlib.suppress(MigrateError, psycopg.Error), leases.hold(self.settings.target):
                return self._ended(error)
        return error

    def _ended(self, error: BaseException) -> BaseException:
        """Write down how the run ended, from a session of its own; a dry-run's build goes in any case. The error to
        raise."""
        run_id, self.run_id = self.run_id or "", None  # it is over
        is_stop = isinstance(error, Interrupted | KeyboardInterrupt)
        profile = f"--profile {self.settings.profile} " if self.settings.is_profile_given else ""
        again = f"`nxtgauge-migrate migrate {profile}--run {run_id}`"
        text = str(error) if isinstance(error, MigrateError) else type(error).__name__
        with contextlib.suppress(MigrateError, psycopg.Error), connect.target(self.settings.target) as conn:
            if bookkeeping.run(conn, run_id).state == "published":
                return _all_the_same(text, run_id)
            bookkeeping.set_state(conn, run_id, "interrupted" if is_stop else "failed", text)
            if self.dry_run:
                begin.drop_builds(conn, self.settings)
        if is_stop and not self.dry_run:
            return Interrupted(f"run {run_id} was stopped; {again} resumes it")
        if isinstance(error, SourceError | TargetError) and not self.dry_run:
            error.args = (f"{text}; {again} resumes run {run_id}",)
        return error


def _all_the_same(text: str, run_id: str) -> TargetError:
    """Of a run of which the answer to the last commit was lost."""
    return TargetError(f"{text}; run {run_id} is published all the same: `nxtgauge-migrate verify` judges it")


def _is_lost(session: psycopg.Connection) -> bool:
    if session.closed:
        return session.broken  # else we have closed it ourselves
    try:
        session.execute("select")
    except psycopg.OperationalError:
        return True
    except psycopg.Error:  # within a transaction that has failed
        return False
    return False
