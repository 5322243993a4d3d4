"""What a flow run shows of its progress in Prefect: lines in its log, and a bar that is kept up to date.

Laws
- Whatever ails the server, the run goes on: the bar is put there by a thread of its own, which is waited for only for
  some seconds when the run ends.
- The bar is an artifact of the flow run, under one key for each flow, so that the server keeps no list of bars.
"""

import contextlib
import logging
from collections.abc import Iterator
from typing import cast
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL

from engine.session.execution import Watch
from flows.local import progress
from flows.local.estimate import Estimate
from flows.local.prefect_server import is_healthy
from flows.local.progress import Lines, Shown

LOG = logging.getLogger("nxtgauge")
BAR_SECONDS = 5.0  # between two updates
LINE_SECONDS = 15.0  # between two lines: the server keeps each of them
WHOLE = 100


@contextlib.contextmanager
def heard(watch: Watch | None) -> Iterator[Shown]:
    """The caller's watch, if there is one, shown in Prefect too while the block runs."""
    shown = watch if isinstance(watch, Shown) else Shown(Estimate(), *([watch] if watch else []))
    lines, bar = Lines(shown.estimate, get_run_logger().info, every=LINE_SECONDS), Bar(shown.estimate)
    with progress.every(1.0, lines.tick), progress.every(BAR_SECONDS, bar.put, bar.put):
        yield shown.with_display(lines)
        bar.is_whole = True


class Bar:
    """The artifact of one flow run. is_whole: the work has ended well."""

    def __init__(self, estimate: Estimate):
        self._estimate, self._key = estimate, f"{flow_run.get_flow_name()}-progress"
        self._id: UUID | None = None
        self.is_whole = False

    def put(self) -> None:
        """Bring it up to date, if the server answers."""
        view = self._estimate.view()
        percent, text = (WHOLE, "done") if self.is_whole else (view.percent, progress.line(view))
        if not is_healthy(PREFECT_API_URL.value()):
            return
        try:
            if self._id is None:
                self._id = cast(UUID, create_progress_artifact(percent, self._key, text))
            else:
                update_progress_artifact(self._id, percent, text)
        except Exception as error:  # the next one may get through
            LOG.debug("the progress did not reach the Prefect server: %s", type(error).__name__)
