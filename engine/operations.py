"""The operator's questions and commands beside migrating: each opens a session of its own and returns plain values."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from config.errors import TargetError
from config.settings import Settings
from engine.books import bookkeeping, lease, pace, pausing
from engine.books.entries import Entries, opened
from engine.books.pace import Pace
from engine.gates import approval, gates, summary
from engine.gates.approval import Decision
from engine.gates.summary import Summary
from engine.publish import locks, publish
from engine.publish import rollback as back
from engine.publish.rollback import Wish
from engine.session import connect, fetch, snapshot
from engine.session.blame import blame
from engine.session.patience import patiently
from engine.session.stop import STOP

NOTHING_ASKED = Wish()

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


def rollback_foreseen(settings: Settings, wish: Wish) -> dict[str, Any]:
    """What a rollback would do now, and what was written to what it sets aside; nothing is changed.

    Errors: PlanRefused if it would be refused, whatever was written; ConfigError, TargetError.
    """
    with connect.target(settings.target, STOP) as conn:
        return back.foreseen(conn, back.Trial(settings.target_schema, wish)).to_dict()


def rollback(settings: Settings, wish: Wish = NOTHING_ASKED) -> dict[str, Any]:
    """Roll back the last publish, or undo a rollback. A session that is lost is replaced.

    Errors: PlanRefused if there is nothing of ours, another run is published, or rows that were written would be lost;
    ConfigError, TargetError.
    """
    # By its name, or another try would take back one more.
    trial = back.Trial(settings.target_schema, replace(wish, run_id=wish.run_id or rolled_run(settings, wish)))
    with back.naming_export(trial):
        return patiently(partial(_roll_back_once, settings), trial).to_dict()


def _roll_back_once(settings: Settings, trial: back.Trial) -> back.Taken:
    with lease.hold(settings.target) as held, held.session(STOP) as conn:
        with blame(TargetError, "looking at the books", STOP):
            if earlier := back.done(conn, trial):
                return earlier
            if bookkeeping.is_present(conn):  # what is put in place is marked, for which older books have no room
                bookkeeping.ensure(conn)
        try:
            return back.take(conn, trial)
        except TargetError as error:
            # A lock was waited for, and who holds it is to be told now.
            error.retryable = error.retryable and error.sqlstate != locks.LOCK_NOT_HAD
            raise


def rolled_run(settings: Settings, wish: Wish) -> str | None:
    """The run that a rollback takes back, or that its undoing puts back; None if none of ours stands in that place."""
    product, _ = publish.names_of(settings.target_schema)
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "looking at the target", STOP):
        found = bookkeeping.schemas(conn).get(product.withdrawn if wish.undo else product.live)
    return found.run_id if found else None


@dataclass(frozen=True)
class Outlook:
    """A run that is to be judged: its id, its legacy rows, and what the stages of runs of its profile took."""

    run_id: str
    rows: int
    paces: dict[str, Pace]


def outlook(settings: Settings, run_id: str | None = None) -> Outlook | None:
    """Of this run, or of the one that is published; None if none is. Errors: ConfigError, TargetError."""
    query = "select coalesce(sum(source_rows), 0)::bigint from migration.tables where run_id = %s"
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "looking at the books", STOP):
        live = bookkeeping.schemas(conn).get(settings.target_schema)
        found = run_id or (live and live.run_id)
        if not found or not bookkeeping.is_present(conn):
            return None
        rows = fetch.value(int, conn, query, [found])
        return Outlook(found, rows, pace.read(conn, bookkeeping.run(conn, found).profile))


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
