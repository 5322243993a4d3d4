"""The progress of a run for a person: rows per table, rows a second and the time left.

Laws
- Everything goes to stderr; stdout is for results.
- On a terminal a live display; elsewhere plain log lines, throttled, so that a log file stays readable.
- A Watch is called from many threads at once, and never raises: a row count may exceed its estimate.
- Where the log is JSON, no display: every beginning and end is a record, with its figures beside the text.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config import printable
from engine.session import log_context
from engine.session.execution import Watch
from flows.local import logs

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LOG = logging.getLogger("nxtgauge")
LINE_SECONDS = 5.0  # at most one line per table in so many seconds: a minute's load is some ten lines


@dataclass
class RowCount:
    """Rows of one table, or of all. started: when work on it could begin; said: when its last line was written."""

    total: int = 0
    rows: int = 0
    started: float = 0.0
    said: float = 0.0

    def rate(self, now: float) -> float:
        return self.rows / max(now - self.started, 0.001)

    def seconds_left(self, now: float) -> float | None:
        """None where nothing was moved yet or the estimate is already passed."""
        if not self.rows or self.total <= self.rows:
            return None
        return (self.total - self.rows) / self.rate(now)

    def line(self, name: str, now: float) -> str:
        left = self.seconds_left(now)
        whole = f" of {self.total:,}" if self.total else ""
        time_left = f", {left:,.0f} s left" if left is not None else ""
        return f"{name}: {self.rows:,}{whole} rows, {self.rate(now):,.0f} rows/s{time_left}"


class Lines:
    """Progress as log lines: `users: 40,000 of 100,000 rows, 52,000 rows/s, 1 s left`, and the same of all tables."""

    def __init__(self, say: Callable[[str], None] = LOG.info, clock: Callable[[], float] = time.monotonic):
        self._say, self._clock = say, clock
        self._lock = threading.Lock()
        self._counts: dict[str, RowCount] = {}
        self._whole = RowCount(started=clock(), said=clock())

    def stage(self, name: str) -> None:
        """Tables are announced before their stage begins, so the clocks of those that wait start anew."""
        now = self._clock()
        with self._lock:
            for count in (self._whole, *self._counts.values()):
                if not count.rows:
                    count.started = count.said = now
        self._tell(f"stage {name}")

    def stage_done(self, name: str, seconds: float) -> None: ...

    def message(self, text: str) -> None:
        self._tell(text)

    def begin(self, legacy_table: str) -> None: ...

    def _tell(self, text: str, table: str | None = None, **figures: float) -> None:
        """table: whose line it is; figures: what the text says, for who cannot read."""
        self._say(printable.line(text))

    def table(self, legacy_table: str, rows_total: int) -> None:
        now, total = self._clock(), max(rows_total, 0)
        with self._lock:
            self._counts[legacy_table] = RowCount(total, started=now, said=now)
            self._whole.total += total

    def advance(self, legacy_table: str, rows: int) -> None:
        now = self._clock()
        with self._lock:
            count = self._counts.setdefault(legacy_table, RowCount(started=now, said=now))
            line = self._counted(count, legacy_table, rows, now)
            whole = self._counted(self._whole, "all tables", rows, now)
        if line:
            self._tell(line, legacy_table, rows=count.rows)
        if whole:
            self._tell(whole, rows=self._whole.rows)

    def done(self, legacy_table: str) -> None:
        with self._lock:
            count = self._counts.pop(legacy_table, None)
        if count:
            seconds = round(self._clock() - count.started, 3)
            self._tell(f"{legacy_table}: {count.rows:,} rows, done", legacy_table, rows=count.rows, seconds=seconds)

    @staticmethod
    def _counted(count: RowCount, name: str, rows: int, now: float) -> str | None:
        """Adds the rows; a line, if one is due and the table's end will not say it at once."""
        count.rows += rows
        if now - count.said < LINE_SECONDS or count.rows == count.total:
            return None
        count.said = now
        return count.line(name, now)


