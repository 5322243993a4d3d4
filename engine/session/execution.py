"""Protocols for running the engine's functions and for watching their progress, and those used without Prefect."""

import contextlib
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, Protocol, TypeVar

from engine.session import log_context
from engine.session.patience import patiently

Item = TypeVar("Item")
Result = TypeVar("Result")
Counting = Callable[[int, int, float], None]  # parts of a stage that are done, of how many, their share of its work


class Workers(Protocol):
    """Runs the engine's functions: here in threads, in flows as Prefect tasks."""

    def call(self, name: str, function: Callable[..., Result], *arguments: Any) -> Result: ...

    def map(self, name: str, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]: ...


class Watch(Protocol):
    """Receives the progress of a run. Thread-safe.

    steps: so many parts of the stage are done, of so many; what they are; of its work they are this share, where they
    differ in size. Rows that `advance` tells of count on from there.
    """

    def stage(self, name: str) -> None: ...

    def stage_done(self, name: str, seconds: float) -> None: ...

    def table(self, legacy_table: str, rows_total: int) -> None: ...

    def begin(self, legacy_table: str) -> None: ...

    def advance(self, legacy_table: str, rows: int) -> None: ...

    def done(self, legacy_table: str) -> None: ...

    def steps(self, done: int, total: int, what: str, share: float | None = None) -> None: ...

    def message(self, text: str) -> None: ...


class Threads:
    """The Workers of a run without Prefect."""

    def __init__(self, count: int):
        self._count = count

    def call(self, name: str, function: Callable[..., Result], *arguments: Any) -> Result:
        return function(*arguments)

    def map(self, name: str, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Results in the items' order. Raises the first error, once the calls under way have ended.

        An item is tried again where it failed for what passes by itself.
        """
        with ThreadPoolExecutor(self._count, thread_name_prefix=name) as pool:
            futures = [pool.submit(copy_context().run, patiently, function, item) for item in items]
            _, pending = wait(futures, return_when=FIRST_EXCEPTION)
            for future in pending:
                future.cancel()
        for future in futures:
            if not future.cancelled() and (error := future.exception()):
                raise error
        return [future.result() for future in futures]


@contextlib.contextmanager
def beside(function: Callable[..., object], *arguments: Any) -> Iterator[None]:
    """Runs the function in a thread while the block runs; its error, unless the block has one, is raised at the end."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(copy_context().run, function, *arguments)
        yield
    future.result()


class Silent:
    """A Watch that does nothing."""

    def stage(self, name: str) -> None: ...

    def stage_done(self, name: str, seconds: float) -> None: ...

    def table(self, legacy_table: str, rows_total: int) -> None: ...

    def begin(self, legacy_table: str) -> None: ...

    def advance(self, legacy_table: str, rows: int) -> None: ...

    def done(self, legacy_table: str) -> None: ...

    def steps(self, done: int, total: int, what: str, share: float | None = None) -> None: ...

    def message(self, text: str) -> None: ...


class Tally:
    """Counts the parts of a stage that are done, and tells a watch. what: they are; sizes: of each, by its name."""

    def __init__(self, watch: Watch, what: str, sizes: Mapping[Hashable, float]):
        self._watch, self._what, self._sizes = watch, what, sizes
        self._lock, self._done = threading.Lock(), set[Hashable]()

    def add(self, part: Hashable) -> None:
        with self._lock:
            self._done.add(part)
            share = sum(self._sizes[each] for each in self._done) / (sum(self._sizes.values()) or 1)
            self._watch.steps(len(self._done), len(self._sizes), self._what, share)


class Clock:
    """A Watch that forwards all calls and keeps the seconds of each stage.

    keep: is called with each stage's seconds when it ends, and whether another stage follows, so that it was whole; at
    once for stages that have ended already. rows: of the tables that were announced.
    """

    def __init__(self, watch: Watch):
        self._watch, self._lock, self._since = watch, threading.Lock(), time.monotonic()
        self._stage: str | None = None
        self._keep: Callable[[str, float, bool], None] | None = None
        self.seconds: dict[str, float] = {}
        self.rows = 0
        self._left: dict[str, int] = {}
        self._begun: set[str] = set()

    def stage(self, name: str) -> None:
        self._close(is_whole=True)
        self._stage = name
        log_context.tell(stage=name)
        self._watch.stage(name)

    def keep(self, keep: Callable[[str, float, bool], None]) -> None:
        self._keep = keep
        for name, seconds in self.seconds.items():
            keep(name, seconds, True)

    def finish(self) -> dict[str, float]:
        self._close(is_whole=False)
        return {name: round(seconds, 2) for name, seconds in self.seconds.items()}

    def _close(self, is_whole: bool) -> None:
        now = time.monotonic()
        if self._stage:
            spent = now - self._since
            self.seconds[self._stage] = self.seconds.get(self._stage, 0) + spent
            self._watch.stage_done(self._stage, spent)
            if self._keep:
                self._keep(self._stage, spent, is_whole)
        self._stage, self._since = None, now

    def table(self, legacy_table: str, rows_total: int) -> None:
        with self._lock:
            self._left[legacy_table] = rows_total
            self.rows += max(rows_total, 0)
        self._watch.table(legacy_table, rows_total)

    def stage_done(self, name: str, seconds: float) -> None:
        """It is this clock that knows."""

    def begin(self, legacy_table: str) -> None:
        """Passed on once a table."""
        with self._lock:
            is_first = legacy_table not in self._begun
            self._begun.add(legacy_table)
        if is_first:
            self._watch.begin(legacy_table)

    def advance(self, legacy_table: str, rows: int) -> None:
        self._watch.advance(legacy_table, rows)
        with self._lock:
            self._left[legacy_table] = self._left.get(legacy_table, 0) - rows
            is_done = self._left[legacy_table] <= 0
        if is_done:
            self._watch.done(legacy_table)

    def done(self, legacy_table: str) -> None:
        self._watch.done(legacy_table)

    def steps(self, done: int, total: int, what: str, share: float | None = None) -> None:
        self._watch.steps(done, total, what, share)

    def counting(self, what: str) -> Counting:
        """Hears how many parts of the stage are done, of how many, and their share of the work. what: they are."""
        return lambda done, total, share: self.steps(done, total, what, share)

    def message(self, text: str) -> None:
        self._watch.message(text)
