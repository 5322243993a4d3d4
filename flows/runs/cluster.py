"""The engine's Workers with a Dask cluster behind them: chunks are moved by its workers, all else here.

Laws
- A Dask worker has the same program as this process, and in its environment the same connections. It is sent no secret.
- A chunk whose worker was lost is sent to another one. Its ledger row says whether it was done already.
- A request to stop, and the first failure, reach the chunks under way on the workers. These have ended before it is
  raised.
- Without any worker the run waits for one, a minute, and fails. Without its scheduler it fails at once.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from itertools import islice
from typing import Any

import distributed
from distributed.scheduler import KilledWorker
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import TaskRunner
from prefect_dask.task_runners import DaskTaskRunner, PrefectDaskFuture

from config import errors
from config.errors import MigrateError
from config.settings import Settings
from engine.chunks.ledger import Counts
from engine.chunks.work import Chunk
from engine.load.moving import Elsewhere, Move
from engine.session.patience import patiently
from engine.session.stop import Stop
from flows.runs.tasks import PrefectWorkers, StepFailed, label, safe_text

POLL_SECONDS = 0.5
CONNECT_SECONDS = 30
LOST = (OSError, TimeoutError, CancelledError)  # what Dask raises of a scheduler that has gone
PATIENCE_SECONDS = 60.0  # without a worker: a cluster that replaces one needs some seconds


class Portion:
    """One chunk for a worker. stop: name of the event that stops it. Opaque to Prefect, as an EngineCall is."""

    def __init__(self, function: Elsewhere, chunk: Chunk, stop: str):
        self._function, self._chunk, self._stop = function, chunk, stop

    def run(self) -> Counts:
        stop, over = Stop(), threading.Event()
        event = distributed.Event(self._stop, client=distributed.get_client())
        threading.Thread(target=_pass_on, args=(event, stop, over), name="stop", daemon=True).start()
        try:
            if event.is_set():
                stop.set()
            return patiently(lambda chunk: self._function(chunk, stop), self._chunk, stop)
        except MigrateError as error:
            raise Failed.of(error) from None
        except Exception as error:  # its text may quote a row
            raise StepFailed(safe_text(error)) from None
        finally:
            over.set()


def _pass_on(event: distributed.Event, stop: Stop, over: threading.Event) -> None:
    """The run's request to stop, to what this process does for it. A scheduler that is gone asks as well."""
    while not over.wait(POLL_SECONDS):
        try:
            is_asked = event.is_set()
        except Exception:
            is_asked = True
        if is_asked and not over.is_set():
            stop.set()
            return


class Failed(StepFailed):
    """One of the project's own errors on its way from a worker, with all that the engine reads of it."""

    kind = MigrateError.__name__
    sqlstate = ""
    retryable = False
    column: str | None = None

    @classmethod
    def of(cls, error: MigrateError) -> "Failed":
        failed = cls(safe_text(error))
        failed.kind, failed.sqlstate, failed.column = type(error).__name__, error.sqlstate, error.column
        failed.retryable = error.retryable
        return failed

    def own(self) -> MigrateError:
        """The error as it was raised."""
        error: MigrateError = getattr(errors, self.kind)(str(self))
        error.sqlstate, error.retryable, error.column = self.sqlstate, self.retryable, self.column
        return error


@task(task_run_name="{name}", persist_result=False, cache_policy=NO_CACHE)
def portion(name: str, portion: Portion) -> Counts:
    """One chunk of the run, on a worker of the cluster."""
    return portion.run()


class ClusterWorkers(PrefectWorkers):
    """The engine's Workers: chunks on the cluster behind a started DaskTaskRunner, and all else as PrefectWorkers."""

    def __init__(self, local: TaskRunner[Any], count: int, cluster: DaskTaskRunner):
        super().__init__(local, count)
        self._cluster = cluster

    def map(self, name: str, function: Callable[..., Any], items: Sequence[Any]) -> list[Any]:
        if not isinstance(function, Move):
            return super().map(name, function, items)
        return _Sending(self._cluster, name, function).all(items)


