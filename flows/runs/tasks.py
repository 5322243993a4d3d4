"""The engine's stages and chunks as Prefect tasks.

Laws
- A task wraps one call of the engine, which Prefect shows and times without knowing what it is.
- A chunk is a task, unless it has few rows. Those, and other items of a map, many and short, are shared out among as
  many tasks as run at once: a task costs some ten milliseconds here and more in the server, which is more than they
  take.
- Only items of a map are tried again, which open sessions of their own: within their task, by the engine's own rule
  (engine.session.patience), and the task's log says so. Prefect retries nothing.
- After the first failure no further task begins; it is raised once every task has ended.
- Prefect gets an error's type and, for the project's own errors, the redacted text: others may quote rows.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.states import Cancelled
from prefect.task_runners import TaskRunner

from config.errors import MigrateError
from engine.chunks.work import Chunk
from engine.session.patience import patiently
from flows.local.logs import redacted

FEW_ROWS = 5_000  # of a chunk: 20 ms as a stream, up to 140 as a frame


class StepFailed(Exception):
    """Replaces the engine's error wherever Prefect stores one."""


def safe_text(error: BaseException) -> str:
    """The text of an error for a server: without secrets and values of rows."""
    if isinstance(error, MigrateError):
        return redacted(str(error))
    state = getattr(error, "sqlstate", None)
    return type(error).__name__ + (f" ({state})" if state else "")


class EngineCall:
    """One call of the engine and its result. Opaque to Prefect, which would walk through a frozen dataclass."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], halt: threading.Event):
        self._function, self._arguments, self._halt = function, arguments, halt
        self.error: BaseException | None = None

    def run(self) -> object:
        if self._halt.is_set():
            return Cancelled(message="not begun: another task failed")
        try:
            return self._function(*self._arguments)
        except BaseException as error:
            self.error = error
            self._halt.set()
            raise StepFailed(safe_text(error)) from None


class Share:
    """Items of a map as one of several tasks does them: the next that no other has taken. results: by their places."""

    def __init__(self, function: Callable[[Any], Any], waiting: deque[tuple[int, Any]], halt: threading.Event):
        self._function, self._waiting, self._halt = function, waiting, halt
        self.results: dict[int, Any] = {}

    def __call__(self) -> None:
        while not self._halt.is_set() and (taken := self._next()):
            place, item = taken
            self.results[place] = tried(self._function, item)

    def _next(self) -> tuple[int, Any] | None:
        with contextlib.suppress(IndexError):
            return self._waiting.popleft()
        return None


def tried(function: Callable[[Any], Any], item: object) -> Any:
    """function(item), tried again where it fails for what passes by itself; the task's log says so."""
    return patiently(function, item, tell=lambda text: get_run_logger().warning("%s", redacted(text)))


@task(
    task_run_name="{name}",
    persist_result=False,
    cache_policy=NO_CACHE,  # the default hashes every argument
)
def step(name: str, job: EngineCall) -> object:
    """One stage or chunk of the run."""
    return job.run()


def label(item: object, number: int) -> str:
    """What a person calls the item: a chunk by its route and number, a table by its name, others by their place."""
    if isinstance(item, Chunk):
        return f"{item.route} {item.number}"
    return str(getattr(item, "name", number))


def is_short(item: object) -> bool:
    """Whether it takes no longer than a task costs. Of a chunk whose rows nobody has counted, that is not known."""
    return not isinstance(item, Chunk) or 0 < item.rows < FEW_ROWS


class PrefectWorkers:
    """The engine's Workers, on a started Prefect task runner that runs `count` tasks at once."""

    def __init__(self, runner: TaskRunner, count: int):
        self._runner, self._count = runner, count

    def call(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs one stage here and now, as a task."""
        job = EngineCall(function, arguments, threading.Event())
        try:
            return step(name, job)
        except StepFailed as failed:
            raise job.error or failed from None

    def map(self, name: str, function: Callable[..., Any], items: Sequence[Any]) -> list[Any]:
        """function(item) for every item, several at once; results in the items' order, or the first error."""
        halt, waiting = threading.Event(), deque((n, item) for n, item in enumerate(items) if is_short(item))
        if len(waiting) <= self._count:
            waiting.clear()
        shares = [Share(function, waiting, halt) for _ in range(self._count)] if waiting else []
        shared = {place for place, _ in waiting}
        own = {place: item for place, item in enumerate(items) if place not in shared}
        names = [f"{name}: {label(item, place + 1)}" for place, item in own.items()]
        jobs = [EngineCall(tried, (function, item), halt) for item in own.values()]
        of_what = "small tables, " if shares and isinstance(items[0], Chunk) else ""
        names += [f"{name}: {of_what}{number} of {self._count}" for number, _ in enumerate(shares, 1)]
        done = self._run(names, [*jobs, *(EngineCall(share, (), halt) for share in shares)], halt)
        results = dict(zip(own, done, strict=False))  # what the shares' tasks give is nothing
        for share in shares:
            results |= share.results
        return [results[place] for place in range(len(items))]

    def _run(self, names: Sequence[str], jobs: Sequence[EngineCall], halt: threading.Event) -> list[Any]:
        """What each job gives. Errors: the first one, once no task is under way."""
        futures: list[PrefectFuture[Any]] = []
        try:
            futures.extend(self._submitted(names, jobs, halt))
            for future in futures:
                future.wait()
        except BaseException:
            halt.set()
            raise
        self._raise_first(jobs)
        return [future.result() for future in futures]  # raises too where a task never came to its job

    def _submitted(
        self, names: Sequence[str], jobs: Sequence[EngineCall], halt: threading.Event
    ) -> Iterator[PrefectFuture[Any]]:
        """A few ahead of those that run: a task that is submitted costs some milliseconds even if it never begins."""
        slots = threading.Semaphore(2 * self._count)
        for name, job in zip(names, jobs, strict=True):
            slots.acquire()
            if halt.is_set():
                return
            future = self._runner.submit(step, {"name": name, "job": job})
            future.add_done_callback(lambda _: slots.release())
            yield future

    @staticmethod
    def _raise_first(jobs: Sequence[EngineCall]) -> None:
        error = next((job.error for job in jobs if job.error is not None), None)
        if error is not None:
            raise error
