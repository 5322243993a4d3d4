"""Where in a run this thread is: what log lines and counters say beside what they tell.

Laws
- Whoever starts a thread for the run hands its context on; a thread that was not handed one is nowhere.
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
    """From here on this thread, and those that it starts, are at work for one attempt at a run, as yet without id."""
    _RUN.set(_Run())


def tell(run: str | None = None, stage: str | None = None) -> None:
    """The run's id, or the stage that it has come to; what is None stays."""
    known = _RUN.get()
    if known is not None:
        known.run, known.stage = run or known.run, stage or known.stage


@contextlib.contextmanager
def piece(**names: object) -> Iterator[None]:
    """Within the block this thread is at work on this piece: table, chunk."""
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
