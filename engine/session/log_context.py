"""The context of this thread in a run, which log lines and counters add to their own content.

Laws
- Code that starts a thread for the run passes its context on; a thread without one has an empty context.
- The run's id and stage are common to all of its threads; table and chunk are the thread's own.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class _Run:
    run: str | None = None
    stage: str | None = None


_RUN: ContextVar[_Run | None] = ContextVar("run", default=None)
_PIECE: ContextVar[tuple[tuple[str, object], ...]] = ContextVar("piece", default=())


def begin() -> None:
    """Begin the context of one attempt at a run, as yet without id, for this thread and those that it starts."""
    _RUN.set(_Run())


def tell(run: str | None = None, stage: str | None = None) -> None:
    """Set the run's id, or its stage; None leaves it as it is."""
    known = _RUN.get()
    if known is not None:
        known.run, known.stage = run or known.run, stage or known.stage


@contextlib.contextmanager
def piece(**names: object) -> Iterator[None]:
    """The context within the block: this thread works on this table and chunk."""
    token = _PIECE.set(tuple(names.items()))
    try:
        yield
    finally:
        _PIECE.reset(token)


def here() -> dict[str, object]:
    """run, stage, table and chunk, as far as they are known."""
    known = _RUN.get() or _Run()
    found = {"run": known.run, "stage": known.stage, **dict(_PIECE.get())}
    return {name: value for name, value in found.items() if value is not None}
