"""What is done to a cut-over at a moment: to its process, to its sessions, or to the network between.

Each comes back once the process is dead, or may go on; the caller waits for its end.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.torture.cutovers.child import Child
from tests.torture.cutovers.place import OWN_NAME, Place
from tests.torture.proxy import Proxy

OURS = f"""
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name <> '{OWN_NAME}' and usename = 'owner'
      and (application_name = 'nxtgauge-migrate fence') = %s
"""
OVER_SECONDS = 3.0


@dataclass
class Struck:
    """A cut-over under way. source, target: the networks to both sides. notes: what there is to say of it."""

    place: Place
    child: Child
    budget: float
    source: Proxy
    target: Proxy
    notes: list[str] = field(default_factory=list)


def _signalled(number: signal.Signals) -> Callable[[Struck], None]:
    def send(struck: Struck) -> None:
        os.kill(struck.child.pid, number)
        struck.child.go_on()

    return send


def frozen(struck: Struck) -> None:
    """For longer than the budget."""
    os.kill(struck.child.pid, signal.SIGSTOP)
    time.sleep(struck.budget + OVER_SECONDS)
    os.kill(struck.child.pid, signal.SIGCONT)
    struck.child.go_on()


def _ended(side: str, is_fence: bool) -> Callable[[Struck], None]:
    """All sessions of that kind; where both sides are one database, the lock is a session of the target's."""

    def end(struck: Struck) -> None:
        with struck.place.looks(side) as conn:
            found = conn.execute(OURS, [is_fence]).fetchall()
        struck.notes.append(f"{len(found)} sessions ended")
        struck.child.go_on()

    return end


def _reset(side: str) -> Callable[[Struck], None]:
    def reset(struck: Struck) -> None:
        getattr(struck, side).reset_all()
        struck.child.go_on()

    return reset


def _swallowed(side: str) -> Callable[[Struck], None]:
    """Nothing comes or goes any more, and nobody is told; the process is killed once the budget is over."""

    def swallow(struck: Struck) -> None:
        getattr(struck, side).swallow_all(3600)
        struck.child.go_on()
        struck.child.wait(struck.budget + OVER_SECONDS)
        struck.child.kill()

    return swallow


def server_killed(struck: Struck) -> None:
    """kill -9 of both sides' postmaster, which starts again at once."""
    struck.place.server.kill()
    struck.child.go_on()
    struck.place.server.start()


def nothing(struck: Struck) -> None:
    """The process does it itself, as it goes on."""
    struck.child.go_on()


STRIKES: dict[str, Callable[[Struck], None]] = {
    "killed": _signalled(signal.SIGKILL),
    "stopped": _signalled(signal.SIGTERM),
    "frozen": frozen,
    "fence ended": _ended("source", is_fence=True),
    "source ended": _ended("source", is_fence=False),
    "target ended": _ended("target", is_fence=False),
    "source reset": _reset("source"),
    "target reset": _reset("target"),
    "source swallowed": _swallowed("source"),
    "target swallowed": _swallowed("target"),
    "server killed": server_killed,
    "answer lost": nothing,
}
