"""The judgement of a finished build: the engine's own gates, and the auditor's, which the engine only records.

Laws
- Every gate is recorded before the run acts on it, so that the record stays even if the run dies.
- A verification opens its gate only if it judged this build, at level full, on all rows, and to its end.
"""

from collections.abc import Iterator
from typing import Any

import psycopg

from engine.books import bookkeeping, totals
from engine.books.totals import Increment
from engine.chunks.work import Work
from engine.gates import gates, seal, summary
from engine.gates.gates import ERROR, FAILED, PASSED, POLICY, VERIFICATION, Auditor, Case, Gate
from engine.session.execution import Counting

STATES = {"PASS": PASSED, "FAIL": FAILED}


def judge(conn: psycopg.Connection, work: Work, changed: list[str] | None) -> None:
    """The engine's own gates. changed: tables that the source has changed since the snapshot; None of a build that
    follows its source by rounds."""
    found = [*_balances(conn, work), *_tolerances(conn, work), _source(work, changed)]
    gates.record(conn, work.run_id, _oid(conn, work), found)


def _oid(conn: psycopg.Connection, work: Work) -> int:
    return bookkeeping.build(conn, work.run_id).schema_oid


def _balances(conn: psycopg.Connection, work: Work) -> Iterator[Gate]:
    for row in summary.rows(conn, summary.BALANCE, work.run_id):
        sums = "{loaded} loaded + {merged} merged + {rejected} rejected + {archived} archived".format(**row)
        state, verb = (PASSED, "are") if row["balanced"] else (FAILED, "are not")
        detail = f"{row['legacy_table']}: {row['source_rows']} rows {verb} {sums}"
        yield Gate(f"balance/{row['legacy_table']}", "balance", state, detail)


def _tolerances(conn: psycopg.Connection, work: Work) -> Iterator[Gate]:
    """Of each reason, and of those that no row is rejected for any more: a build that follows its source changes."""
    found = summary.rows(conn, summary.REASONS, work.run_id)
    judged = {f"tolerance/{row['reason']}" for row in found}
    query = "select check_name from migration.gates where run_id = %s and build_oid = %s and check_name like %s"
    for (name,) in conn.execute(query, [work.run_id, _oid(conn, work), "tolerance/%"]).fetchall():
        if name not in judged:
            yield Gate(name, POLICY, PASSED, f"no row is rejected for {name.partition('/')[2]} any more")
    for row in found:
        reason, allowed = row["reason"], work.settings.tolerated(row["reason"])
        are = "row is" if row["rows"] == 1 else "rows are"
        detail, state = f"{row['rows']} {are} rejected for {reason}", PASSED
        if allowed is not None and row["rows"] > allowed:
            state = FAILED
            remedy = work.settings.tolerating(reason, row["rows"])
            detail += f", tolerated are {allowed}; mend them in the source, or set {remedy}, and migrate again"
        yield Gate(f"tolerance/{reason}", POLICY, state, detail)


def _source(work: Work, changed: list[str] | None) -> Gate:
    if changed is None:
        detail = "the build follows its source: the last round brought what was written before its snapshot"
        return Gate(gates.CHANGED_SOURCE, POLICY, PASSED, detail)
    names = ", ".join(changed)
    if not changed:
        return Gate(gates.CHANGED_SOURCE, POLICY, PASSED, "the source has not changed since the snapshot")
    if work.settings.allow_changed_source:
        return Gate(gates.CHANGED_SOURCE, POLICY, PASSED, f"the source has changed in {names}; the profile allows it")
    detail = f"the source has changed meanwhile in {names}; stop its writers, and run again"
    return Gate(gates.CHANGED_SOURCE, POLICY, FAILED, detail)


