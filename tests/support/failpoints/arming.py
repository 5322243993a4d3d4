"""Arms a process: wraps the functions that points name, so that each strikes once, at its turn.

    NXTGAUGE_FAILPOINTS=after_chunk_commit:3:kill,before_publish_commit:1:cut

Turns are counted in each process by itself, over all its threads, from 1. A whole command is armed by the environment
(`site`), a block of a test by `armed`.
"""

import contextlib
import functools
import importlib
import inspect
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.failpoints.actions import ACTIONS
from tests.support.failpoints.points import POINTS, Point

VARIABLE = "NXTGAUGE_FAILPOINTS"


@dataclass
class Strike:
    """What is to happen at a point when its turn has come. struck: whether it has."""

    point: str
    turn: int
    action: str
    struck: bool = False
    _passed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def pass_by(self, arguments: tuple[object, ...]) -> None:
        with self._lock:
            self._passed += 1
            is_turn = self._passed == self.turn
            self.struck = self.struck or is_turn
        if is_turn:
            self.strike(arguments)

    def strike(self, arguments: tuple[object, ...]) -> None:
        ACTIONS[self.action](arguments)

    def __str__(self) -> str:
        return f"{self.point}:{self.turn}:{self.action}"


def parsed(text: str) -> list[Strike]:
    """Errors: ValueError, which names the part that says nothing."""
    strikes = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        point, _, rest = part.partition(":")
        turn, _, action = rest.partition(":")
        if point not in POINTS or not turn.isdecimal() or int(turn) < 1 or action not in ACTIONS:
            wanted = f"a point of {', '.join(POINTS)}; a turn from 1; an action of {', '.join(ACTIONS)}"
            raise ValueError(f"{VARIABLE} has {part!r}; wanted point:turn:action: {wanted}")
        strikes.append(Strike(point, int(turn), action))
    return strikes


@contextlib.contextmanager
def armed(text: str) -> Iterator[list[Strike]]:
    """The process is armed for the block; gives the strikes, which say whether they have struck."""
    strikes = parsed(text)
    with contextlib.ExitStack() as stack:
        for strike in strikes:
            stack.callback(arm(strike))
        yield strikes


def arm(strike: Strike) -> Callable[[], None]:
    """Wrap what the point names, from now on; gives what takes that back. Errors: LookupError if it is not there."""
    point = POINTS[strike.point]
    owner, name = _place(strike.point, point)
    original = inspect.getattr_static(owner, name)
    setattr(owner, name, _wrapped(original, point, strike))
    return lambda: setattr(owner, name, original)


def _place(name: str, point: Point) -> tuple[Any, str]:
    """The module or class, and the name within it."""
    module, _, path = point.function.partition(":")
    *classes, attribute = path.split(".")
    try:
        owner = functools.reduce(getattr, classes, importlib.import_module(module))
        getattr(owner, attribute)
    except (ImportError, AttributeError):
        raise LookupError(
            f"failpoint {name} is at {point.function}, which is not there; "
            "say in tests/support/failpoints/points.py where it is now"
        ) from None
    return owner, attribute


def _wrapped(original: Callable[..., Any], point: Point, strike: Strike) -> Callable[..., Any]:
    @functools.wraps(original)
    def before(*arguments: Any, **named: Any) -> Any:
        strike.pass_by((*arguments, *named.values()))
        return original(*arguments, **named)

    @functools.wraps(original)
    def after(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        strike.pass_by((*arguments, *named.values()))
        return result

    @functools.wraps(original)
    @contextlib.contextmanager
    def leaving(*arguments: Any, **named: Any) -> Iterator[Any]:
        with original(*arguments, **named) as value:
            yield value
            strike.pass_by((*arguments, *named.values()))

    return {"before": before, "after": after, "leaving": leaving}[point.side]
