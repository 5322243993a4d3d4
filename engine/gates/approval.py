"""The approval before publish: a person looks at the verified build's report and says yes or no.

Laws
- Whether a run has to be approved is recorded when it begins, so that no later attempt can do without.
- Approval is asked for after every other gate has passed, once per build: an approved build that is resumed stays
  approved, a rejected one stays rejected. A run that begins anew, or whose build has followed its source since,
  needs an approval anew; of a cut-over that is tried again, which has rounds of its own, it stands.
- The decision is the row of the gate `approval`: the first to change it from awaiting has decided. The run waits for
  that row alone, so that any machine that reaches the target can decide, with or without a Prefect server.
- If nobody decides in time, the gate is in error and nothing is published; a resumed run asks again.
- While it waits, the run holds the lease, but neither a snapshot nor a lock.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import psycopg

from config.errors import ConfigError
from engine.books import bookkeeping
from engine.gates import gates
from engine.gates.gates import AWAITING, ERROR, FAILED, PASSED, Gate
from engine.gates.summary import Summary
from engine.session.stop import Stop

POLL_SECONDS = 1.0
APPROVAL = gates.APPROVAL


@dataclass(frozen=True)
class Decision:
    """What a person said. name: who; comment: why, or empty."""

    is_approved: bool
    name: str
    comment: str = ""

    @property
    def text(self) -> str:
        verb = "approved" if self.is_approved else "rejected"
        return f"{verb} by {self.name}" + (f": {self.comment}" if self.comment else "")


@dataclass(frozen=True)
class Request:
    """A request for approval. until: when the time to answer ends; summary: of the run."""

    run_id: str
    until: datetime
    summary: Summary


class Desk(Protocol):
    """Another place where a person may decide, such as a form in Prefect's UI. None of its methods raises."""

    def ask(self, request: Request) -> None: ...

    def answer(self) -> Decision | None: ...

    def close(self, outcome: str) -> None: ...


class NoDesk:
    """The books are the only place."""

    def ask(self, request: Request) -> None: ...

    def answer(self) -> Decision | None: ...

    def close(self, outcome: str) -> None: ...


def require_others(conn: psycopg.Connection, run_id: str, build_oid: int) -> None:
    """Errors: VerificationFailed if anything but a missing answer keeps the build from being published."""
    shut = [gate for gate in gates.closed(conn, run_id, build_oid) if not _is_open(gate)]
    if shut:
        raise gates.refusal(run_id, shut)


def _is_open(gate: Gate) -> bool:
    return gate.check_name == APPROVAL and gate.state != FAILED


def is_given(conn: psycopg.Connection, run_id: str, build_oid: int) -> bool:
    """Whether this build is approved already."""
    return _state(conn, run_id, build_oid) == PASSED


def withdraw(conn: psycopg.Connection, run_id: str, build_oid: int) -> None:
    """The build is not the one any more of which somebody has decided."""
    query = "delete from migration.gates where run_id = %s and build_oid = %s and check_name = %s"
    conn.execute(query, [run_id, build_oid, APPROVAL])


def wait(conn: psycopg.Connection, build_oid: int, request: Request, desk: Desk, stop: Stop) -> None:
    """Ask, and return when the build is approved.

    Errors: VerificationFailed if it was rejected or nobody decided in time; Interrupted.
    """
    detail = f"awaits approval until {_shown(request.until)}"
    gates.record(conn, request.run_id, build_oid, [Gate(APPROVAL, APPROVAL, AWAITING, detail)])
    desk.ask(request)
    outcome = "the run ended before anybody had decided"
    try:
        outcome = _await(conn, build_oid, request, desk, stop)
    finally:
        desk.close(outcome)
    gates.require(conn, request.run_id, build_oid)


def _await(conn: psycopg.Connection, build_oid: int, request: Request, desk: Desk, stop: Stop) -> str:
    """What was decided, as the gate has it."""
    while _state(conn, request.run_id, build_oid) == AWAITING:
        stop.check()
        if answer := desk.answer():
            _decide(conn, request.run_id, build_oid, answer)
        elif datetime.now(UTC) > request.until:
            _close(conn, request.run_id, build_oid, ERROR, f"nobody decided until {_shown(request.until)}")
        else:
            time.sleep(POLL_SECONDS)
    return _detail(conn, request.run_id, build_oid)


def decide(conn: psycopg.Connection, run_id: str, decision: Decision) -> dict[str, Any]:
    """Decide about a run that awaits approval; the gate's row as it stands then.

    Errors: ConfigError if there is no such run, or it awaits none, or somebody else has decided.
    """
    gates.one_line(decision.name, "--by")
    build_oid = gates.build_oid_of(conn, run_id)
    if not _decide(conn, run_id, build_oid, decision):
        raise ConfigError(_why_not(conn, run_id, build_oid))
    return next(gate for gate in gates.of_build(conn, run_id, build_oid) if gate["check_name"] == APPROVAL)


def until(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _decide(conn: psycopg.Connection, run_id: str, build_oid: int, decision: Decision) -> bool:
    """Whether this decision was the first. Its words go into the books, and so into reports, as one line."""
    state = PASSED if decision.is_approved else FAILED
    return _close(conn, run_id, build_oid, state, gates.in_one_line(decision.text))


CLOSE = """
    update migration.gates set state = %s, detail = %s, judged_at = now()
    where (run_id, build_oid, check_name, state) = (%s, %s, 'approval', 'awaiting')
"""


def _close(conn: psycopg.Connection, run_id: str, build_oid: int, state: str, detail: str) -> bool:
    """Whether it was still open."""
    return conn.execute(CLOSE, [state, detail, run_id, build_oid]).rowcount == 1


def _row(conn: psycopg.Connection, run_id: str, build_oid: int) -> tuple[str | None, str]:
    query = """select state, detail from migration.gates
               where (run_id, build_oid, check_name) = (%s, %s, 'approval')"""
    return conn.execute(query, [run_id, build_oid]).fetchone() or (None, "")


def _state(conn: psycopg.Connection, run_id: str, build_oid: int) -> str | None:
    return _row(conn, run_id, build_oid)[0]


def _detail(conn: psycopg.Connection, run_id: str, build_oid: int) -> str:
    return _row(conn, run_id, build_oid)[1]


def _why_not(conn: psycopg.Connection, run_id: str, build_oid: int) -> str:
    state, detail = _row(conn, run_id, build_oid)
    if state is None:
        run = bookkeeping.run(conn, run_id)
        return f"run {run_id} is {run.state} and awaits no approval; `nxtgauge-migrate status` lists what does"
    return f"run {run_id} awaits no approval any more: {detail}"


def _shown(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S UTC")