def audit(conn: psycopg.Connection, work: Work, auditor: Auditor | None, steps: Counting) -> dict[str, Any] | None:
    """Seal the build, let the auditor judge it, record its verdict. Returns the verdict; None without an auditor.

    steps: see gates.Case.
    Errors: whatever the auditor raises; the gate `verification` is then in error.
    """
    oid = _oid(conn, work)
    _verified(conn, work, oid, ERROR, "no verification was made" if auditor is None else "it did not run to its end")
    if auditor is None:
        return None
    _seal(conn, work, oid)
    case = Case(work.run_id, work.schema, work.archive_schema, work.snapshot.name, work.stop, steps)
    try:
        verdict = auditor(case)
    except Exception as error:
        _verified(conn, work, oid, ERROR, f"it broke off: {type(error).__name__}")
        raise
    checks = [_gate(check) for check in verdict["checks"] if check["severity"] == gates.CRITICAL]
    gates.record(conn, work.run_id, oid, checks)
    totals.add(conn, _seconds(work, verdict))
    fault = _unfit(verdict, case, checks)
    _verified(conn, work, oid, ERROR if fault else PASSED, fault or f"{len(verdict['checks'])} checks were made")
    return verdict


def record_delta(conn: psycopg.Connection, work: Work, verdict: dict[str, Any]) -> None:
    """Record the verdict of a verification of what rounds have derived since the whole one."""
    oid = _oid(conn, work)
    checks = [_gate(check) for check in verdict["checks"] if check["severity"] == gates.CRITICAL]
    fault = "" if checks else "it made no critical check"
    if (verdict["run_id"], verdict["schema"]) != (work.run_id, work.schema):
        fault = f"it judged schema {verdict['schema']} of run {verdict['run_id']}"
    if not verdict["passed"] and all(gate.state == PASSED for gate in checks):
        fault = "it did not pass, and names no check that closes the gate"
    detail = fault or f"{len(verdict['checks'])} checks were made while writers waited"
    whole = Gate(gates.DELTA, VERIFICATION, ERROR if fault else PASSED, detail)
    gates.record(conn, work.run_id, oid, [*checks, whole])


def _seconds(work: Work, verdict: dict[str, Any]) -> Iterator[Increment]:
    for check in verdict["checks"]:
        if check["table"]:
            yield Increment("seconds", totals.labels(work.settings.profile, table=check["table"]), check["seconds"])


def _verified(conn: psycopg.Connection, work: Work, oid: int, state: str, detail: str) -> None:
    gates.record(conn, work.run_id, oid, [Gate(VERIFICATION, VERIFICATION, state, detail)])


def _seal(conn: psycopg.Connection, work: Work, oid: int) -> None:
    """A build that was sealed before is looked at first: whoever changed it since has to be answered for."""
    former = seal.read(conn, work.run_id, oid)
    now = seal.look(conn, [work.schema, work.archive_schema], former)
    if changed := seal.differences((former or now).marks, now.marks):
        detail = f"since it was verified, somebody has changed {', '.join(changed)}"
        gates.record(conn, work.run_id, oid, [Gate(gates.UNCHANGED, gates.SEAL, FAILED, detail)])
    seal.put(conn, work.run_id, oid, now)


def _gate(check: dict[str, Any]) -> Gate:
    """A check that was not executed, or on stale tables, is neither passed nor failed: an error."""
    return Gate(check["name"], check["kind"], STATES.get(check["status"], ERROR), check["detail"])


def _unfit(verdict: dict[str, Any], case: Case, checks: list[Gate]) -> str:
    """Why a verdict cannot open the gate; empty if it can."""
    if (verdict["run_id"], verdict["schema"]) != (case.run_id, case.schema):
        return f"it judged schema {verdict['schema']} of run {verdict['run_id']}"
    if verdict["level"] != "full" or verdict["sample"] is not None:
        return f"it was of level {verdict['level']}, sample {verdict['sample'] or 'none'}; wanted all checks, all rows"
    if not checks:
        return "it made no critical check"
    if not verdict["passed"] and all(gate.state == PASSED for gate in checks):
        return "it did not pass, and names no check that closes the gate"
    return ""
