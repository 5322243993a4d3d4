"""The attempts that one command makes at a run: what ends the run, and what is followed by another attempt.

Laws
- Until both sides have been reached once nothing is tried again: a wrong address would be told late.
- An attempt that fails for what passes by itself, or whose sessions were ended, is followed by another one, which goes
  on by the rule of resuming. Meanwhile the run stays `running` in the books.
- Whatever else ends an attempt ends the run, and its state says how, unless another process has taken the run up. One
  that has ended well stays so, and so says whatever error comes after.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg

from config.errors import Interrupted, MigrateError, SourceError, TargetBusy, TargetError
from config.settings import Settings
from engine.books import bookkeeping
from engine.books import lease as leases
from engine.books.bookkeeping import Run
from engine.books.lease import Lease
from engine.session import connect, log_context
from engine.session.execution import Watch
from engine.session.patience import Item, Patience, Result, is_lost, patiently, pause
from engine.session.stop import STOP
from engine.start import begin

ENDED_WELL = ("published", "discarded")
TOLD_SECONDS = 10.0  # that are waited at least until a run that has ended well can be told of


class Passing(Exception):
    """An attempt has failed, and another one follows."""

    def __init__(self, error: MigrateError):
        super().__init__(str(error))
        self.error = error


@dataclass
class Trials:
    """run: as the latest attempt began it, from the moment that it is in the books until it is over.

    is_reached: whether both sides have been; is_announced: whether the caller has heard of the run. command: what goes
    on with the run.
    """

    settings: Settings
    dry_run: bool
    patience: Patience
    run: Run | None = None
    is_reached: bool = False
    is_announced: bool = False
    command: str = "migrate"

    @property
    def run_id(self) -> str | None:
        return self.run.run_id if self.run else None

    def end(self) -> None:
        """The run is over: whatever fails now is followed by no other attempt, which would be at another run."""
        self.run, self.is_reached = None, False

    def know(self, run: Run) -> None:
        """The run is in the books."""
        self.run = run
        log_context.tell(run=run.run_id)

    @contextlib.contextmanager
    def ending(self, lease: Lease, *sessions: psycopg.Connection) -> Iterator[None]:
        """Write down how the run ended. Errors: Passing, if another attempt follows.

        sessions: those without which the attempt cannot go on, beside the lease's.
        """
        self.is_reached = True
        try:
            yield
        except BaseException as error:
            if isinstance(error, MigrateError) and self.follow(error, lease.conn, *sessions):
                raise Passing(error) from None
            if self.run is None:
                raise
            raise self._ended(error, lease) from None

    def follow(self, error: MigrateError, *sessions: psycopg.Connection) -> bool:
        """Whether another attempt follows this error."""
        if not self.is_reached or STOP.is_set() or self.patience.left <= 0:
            return False
        is_of_a_side = isinstance(error, SourceError | TargetError)
        # The target may be held by what is left of our own lease, which the server has not found lost yet.
        is_held = isinstance(error, TargetBusy)
        return error.retryable or is_held or (is_of_a_side and any(map(is_lost, sessions)))

    def wait(self, error: MigrateError, watch: Watch) -> None:
        """Wait for what passes by itself, and say so.

        Errors: Interrupted; the run is then written down as that. TargetError if a dry-run has ended well meanwhile.
        """
        seconds = self.patience.next_wait(error)
        what = f"run {self.run_id} goes on" if self.run else "the run begins once more"
        watch.message(f"{error}; {what} {self.patience.said(seconds)}")
        try:
            pause(seconds)
        except Interrupted as stopped:
            raise self.give_up(stopped) from None
        if self.dry_run and self._state() == "discarded":
            raise _all_the_same(str(error), self.run_id or "")

    def has_published(self) -> bool:
        """Whether the run has ended well; the answer to its last commit was lost then."""
        return self._state() == "published"

    def _state(self) -> str | None:
        """Of the run, as far as it is known and the target can be asked."""
        with contextlib.suppress(MigrateError, psycopg.Error), connect.target(self.settings.target) as conn:
            return bookkeeping.run(conn, self.run_id or "").state
        return None

    def told(self, tell: Callable[[Item], Result], item: Item, run_id: str) -> Result:
        """tell(item), of a run that has ended well; what passes by itself is waited for.

        Errors: TargetError, which says that it has ended so; Interrupted.
        """
        try:
            return patiently(tell, item, patience=Patience(max(self.patience.left, TOLD_SECONDS)))
        except Interrupted:
            raise
        except MigrateError as error:
            raise _all_the_same(str(error), run_id) from None

    def give_way(self) -> None:
        """Errors: TargetBusy, if another run has begun since this one did."""
        later: list[Run] = []
        with contextlib.suppress(MigrateError, psycopg.Error), connect.target(self.settings.target) as conn:
            later = [run for run in bookkeeping.runs(conn) if self.run and run.started_at > self.run.started_at]
        if later:
            text = f"run {later[0].run_id} has begun in this target meanwhile, and run {self.run_id} gives way"
            raise self.give_up(TargetBusy(text))

    def give_up(self, error: MigrateError) -> BaseException:
        """Write down the end of a run of which no attempt is under way. The error to raise."""
        return self._ended(error, None)

    def _ended(self, error: BaseException, lease: Lease | None) -> BaseException:
        """Write down how the run ended, from a session of its own, with what becomes of a dry-run's build. The error to
        raise. lease: the attempt's, which may be lost."""
        begun = self.run
        self.end()
        if begun is None:
            return error
        # A request to stop cancels queries and may cut sessions, whatever that looks like.
        is_cancelled = STOP.is_set() and isinstance(error, SourceError | TargetError)
        is_stop = is_cancelled or isinstance(error, Interrupted | KeyboardInterrupt)
        text = str(error) if isinstance(error, MigrateError) else type(error).__name__
        with contextlib.suppress(MigrateError, psycopg.Error), connect.target(self.settings.target) as conn:
            if bookkeeping.run(conn, begun.run_id).state in ENDED_WELL:
                return _all_the_same(text, begun.run_id)
            if not bookkeeping.end(conn, begun, "interrupted" if is_stop else "failed", text):
                return error  # another process has taken it up
        if not self.dry_run:
            return self._with_command(error, begun.run_id, text, is_stop)
        self._drop_build(begun, lease)
        return error

    def _drop_build(self, begun: Run, lease: Lease | None) -> None:
        """A dry-run leaves none; where another run holds the target by now, that one drops it as it begins."""
        with contextlib.suppress(MigrateError, psycopg.Error), contextlib.ExitStack() as stack:
            if lease:
                conn = stack.enter_context(lease.last_session())
            else:
                conn = stack.enter_context(stack.enter_context(leases.hold(self.settings.target)).session())
            begin.drop_builds(conn, self.settings, begun.run_id)

    def _with_command(self, error: BaseException, run_id: str, text: str, is_stop: bool) -> BaseException:
        """The error, with the command that resumes the run. It names no profile: the run keeps its own."""
        again = f"`nxtgauge-migrate {self.command} --run {run_id}`"
        if is_stop:
            return Interrupted(f"run {run_id} was stopped; {again} resumes it")
        if isinstance(error, SourceError | TargetError | TargetBusy):
            error.args = (f"{text}; {again} resumes run {run_id}",)
        return error


def _all_the_same(text: str, run_id: str) -> TargetError:
    """Of a run of which the answer to the last commit was lost."""
    return TargetError(f"{text}; run {run_id} has ended well all the same, as `nxtgauge-migrate status` tells")
