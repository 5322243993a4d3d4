"""The progress of a command for a person: how far it has come, the time left, the stage and the tables in hand.

Laws
- Everything goes to stderr; stdout is for results.
- On a terminal a live display; elsewhere log lines every few seconds, so that a log file stays readable.
- Whatever shows progress reads one estimate (flows.local.estimate), which the engine's events reach once.
- A Watch is called from many threads at once, and never raises: a row count may exceed its estimate.
- Where the log is JSON, no display: every beginning and end is a record, with its figures beside the text.
"""

import contextvars
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config import printable
from engine.session import log_context
from engine.session.execution import Silent, Watch
from flows.local import logs
from flows.local.estimate import Estimate, View, spoken

if TYPE_CHECKING:
    from rich.console import RenderableType

LOG = logging.getLogger("nxtgauge")
LINE_SECONDS, LATER_SECONDS = 5.0, 15.0  # between two lines, at first and once a run has lasted for
LONG_SECONDS = 300.0
TABLES_SHOWN = 4
NO_FIGURES: Mapping[str, float] = {}
JOIN_SECONDS = 5.0  # that a command waits at its end for whoever still shows something
LABEL_WIDTH = 28  # of names, beside bar and figures in 100 columns


@dataclass
class RowCount:
    """Rows of one table. started: when work on it could begin."""

    total: int = 0
    rows: int = 0
    started: float = 0.0
    is_begun: bool = False

    @property
    def text(self) -> str:
        return f"{self.rows:,} of {self.total:,}" if self.total else f"{self.rows:,}"


