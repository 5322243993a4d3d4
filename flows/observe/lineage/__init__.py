"""Sends the origin of every column of the target to an OpenLineage server, or a file.

Laws
- Only NXTGAUGE_LINEAGE_URL turns it on; OPENLINEAGE_DISABLED=true turns it off.
- Lineage never fails a run: every error here is a warning.
- OpenLineage is imported only where it is wanted.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg
from pydantic import SecretStr

from config.errors import Interrupted, MigrateError
from config.settings import Settings
from engine.chunks.work import Work
from engine.gates import seal
from engine.gates.summary import Summary
from engine.session import connect
from flows.local.logs import redacted

if TYPE_CHECKING:
    from flows.observe.lineage.sending import Sender
    from flows.observe.lineage.story import Story

LOG = logging.getLogger("nxtgauge")
END_SECONDS = 60.0  # how long a run that ended well waits for its events to be taken
FAIL_SECONDS = 5.0  # and one that did not: somebody may have asked it to stop


class Teller:
    """Sends the events of one attempt at a run; none of a run that never began, for nothing was read or written."""

    def __init__(self, settings: Settings, url: SecretStr, is_rehearsal: bool):
        self._settings, self._url, self._is_rehearsal = settings, url, is_rehearsal
        self._begun: tuple[Story, Sender] | None = None

    def begin(self, work: Work) -> None:
        """Tell that the run begins. What engine.run.migrate's options have as `begun`."""
        with _harmless():
            from flows.observe.lineage import events, sending, story

            with work.sessions.lend("target") as target:
                begun = story.of(work, target.info, self._is_rehearsal)
            sender = sending.Sender(self._url.get_secret_value())
            self._begun = begun, sender
            sender.send(events.begins(begun))

    def end(self, summary: Summary) -> None:
        """Tell that the run ended well, and what was counted."""
        if self._begun is None:
            return
        story, sender = self._begun
        with _harmless(), _closing(sender, END_SECONDS):
            from flows.observe.lineage import events

            sender.send(events.ends_well(story.with_rows(*self._counted(summary)), summary.verdict))

    def fail(self, error: BaseException) -> None:
        """Tell that it did not, if it was told that it began."""
        if self._begun is None:
            return
        story, sender = self._begun
        with _harmless(), _closing(sender, FAIL_SECONDS):
            from flows.observe.lineage import events

            is_stop = isinstance(error, Interrupted | KeyboardInterrupt)
            verdict = getattr(getattr(error, "summary", None), "verdict", None)
            sender.send(events.ends_badly(story, _text(error), is_stop, verdict))

    def _counted(self, summary: Summary) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Rows of the legacy tables, and of the tables that were built when they were verified, if they can be had."""
        built: Mapping[str, int] = {}
        with suppress(MigrateError, psycopg.Error), connect.target(self._settings.target) as conn:
            built = seal.rows_of(conn, summary.run_id)
        return {row["legacy_table"]: row["source_rows"] for row in summary.tables}, built


@contextmanager
def told(settings: Settings, is_rehearsal: bool) -> Iterator["Teller | Mute"]:
    """Tells of the run within the block; the block says when it begins and how it ended well."""
    url = settings.lineage_url
    teller = Mute() if url is None or _is_disabled() else Teller(settings, url, is_rehearsal)
    try:
        yield teller
    except BaseException as error:
        teller.fail(error)
        raise


class Mute:
    """Sends nothing."""

    def begin(self, work: Work) -> None: ...

    def end(self, summary: Summary) -> None: ...

    def fail(self, error: BaseException) -> None: ...


def _is_disabled() -> bool:
    return os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true"


@contextmanager
def _closing(sender: "Sender", seconds: float) -> Iterator[None]:
    try:
        yield
    finally:
        sender.close(seconds)


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
