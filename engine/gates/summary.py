"""The summary of a run as plain values: counts, reasons, names and times, no value of a row."""

from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

from engine.books import bookkeeping, cutovers, lease, pausing
from engine.books.bookkeeping import Run
from engine.changes import rounds
from engine.gates import gates

BALANCE = """
    select legacy_table, source_rows, loaded, merged, rejected, archived, balanced
    from migration.balance where run_id = %s order by legacy_table
"""
REASONS = "select reason, count(*) as rows from migration.rejects where run_id = %s group by reason order by reason"
REJECTS = """
    select legacy_table, reason, count(*) as rows from migration.rejects
    where run_id = %s group by legacy_table, reason order by legacy_table, reason
"""
NOTES = """
    select legacy_table, note, count(*) as rows from migration.notes
    where run_id = %s group by legacy_table, note order by legacy_table, note
"""
MOST_ROUNDS = 500  # of a night that a report tells of; the books have all
PLACE = """
    select s.role, s.name from migration.schemas s
    join pg_namespace n on n.oid = s.schema_oid and n.nspname = s.name where s.run_id = %s and s.kind = 'product'
"""


@dataclass(frozen=True)
class Summary:
    """One attempt at a run. tables: rows of migration.balance; seconds by stage in timings.

    verdict: what the auditor gave, None if it was not asked. gates: those of this build that are not passed, and the
    approval, each with waived_by. waivers: all of the run, of former builds too. certificate: what a person wants to
    know of the one that was issued or that the run was held to; issued: the whole of one that was issued. rounds: the
    latest in which the build has followed its source; cutovers: all attempts at one; late_writes: legacy_table and rows
    of what was found on the source after the fence.
    """

    run_id: str
    state: str
    dry_run: bool
    schema: str
    tables: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    missing_tables: list[str]
    changed_tables: list[str]
    timings: dict[str, float] = field(default_factory=dict)
    profile: str | None = None
    error: str | None = None
    verdict: dict[str, Any] | None = None
    gates: list[dict[str, Any]] = field(default_factory=list)
    waivers: list[dict[str, Any]] = field(default_factory=list)
    certificate: dict[str, Any] | None = None
    issued: dict[str, Any] | None = None
    rounds: list[dict[str, Any]] = field(default_factory=list)
    cutovers: list[dict[str, Any]] = field(default_factory=list)
    late_writes: list[dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def of(conn: psycopg.Connection, run_id: str, build_oid: int | None = None, **known: Any) -> Summary:
    """The summary of a run from the books; known: what the books do not hold."""
    run = bookkeeping.run(conn, run_id)
    shut = [gate for gate in gates.of_build(conn, run_id, build_oid) if _is_told(gate)] if build_oid else []
    attempts = cutovers.of_run(conn, run_id)
    return Summary(
        run_id=run_id,
        state=_now(conn, run),
        dry_run=run.dry_run,
        schema=run.target_schema,
        tables=rows(conn, BALANCE, run_id),
        rejects=rows(conn, REJECTS, run_id),
        notes=rows(conn, NOTES, run_id),
        profile=run.profile,
        error=run.error,
        gates=_all_timed(shut, "judged_at"),
        waivers=_all_timed(gates.waivers(conn, run_id), "waived_at"),
        rounds=[one.to_dict() for one in rounds.latest(conn, run_id, MOST_ROUNDS)],
        cutovers=[one.to_dict() for one in attempts],
        late_writes=_late(attempts),
        **known,
    )


def _late(attempts: list[cutovers.CutoverAttempt]) -> list[dict[str, Any]]:
    """Of the last attempt that published."""
    found = [one.late or {} for one in attempts if one.outcome == cutovers.PUBLISHED]
    return [{"legacy_table": table, "rows": rows} for table, rows in sorted(found[-1].items())] if found else []


def _is_told(gate: dict[str, Any]) -> bool:
    return bool(gate["state"] != "passed" or gate["check_name"] == gates.APPROVAL)


def _now(conn: psycopg.Connection, run: Run) -> str:
    """The run's state; of one that was published whether it still is, and of one that was taken back whether it is
    kept."""
    place = _place(conn, run.run_id)[0]
    if run.state == "published":
        return run.state if place == "live" else "superseded"
    return "withdrawn" if (run.state, place) == ("rolled_back", "withdrawn") else run.state


def _place(conn: psycopg.Connection, run_id: str) -> tuple[str | None, str | None]:
    """Role and name of the schema in which the run's product stands; both None where it is gone."""
    return conn.execute(PLACE, [run_id]).fetchone() or (None, None)


def state(conn: psycopg.Connection, run: Run) -> str:
    """The run's state as people call it: a rehearsal whose build was discarded has passed."""
    return "passed" if run.dry_run and run.state == "discarded" else _now(conn, run)


def _state(
    conn: psycopg.Connection, run: Run, shut: list[gates.Gate], *, is_alive: bool, is_paused: bool, follows: bool
) -> str:
    """Whether a run that the books call unfinished is under way, waits for a person, can be gone on with, or has died;
    else see state."""
    if run.state not in lease.OPEN:
        return state(conn, run)
    if not is_alive:
        return "open" if follows and run.state == "built" else "died"
    if any(gate.state == gates.AWAITING for gate in shut):
        return "awaiting"
    return "paused" if is_paused else "following" if follows else run.state


def status(conn: psycopg.Connection, run: Run, held_by: list[str]) -> dict[str, Any]:
    """A run in the list. One whose state is running, but which no session holds the target for, has died and can be
    resumed. held_by: who does, in sentences. place, schema: where its product stands, as live, previous, withdrawn or
    build. follows: the last round of a build that follows its source, None of any other. cutover: the last attempt at
    one, or its rehearsal, that kept writers waiting.
    """
    build = bookkeeping.find_build(conn, run.run_id) if gates.are_kept(conn) else None
    is_judged = build is not None and gates.of_build(conn, run.run_id, build.schema_oid)
    shut = gates.closed(conn, run.run_id, build.schema_oid) if build and is_judged else []
    place, schema = _place(conn, run.run_id)
    paused = pausing.under_way(conn, run.run_id) if run.state in lease.OPEN else None
    follows = rounds.latest(conn, run.run_id, 1) if build else []
    attempts = cutovers.of_run(conn, run.run_id)
    is_now = {"is_alive": bool(held_by), "is_paused": paused is not None, "follows": bool(follows)}
    return {
        "run_id": run.run_id,
        "state": _state(conn, run, shut, **is_now),
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at and run.finished_at.isoformat(),
        "dry_run": run.dry_run,
        "profile": run.profile,
        "place": place,
        "schema": schema,
        "error": run.error,
        "paused": paused and paused.to_dict(),
        "held_by": held_by,
        "follows": follows[0].to_dict() if follows else None,
        "cutover": attempts[-1].to_dict() if attempts else None,
        "tables": rows(conn, BALANCE, run.run_id),
        "closed_gates": [gates.told(run.run_id, gate, bool(follows)) for gate in shut],
        "waivers": _all_timed(gates.waivers(conn, run.run_id), "waived_at"),
    }


def rows(conn: psycopg.Connection, query: str, run_id: str) -> list[dict[str, Any]]:
    """The rows of a query of one parameter, a run."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, (run_id,)).fetchall()


def timed(row: dict[str, Any], name: str) -> dict[str, Any]:
    """The row with an instant as text, for JSON."""
    return row | {name: row[name].isoformat()}


def _all_timed(found: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [timed(row, name) for row in found]
