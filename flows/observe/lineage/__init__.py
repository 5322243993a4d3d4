"""Tells an OpenLineage server, or a file, where every column of the target comes from.

Laws
- Told is what NXTGAUGE_LINEAGE_URL says, and nothing else in the environment turns it on; OPENLINEAGE_DISABLED=true
  turns it off.
- Lineage never fails a run: whatever goes wrong here is a warning.
- OpenLineage is imported only where it is wanted.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import psycopg

from config.errors import Interrupted, MigrateError
from config.settings import Settings
from engine.chunks.work import Work
from engine.gates import seal
from engine.gates.summary import Summary
from engine.session import connect
from flows.local.logs import redacted

LOG = logging.getLogger("nxtgauge")
END_SECONDS = 60.0  # how long a run that ended well waits for its events to be taken
FAIL_SECONDS = 5.0  # and one that did not: somebody may have asked it to stop


class Teller:
    """Of one attempt at a run. Of a run that never began nothing is told, for nothing was read or written."""

    def __init__(self, settings: Settings, is_rehearsal: bool):
        self._settings, self._is_rehearsal = settings, is_rehearsal
        self._story = self._sender = None  # until the run begins

    def begin(self, work: Work) -> None:
        """Tell that the run begins. What engine.run.migrate's options have as `begun`."""
        with _harmless():
            from flows.observe.lineage import events, story
            from flows.observe.lineage.sending import Sender

            with work.sessions.lend("target") as target:
                self._story = story.of(work, target.info, self._is_rehearsal)
            self._sender = Sender(self._settings.lineage_url.get_secret_value())
            self._sender.send(events.begins(self._story))

    def end(self, summary: Summary) -> None:
        """Tell that the run ended well, and what was counted."""
        if self._sender is None:
            return
        with _harmless(), self._last_events(END_SECONDS) as events:
            counted = self._story.with_rows(*self._counted(summary))
            self._sender.send(events.ends_well(counted, summary.verdict))

    def fail(self, error: BaseException) -> None:
        """Tell that it did not, if it was told that it began."""
        if self._sender is None:
            return
        with _harmless(), self._last_events(FAIL_SECONDS) as events:
            is_stop = isinstance(error, Interrupted | KeyboardInterrupt)
            verdict = getattr(getattr(error, "summary", None), "verdict", None)
            self._sender.send(events.ends_badly(self._story, _text(error), is_stop, verdict))

    @contextmanager
    def _last_events(self, seconds: float) -> Iterator:
        from flows.observe.lineage import events

        try:
            yield events
        finally:
            self._sender.close(seconds)

    def _counted(self, summary: Summary) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Rows of the legacy tables, and of the tables that were built when they were verified, if they can be had."""
        built: Mapping[str, int] = {}
        with suppress(MigrateError, psycopg.Error), connect.target(self._settings.target) as conn:
            built = seal.rows_of(conn, summary.run_id)
        return {row["legacy_table"]: row["source_rows"] for row in summary.tables}, built


@contextmanager
def told(settings: Settings, is_rehearsal: bool) -> Iterator["Teller | Mute"]:
    """Tells of the run within the block; the block says when it begins and how it ended well."""
    teller = Teller(settings, is_rehearsal) if _is_wanted(settings) else Mute()
    try:
        yield teller
    except BaseException as error:
        teller.fail(error)
        raise


class Mute:
    """Tells nobody."""

    def begin(self, work: Work) -> None: ...

    def end(self, summary: Summary) -> None: ...

    def fail(self, error: BaseException) -> None: ...


def _is_wanted(settings: Settings) -> bool:
    is_disabled = os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true"
    return settings.lineage_url is not None and not is_disabled


@contextmanager
def _harmless() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        LOG.warning("lineage was not told: %s; the run goes on", type(error).__name__)
        LOG.debug("lineage was not told", exc_info=error)


def _text(error: BaseException) -> str:
    """No secret, and no value of a row."""
    return redacted(str(error)) if isinstance(error, MigrateError) else type(error).__name__
