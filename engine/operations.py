"""The operator's questions and commands beside migrating: each opens a session of its own and returns plain values."""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from config.errors import TargetError
from config.settings import Settings
from engine.books import bookkeeping, lease, pausing
from engine.books.entries import Entries, opened
from engine.gates import approval, gates, summary
from engine.gates.approval import Decision
from engine.gates.summary import Summary
from engine.publish import publish
from engine.session import connect, snapshot
from engine.session.blame import blame
from engine.session.patience import patiently
from engine.session.stop import STOP

if TYPE_CHECKING:  # what a signature names is not worth waiting for
    from engine.planning.plan import Plan


def plan(settings: Settings) -> "Plan":
    """The plan as of now; its faults are in it, none is raised. Errors: ConfigError, SourceError."""
    from engine.start import preflight

    with snapshot.hold(settings.source, STOP) as held:
        return preflight.planned(settings, held, datetime.now(UTC).isoformat())


def told(settings: Settings, run_id: str, **known: Any) -> Summary:
    """The summary of a run from the books. known: fields that they do not hold. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "reading the books", STOP):
        return summary.of(conn, run_id, **{"missing_tables": [], "changed_tables": []} | known)


def mapping_of(settings: Settings, run_id: str) -> str | None:
    """Digest of the mapping that a run was built by. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "reading the books", STOP):
        return next((run.mapping_hash for run in bookkeeping.runs(conn) if run.run_id == run_id), None)


def rollback(settings: Settings, run_id: str | None = None) -> dict[str, Any]:
    """Roll back the last publish; run_id: only if this run is the published one. A session that is lost is replaced.

    Errors: PlanRefused if there is nothing of ours, or another run is published; TargetError.
    """
    tries = itertools.count()

    def once(run_id: str | None) -> publish.Switch:
        with lease.hold(settings.target) as held, held.session(STOP) as conn:
            earlier = publish.rolled_back(conn, settings.target_schema, run_id) if next(tries) else None
            try:
                return earlier or publish.rollback(conn, settings.target_schema, run_id)
            except TargetError as error:
                # A lock was waited for, and who holds it is to be told now.
                error.retryable = error.retryable and error.sqlstate != publish.LOCK_NOT_HAD
                raise

    # By its name, or another try would take back one more.
    return asdict(patiently(once, run_id or published_run(settings)))


def published_run(settings: Settings) -> str | None:
    """The run whose build has the target's name; None if none of ours has. Errors: TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "looking at the target", STOP):
        live = bookkeeping.schemas(conn).get(settings.target_schema)
    return live.run_id if live else None


def decide(settings: Settings, run_id: str, decision: Decision) -> dict[str, Any]:
    """Approve or reject a run that waits for it; returns its gate. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "deciding about a run", STOP):
        return summary.timed(approval.decide(conn, run_id, decision), "judged_at")


def waive(settings: Settings, run_id: str, check_name: str, reason: str, name: str) -> dict[str, Any]:
    """Waive a closed gate of a run's build; returns the waiver. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "waiving a check", STOP):
        return summary.timed(gates.waive(conn, run_id, check_name, reason, name), "waived_at")


def pause(settings: Settings, run_id: str, name: str) -> dict[str, Any]:
    """Have a run hold still from its next chunk on; returns the pause. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "pausing a run", STOP):
        return pausing.ask(conn, run_id, name).to_dict()


def go_on(settings: Settings, run_id: str, name: str) -> dict[str, Any]:
    """Have a paused run go on; returns the pause that has ended. Errors: ConfigError, TargetError."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "continuing a run", STOP):
        return pausing.end(conn, run_id, name).to_dict()


@contextlib.contextmanager
def entries(
    settings: Settings, kind: str, run_id: str | None = None, table: str | None = None, groups: Sequence[str] = ()
) -> Iterator[tuple[Entries, str]]:
    """Entries of the books about single rows, for as long as their session lives, and the state of their run.

    See engine.books.entries. Errors: ConfigError, PlanRefused, TargetError.
    """
    with (
        connect.target(settings.target, STOP) as conn,
        blame(TargetError, "reading the books", STOP),
        opened(conn, kind, settings.target_schema, run_id, table, groups) as found,
    ):
        yield found, summary.state(conn, found.run)


def status(settings: Settings) -> list[dict[str, Any]]:
    """Runs into this target schema, the latest first, each with its balance."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "reading the runs", STOP):
        found = bookkeeping.runs(conn)
        held_by = lease.holders(conn)
        alive = lease.at_work(found, bool(held_by))
        ours = [run for run in found if run.target_schema == settings.target_schema]
        return [summary.status(conn, run, held_by if run == alive else []) for run in ours]