class _Sending:
    """One map of chunks over the cluster."""

    def __init__(self, cluster: DaskTaskRunner, name: str, move: Move):
        self._cluster, self._name, self._move = cluster, name, move
        self._elsewhere, self._stop = move.elsewhere(), move.work.stop
        self._event = distributed.Event(f"stop {uuid.uuid4()}", client=cluster.client)
        self._under_way: dict[PrefectDaskFuture[Counts], Chunk] = {}
        self._seen = time.monotonic()  # when a worker was last seen

    def all(self, chunks: Sequence[Chunk]) -> list[Counts]:
        """What became of every chunk, in their order. Errors: the first one, once no worker is at a chunk any more."""
        waiting, done = iter(chunks), dict[Chunk, Counts]()
        try:
            while self._send(waiting) or self._under_way:
                for chunk, counts in self._ended():
                    self._move.heard(chunk, counts)
                    done[chunk] = counts
        except BaseException:
            with contextlib.suppress(*LOST):
                self._halt()
            raise
        return [done[chunk] for chunk in chunks]

    def _send(self, waiting: Iterator[Chunk]) -> bool:
        """Keeps two chunks for each thread of the cluster under way; whether any was sent."""
        sent = list(islice(waiting, max(0, 2 * self._threads() - len(self._under_way))))
        for chunk in sent:
            self._stop.check()
            self._move.begun(chunk)
            given = Portion(self._elsewhere, chunk, self._event.name)
            parameters = {"name": f"{self._name}: {label(chunk, 0)}", "portion": given}
            with self._scheduler():
                self._under_way[self._cluster.submit(portion, parameters)] = chunk
        return bool(sent)

    def _threads(self) -> int:
        """Of the whole cluster. Errors: TargetError if it has had no worker for too long."""
        with self._scheduler():
            threads = sum(self._cluster.client.nthreads().values())
        if threads:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > PATIENCE_SECONDS:
            raise errors.TargetError(
                f"the Dask cluster at {self._cluster.address} has had no worker for {PATIENCE_SECONDS:g} s; "
                "wanted one or more: start some"
            )
        return int(threads)

    def _ended(self) -> Iterator[tuple[Chunk, Counts]]:
        """Chunks that have ended within the next moment. Errors: the first failure; Interrupted."""
        time.sleep(POLL_SECONDS / 10)
        self._stop.check()
        for future in [future for future in self._under_way if future.wrapped_future.done()]:
            chunk = self._under_way.pop(future)
            yield chunk, self._counts(future)

    def _counts(self, future: PrefectDaskFuture[Counts]) -> Counts:
        try:
            with self._scheduler():
                counts: Counts = future.result()
        except Failed as failed:
            raise failed.own() from None
        except KilledWorker:
            raise errors.TargetError(
                "several workers of the cluster died one after the other at the same chunk; see their logs (memory is "
                "the usual cause: lower frame_chunk_bytes in the profile)"
            ) from None
        return counts

    @contextlib.contextmanager
    def _scheduler(self) -> Iterator[None]:
        """Something is asked of the scheduler. Errors: TargetError if it has gone."""
        try:
            yield
        except LOST as error:
            raise errors.TargetError(
                f"the Dask scheduler at {self._cluster.address} was lost ({type(error).__name__}); wanted one that "
                "runs up to the run's end: see its log, start it with its workers, and run again"
            ) from None

    def _halt(self) -> None:
        """Nothing begins any more, and what is under way is stopped and waited for."""
        self._event.set()
        left = [future.wrapped_future for future in self._under_way]
        with contextlib.suppress(*LOST), self._cluster.client.as_current():
            distributed.wait(left, timeout=PATIENCE_SECONDS)
        self._cluster.client.cancel(left)


@contextlib.contextmanager
def connected(local: TaskRunner[Any], settings: Settings) -> Iterator[ClusterWorkers]:
    """Workers on the cluster that the profile names. Errors: ConfigError if its scheduler does not answer."""
    address = settings.dask_scheduler
    with DaskTaskRunner(address=address, client_kwargs={"timeout": CONNECT_SECONDS}) as cluster:
        try:
            cluster.client.nthreads()
        except (OSError, TimeoutError) as error:
            raise errors.ConfigError(
                f"the Dask scheduler at {address} does not answer ({type(error).__name__}); wanted one that runs: "
                'start it with `dask scheduler`, or set task_runner = "threads" in the profile'
            ) from None
        yield ClusterWorkers(local, settings.workers, cluster)