class Records(Lines):
    """Progress as log records for machines: the lines, and the ends of stages and beginnings of tables besides."""

    def stage_done(self, name: str, seconds: float) -> None:
        self._tell(f"stage {name}: done", seconds=round(seconds, 3))

    def begin(self, legacy_table: str) -> None:
        now = self._clock()
        with self._lock:
            count = self._counts.setdefault(legacy_table, RowCount(said=now))
            count.started = now
        self._tell(f"{legacy_table}: begins, {count.total:,} rows", legacy_table, rows=count.total)

    def _tell(self, text: str, table: str | None = None, **figures: float) -> None:
        with log_context.piece(**({"table": table} if table else {})):
            LOG.info("%s", text, extra=figures)


class Bars:
    """Progress as a live display: the whole above, below it the tables of which some rows have been moved."""

    def __init__(self, progress: "Progress"):
        self._progress = progress
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._whole = progress.add_task("starting", total=None)
        self._total = 0

    def stage(self, name: str) -> None:
        """As in Lines, the clocks of tables that wait start anew."""
        self._progress.update(self._whole, description=name)
        for task in self._progress.tasks:
            if not task.completed:
                self._progress.reset(task.id)

    def stage_done(self, name: str, seconds: float) -> None: ...

    def message(self, text: str) -> None:
        self._progress.console.print(printable.line(text), markup=False, highlight=False)

    def begin(self, legacy_table: str) -> None: ...

    def table(self, legacy_table: str, rows_total: int) -> None:
        rows_total = max(rows_total, 0)
        with self._lock:
            if legacy_table not in self._tasks:
                task = self._progress.add_task(printable.line(legacy_table), total=rows_total or None, visible=False)
                self._tasks[legacy_table] = task
                self._total += rows_total
                self._progress.update(self._whole, total=self._total or None)

    def advance(self, legacy_table: str, rows: int) -> None:
        self.table(legacy_table, 0)
        self._progress.update(self._tasks[legacy_table], advance=rows, visible=True)
        self._progress.advance(self._whole, rows)

    def done(self, legacy_table: str) -> None:
        with self._lock:
            task = self._tasks.get(legacy_table)
        if task is not None:
            self._progress.update(task, visible=False)


class Both:
    """Sends every event to several watches."""

    def __init__(self, *watches: Watch):
        self._watches = watches

    def stage(self, name: str) -> None:
        for watch in self._watches:
            watch.stage(name)

    def stage_done(self, name: str, seconds: float) -> None:
        for watch in self._watches:
            watch.stage_done(name, seconds)

    def table(self, legacy_table: str, rows_total: int) -> None:
        for watch in self._watches:
            watch.table(legacy_table, rows_total)

    def begin(self, legacy_table: str) -> None:
        for watch in self._watches:
            watch.begin(legacy_table)

    def advance(self, legacy_table: str, rows: int) -> None:
        for watch in self._watches:
            watch.advance(legacy_table, rows)

    def done(self, legacy_table: str) -> None:
        for watch in self._watches:
            watch.done(legacy_table)

    def message(self, text: str) -> None:
        for watch in self._watches:
            watch.message(text)


@contextmanager
def shown(is_plain: bool = False) -> Iterator[Watch]:
    """Progress for this process: a live display if stderr is a terminal and nobody asked for plain, else lines."""
    if is_plain or logs.is_json() or not sys.stderr.isatty():
        yield lines()
        return
    with _display() as progress:
        yield Bars(progress)


def lines() -> Lines:
    """Progress in the log of this process."""
    return Records() if logs.is_json() else Lines()


def _display() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class RateColumn(TextColumn):
        def render(self, task: Task) -> Text:
            self.text_format = f"{task.completed / task.elapsed:,.0f} rows/s" if task.elapsed else ""
            return super().render(task)

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn("", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
