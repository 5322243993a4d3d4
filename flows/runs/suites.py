"""The process that runs the expectation suites, begun beside the build: its imports take seconds, and wait for no row.

Laws
- It begins once the plan stands, opens no session, and waits until the auditor asks it (checks.expectations).
- It ends with the run, however that ends, whether it was asked or not.
"""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.session.execution import Watch

if TYPE_CHECKING:
    from checks.expectations import runner

PLANNING = "plan"  # the stage in which a run may yet be refused


class Waiting:
    """A Watch that passes on what it hears, and begins the process after planning. child: None before."""

    def __init__(self, watch: Watch):
        self.child: runner.Child | None = None
        self._stage = watch.stage
        self.stage_done, self.table, self.begin = watch.stage_done, watch.table, watch.begin
        self.advance, self.done, self.message = watch.advance, watch.done, watch.message

    def stage(self, name: str) -> None:
        if self.child is None and name != PLANNING:
            from checks.expectations import runner  # not before: commands that judge nothing start quicker without

            self.child = runner.Child()
        self._stage(name)


@contextlib.contextmanager
def waiting(watch: Watch) -> Iterator[Waiting]:
    """The Watch for a run."""
    heard = Waiting(watch)
    try:
        yield heard
    finally:
        if heard.child:
            heard.child.stop()
