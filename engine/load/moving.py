"""Moves one chunk by the lane of its route, in this process or in another.

Laws
- What is sent elsewhere holds no secret: connections are those of the environment of the process that gets it.
- A process elsewhere keeps nothing from one chunk to the next. It must be the same program, or it refuses.
- A chunk that is sent twice, because the process that had it was lost, is moved once: the ledger knows it.
"""

import contextlib
import functools
import logging
import pickle
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config import mapping
from config import settings as configuration
from config.errors import ConfigError, TargetError
from config.settings import Settings
from engine.chunks import ledger
from engine.chunks.ledger import Counts
from engine.chunks.pauses import Pauses
from engine.chunks.work import Chunk, Work
from engine.gates import certificate
from engine.load import frames, stream
from engine.session import log_context
from engine.session.blame import blame
from engine.session.execution import Watch
from engine.session.pool import Guard, Pool
from engine.session.snapshot import ExportedSnapshot
from engine.session.stop import Stop

LOG = logging.getLogger("engine")


def move(work: Work, chunk: Chunk) -> Counts:
    """Move one chunk. Errors: SourceError, TargetError, Interrupted; nothing of it is left then."""
    lane = stream if work.route(chunk.route).lane == "stream" else frames
    return _told(work, chunk, lambda: lane.move(work, chunk))


def _told(work: Work, chunk: Chunk, moving: Callable[[], Counts]) -> Counts:
    """What the function gives, with a line in the log before and after it."""
    route = work.route(chunk.route)
    with log_context.piece(table=route.legacy_table, chunk=chunk.number):
        LOG.debug("chunk %s %s begins", route.name, chunk.number)
        started = time.monotonic()
        counts = moving()
        done: dict[str, float] = {"rows": counts.rows_read, "rejected": counts.rejected, "bytes": counts.bytes}
        done["seconds"] = round(time.monotonic() - started, 3)
        LOG.debug("chunk %s %s ends", route.name, chunk.number, extra=done)
        return counts


@dataclass(frozen=True)
class Move:
    """`move` of one run, as its workers call it for each chunk. Those of another process get `elsewhere()`."""

    work: Work
    watch: Watch
    pauses: Pauses

    def __call__(self, chunk: Chunk) -> Counts:
        self.begun(chunk)
        counts = move(self.work, chunk)
        self.heard(chunk, counts)
        return counts

    def done_at_once(self, chunks: Sequence[Chunk]) -> None:
        """Write down as done, all together, chunks of tables that have no rows. Errors: TargetError."""
        if not chunks:
            return
        work, nothing = self.work, Counts()
        with work.sessions.lend("target") as target, blame(TargetError, "recording empty tables", work.stop):
            target.execute(";\n".join(ledger.recording(work, chunk, nothing, 0) for chunk in chunks))
        for chunk in chunks:
            self.begun(chunk)
            _told(work, chunk, lambda: nothing)
            self.heard(chunk, nothing)

    def begun(self, chunk: Chunk) -> None:
        """A chunk is about to be moved, here or elsewhere, unless the run has to hold still first."""
        self.pauses.wait_if_due()
        self.work.stop.check()
        self.watch.begin(self.work.route(chunk.route).legacy_table)

    def heard(self, chunk: Chunk, counts: Counts) -> None:
        """A chunk has been moved, here or elsewhere."""
        route = self.work.route(chunk.route)
        if route.is_accounted:
            self.watch.advance(route.legacy_table, counts.rows_read)

    def elsewhere(self) -> "Elsewhere":
        work, settings = self.work, self.work.settings
        taken = work.snapshot
        told = (work.plan, ExportedSnapshot(taken.name, taken.visible, taken.server), dict(work.frames))
        return Elsewhere(
            work.run_id,
            work.started_at,
            settings.profile,
            settings.keys(),
            settings.source_schema,
            settings.target_schema,
            settings.is_on_staging,
            certificate.code_version(),
            work.sessions.guard.elsewhere(),
            zlib.compress(pickle.dumps(told)),
        )


@dataclass(frozen=True)
class Elsewhere:
    """`move` in another process, which has nothing of the run. program: digest of the one that began it; guard: lets
    its sessions write.

    told: plan, snapshot and small lookups, pickled and compressed.
    """

    run_id: str
    started_at: datetime
    profile: str
    profile_keys: dict[str, Any]
    source_schema: str
    target_schema: str
    is_on_staging: bool
    program: str
    guard: Guard
    told: bytes

    def __call__(self, chunk: Chunk, stop: Stop) -> Counts:
        """Errors: ConfigError if this is another program or has no connection; else as `move`."""
        self._expect_the_same()
        with self._work(stop) as work:
            with work.sessions.lend("target") as target, blame(TargetError, "reading the ledger", stop):
                done = ledger.counts_of(target, work, chunk)
            return done or move(work, chunk)

    def _expect_the_same(self) -> None:
        """Errors: ConfigError if this process has another program, or another mapping."""
        if (found := certificate.code_version()) != self.program:
            raise ConfigError(
                f"this worker runs program {found}, and the run began with {self.program}; "
                "install the same version on every worker, and restart them"
            )
        if (found := mapping.load().digest) != (begun := _opened(self.told)[0].mapping_digest):
            raise ConfigError(
                f"this worker has mapping {found[:12]}, and the run began with {begun[:12]}; "
                "name the same mapping folder on every worker (NXTGAUGE_MAPPING), and restart them"
            )

    @contextlib.contextmanager
    def _work(self, stop: Stop) -> Iterator[Work]:
        settings = self._settings()
        plan, snapshot, found = _opened(self.told)
        with contextlib.closing(Pool(settings, snapshot, stop, self.guard)) as sessions:
            yield Work(self.run_id, self.started_at, plan, settings, snapshot, stop, sessions, dict(found))

    def _settings(self) -> Settings:
        """This process's connections, and all else as the run has it. Of the rate at which the source may be read each
        of the run's workers has its share."""
        own = configuration.load().as_kept(self.profile, self.profile_keys)
        share = own.read_megabytes_per_second / own.workers
        schemas = {"source_schema": self.source_schema, "target_schema": self.target_schema}
        own = own.model_copy(update={**schemas, "read_megabytes_per_second": share})
        return own.on_staging() if self.is_on_staging else own


@functools.lru_cache(maxsize=1)
def _opened(told: bytes) -> tuple[Any, ...]:
    """The same bytes come with every chunk of a wave."""
    found: tuple[Any, ...] = pickle.loads(zlib.decompress(told))  # noqa: S301  # from our own client, as is the function
    return found