class Tables:
    """The tables that rows are being moved of, in the order in which they were begun. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._lock = clock, threading.Lock()
        self._counts: dict[str, RowCount] = {}

    def announced(self, name: str, total: int) -> None:
        with self._lock:
            self._counts[name] = RowCount(max(total, 0), started=self._clock())

    def begun(self, name: str) -> RowCount:
        return self._moved(name, 0)

    def moved(self, name: str, rows: int) -> RowCount:
        return self._moved(name, rows)

    def _moved(self, name: str, rows: int) -> RowCount:
        with self._lock:
            count = self._counts.setdefault(name, RowCount())
            if not count.is_begun:
                count.is_begun, count.started = True, self._clock()
                self._counts[name] = self._counts.pop(name)  # those that were begun first stand first
            count.rows += rows
            return count

    def ended(self, name: str) -> tuple[RowCount, float] | None:
        """Its count, and the seconds since it was begun; None if nothing was known of it."""
        with self._lock:
            count = self._counts.pop(name, None)
        return (count, self._clock() - count.started) if count else None

    def in_hand(self) -> list[tuple[str, RowCount]]:
        with self._lock:
            return [(name, count) for name, count in self._counts.items() if count.is_begun]


def whole(view: View) -> str:
    """`43 %, 1 min 50 s left`, or as much of it as can be said; of what has no end how it stands."""
    if view.standing:
        return view.standing
    left = f", {spoken(view.seconds_left)} left" if view.seconds_left is not None else ""
    return f"{view.percent} %{left}"


def stage(view: View) -> str:
    """`240,000 of 500,000 rows, 52,000 rows/s`, `112 of 321 checks`, or for how long it has been under way."""
    if not view.total:
        return f"{spoken(view.stage_seconds)}" if view.stage_seconds >= 1 else ""
    parts = f"{view.done:,} of {view.total:,} {view.what}"
    is_rate = view.what == "rows" and view.done and view.stage_seconds >= 1
    return f"{parts}, {view.done / view.stage_seconds:,.0f} rows/s" if is_rate else parts


def line(view: View) -> str:
    """All of it but the tables."""
    if view.standing:
        return view.standing
    return f"{whole(view)}: {', '.join(filter(None, (view.stage, stage(view))))}"


class Lines(Silent):
    """Progress as log lines: `43 %, 1 min 50 s left: load, wave 1, 240,000 of 500,000 rows, 52,000 rows/s; users 40,000
    of 100,000`."""

    def __init__(
        self,
        estimate: Estimate,
        say: Callable[[str], None] = LOG.info,
        clock: Callable[[], float] = time.monotonic,
        every: float = LINE_SECONDS,
    ):
        self._estimate, self._say, self._clock, self._every = estimate, say, clock, every
        self._tables, self._said = Tables(clock), clock()
        self._context = contextvars.copy_context()

    def stage(self, name: str) -> None:
        self._context = contextvars.copy_context()  # whoever ticks knows of no run
        self._tell(f"stage {name}")

    def message(self, text: str) -> None:
        self._tell(text)

    def table(self, legacy_table: str, rows_total: int) -> None:
        self._tables.announced(legacy_table, rows_total)

    def begin(self, legacy_table: str) -> None:
        self._tables.begun(legacy_table)

    def advance(self, legacy_table: str, rows: int) -> None:
        self._tables.moved(legacy_table, rows)

    def done(self, legacy_table: str) -> None:
        if ended := self._tables.ended(legacy_table):
            count, seconds = ended
            figures = {"rows": count.rows, "seconds": round(seconds, 3)}
            self._tell(f"{legacy_table}: {count.rows:,} rows, done", legacy_table, figures)

    def tick(self) -> None:
        """A line, if one is due."""
        view, now = self._estimate.view(), self._clock()
        every = self._every if view.seconds < LONG_SECONDS else max(self._every, LATER_SECONDS)
        if not view.stage or view.standing or now - self._said < every:  # each round has its line
            return
        self._said = now
        self._context.run(self._tell, self._line(view), None, _figures(view))

    def ended(self) -> None:
        """The command has ended well."""
        view = self._estimate.view()
        if view.seconds >= self._every:  # of a shorter one nothing was said before
            self._tell(f"{whole(view)}: done in {spoken(view.seconds)}", None, _figures(view))

    def _line(self, view: View) -> str:
        hand = self._tables.in_hand()
        table = f"; {hand[0][0]} {hand[0][1].text}" if hand and view.what == "rows" else ""
        return line(view) + table

    def _tell(self, text: str, table: str | None = None, figures: Mapping[str, float] = NO_FIGURES) -> None:
        """table: whose line it is; figures: what the text says, for who cannot read."""
        self._say(printable.line(text))


def _figures(view: View) -> dict[str, float]:
    left = {} if view.seconds_left is None else {"seconds_left": round(view.seconds_left)}
    parts = {"done": view.done, "total": view.total} if view.total else {}
    return {"percent": view.percent, **left, **parts}


class Records(Lines):
    """Progress as log records for machines: the lines, and the ends of stages and beginnings of tables besides."""

    def stage_done(self, name: str, seconds: float) -> None:
        self._tell(f"stage {name}: done", None, {"seconds": round(seconds, 3)})

    def begin(self, legacy_table: str) -> None:
        total = self._tables.begun(legacy_table).total
        self._tell(f"{legacy_table}: begins, {total:,} rows", legacy_table, {"rows": total})

    def _tell(self, text: str, table: str | None = None, figures: Mapping[str, float] = NO_FIGURES) -> None:
        with log_context.piece(**({"table": table} if table else {})):
            LOG.info("%s", text, extra=dict(figures))


class Bars(Silent):
    """Progress as a live display: the whole, below it the stage, below that the tables in hand.

    say: prints above it.
    """

    def __init__(self, estimate: Estimate, say: Callable[[str], None]):
        self._estimate, self._say, self._tables = estimate, say, Tables()

    def message(self, text: str) -> None:
        self._say(printable.line(text))

    def table(self, legacy_table: str, rows_total: int) -> None:
        self._tables.announced(legacy_table, rows_total)

    def begin(self, legacy_table: str) -> None:
        self._tables.begun(legacy_table)

    def advance(self, legacy_table: str, rows: int) -> None:
        self._tables.moved(legacy_table, rows)

    def done(self, legacy_table: str) -> None:
        self._tables.ended(legacy_table)

    def shown(self) -> "RenderableType":
        """What stands on the terminal now."""
        from rich.table import Column, Table
        from rich.text import Text

        view = self._estimate.view()
        columns = Column(no_wrap=True, width=LABEL_WIDTH), Column(width=24), Column(no_wrap=True)
        grid = Table.grid(*columns, padding=(0, 2, 0, 0))
        if view.standing:
            return Text(printable.line(view.standing), overflow="ellipsis", no_wrap=True)
        grid.add_row(*self._row("whole run", view.share, whole(view)))
        if view.stage:
            share = view.done / view.total if view.total else None
            grid.add_row(*self._row(f"  {view.stage}", share, stage(view)))
        if view.what == "rows":
            for name, count in self._tables.in_hand()[:TABLES_SHOWN]:
                share = count.rows / count.total if count.total else None
                grid.add_row(*self._row(f"    {name}", share, count.text))
        return grid

    @staticmethod
    def _row(label: str, share: float | None, text: str) -> "tuple[RenderableType, ...]":
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        bar = ProgressBar(total=1.0, completed=min(share, 1.0)) if share is not None else Text("")
        return Text(printable.line(label), overflow="ellipsis"), bar, Text(printable.line(text), overflow="ellipsis")


class Shown:
    """The Watch of a command: its estimate, and whatever shows it."""

    def __init__(self, estimate: Estimate, *displays: Watch):
        self.estimate, self._displays = estimate, displays

    def with_display(self, *more: Watch) -> "Shown":
        """The same, shown in other places too."""
        return Shown(self.estimate, *self._displays, *more)

    def stage(self, name: str) -> None:
        self.estimate.stage(name)
        for display in self._displays:
            display.stage(name)

    def stage_done(self, name: str, seconds: float) -> None:
        for display in self._displays:
            display.stage_done(name, seconds)

    def table(self, legacy_table: str, rows_total: int) -> None:
        self.estimate.table(legacy_table, rows_total)
        for display in self._displays:
            display.table(legacy_table, rows_total)

    def begin(self, legacy_table: str) -> None:
        for display in self._displays:
            display.begin(legacy_table)

    def advance(self, legacy_table: str, rows: int) -> None:
        self.estimate.advance(rows)
        for display in self._displays:
            display.advance(legacy_table, rows)

    def done(self, legacy_table: str) -> None:
        for display in self._displays:
            display.done(legacy_table)

    def steps(self, done: int, total: int, what: str, share: float | None = None) -> None:
        self.estimate.steps(done, total, what, share)

    def message(self, text: str) -> None:
        for display in self._displays:
            display.message(text)


def estimate_of(watch: Watch) -> Estimate:
    """What the watch shows; one that nobody sees, where it shows none."""
    return watch.estimate if isinstance(watch, Shown) else Estimate()


@contextmanager
def shown(is_plain: bool = False) -> Iterator[Shown]:
    """Progress for this process: a live display if stderr is a terminal and nobody asked for plain, else lines."""
    estimate = Estimate()
    if is_plain or logs.is_json() or not sys.stderr.isatty():
        display = lines(estimate)
        with every(1.0, display.tick):
            yield Shown(estimate, display)
        estimate.end()
        display.ended()
        return
    with _live(estimate) as bars:
        yield Shown(estimate, bars)
        estimate.end()


def lines(estimate: Estimate) -> Lines:
    """Progress in the log of this process."""
    return Records(estimate) if logs.is_json() else Lines(estimate)


@contextmanager
def every(seconds: float, function: Callable[[], None], last: Callable[[], None] | None = None) -> Iterator[None]:
    """Calls the function so often while the block runs, in a thread of its own, and `last` once at the end."""
    is_over = threading.Event()

    def call() -> None:
        while not is_over.wait(seconds):
            function()
        if last:
            last()

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(call,), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(JOIN_SECONDS)


@contextmanager
def _live(estimate: Estimate) -> Iterator[Bars]:
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    bars = Bars(estimate, lambda text: console.print(text, markup=False, highlight=False))
    with Live(get_renderable=bars.shown, console=console, refresh_per_second=4, transient=True):
        yield bars
