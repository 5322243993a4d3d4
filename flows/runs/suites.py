"""The process that runs the expectation suites, begun beside the run: its imports take seconds, and wait for no row.

Laws
- It opens no session, and waits until the auditor asks it (checks.expectations).
- It ends with the run, however that ends, whether it was asked or not; and with this process, if no run comes.
"""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.expectations import runner

_BEGUN: "list[runner.Child]" = []


def begin() -> None:
    """Begin the process ahead of the run, which takes it up: a command has its own imports before it."""
    from checks.expectations import runner  # not before: commands that judge nothing start quicker without

    _BEGUN.append(runner.Child())


@contextlib.contextmanager
def beside() -> Iterator["runner.Child"]:
    """The process, for a run."""
    if not _BEGUN:
        begin()
    child = _BEGUN.pop()
    try:
        yield child
    finally:
        child.stop()
