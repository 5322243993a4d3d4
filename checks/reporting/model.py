"""A report's model: one dictionary with the result of a run or a verification. report.json is this dictionary.

Laws
- HTML, Markdown, JUnit and the terminal's text are made from it alone, so that all of them say the same.
- It holds what the run's summary holds, under the same names, and beside that the verdict and what to do about it.
- Keys, names, counts and sentences only; no value of a row. So a report may be passed on.
- A part that is not known is empty or null, never left out: a reader need not ask which kind of report it is.
- What its fields mean is told in docs/report.md and held by docs/report.schema.json. `version` grows with any change
  that a reader of an older report.json would stumble over.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from checks.reporting.headline import headline
from checks.reporting.next_steps import next_steps
from checks.reporting.words import title_of_gate
from checks.verdict import CRITICAL, ERROR, FAIL, MAX_ROWS, PASS, STALE, Json
from config import printable

VERSION = 1
KINDS = ("migrate", "dry-run", "verify", "sync", "cutover")
GROUPS = ("failure", "error", "stale", "warning", "passed")  # in the order a person wants them
COUNTS = ("source_rows", "loaded", "merged", "rejected", "archived")
LISTS = ("tables", "rejects", "notes", "missing_tables", "changed_tables", "rounds", "cutovers", "late_writes")
GATE_STATES = {"passed": PASS, "failed": FAIL, "error": ERROR, "awaiting": ERROR}
WAIVER = ("check_name", "reason", "name", "waived_at", "is_current")


def make(
    summary: Json | None,
    verdict: Json | None,
    *,
    kind: str,
    waivers: Iterable[Json] = (),
    certificate: Json | None = None,
    generated_at: str,
) -> dict[str, Any]:
    """The report as plain JSON values.

    summary: a run's figures, any of run_id, state, schema, tables, rejects, notes, missing_tables, changed_tables,
    rounds, cutovers, late_writes, timings, error, profile, is_on_staging and gates (check_name, kind, severity, state,
    detail, waived_by of those that are not passed, and of the approval); verdict: `Verdict.to_dict()`; waivers: rows of
    check_name, reason, name, waived_at and is_current (in force for what was judged); certificate: hash, issued_at and
    its parts; generated_at: ISO 8601, UTC.
    """
    if kind not in KINDS:
        raise ValueError(f"found the kind {kind!r}, wanted one of {', '.join(KINDS)}")
    summary, verdict = summary or {}, verdict or {}
    kept = [{name: row.get(name) for name in WAIVER} for row in waivers]
    body = {
        "version": VERSION,
        "kind": kind,
        "run_id": summary.get("run_id") or verdict.get("run_id"),
        "state": summary.get("state"),
        "dry_run": kind == "dry-run",
        "is_on_staging": bool(summary.get("is_on_staging")),
        "schema": summary.get("schema") or verdict.get("schema"),
        "profile": summary.get("profile"),
        "generated_at": generated_at,
        "error": summary.get("error"),
        "verification": _verification(verdict) if verdict else None,
        "checks": _checks(verdict.get("checks") or (), summary.get("gates") or (), kept),
        **{name: summary.get(name) or [] for name in LISTS},
        "waivers": sorted(kept, key=lambda row: not row["is_current"]),
        "timings": summary.get("timings") or {},
        "certificate": certificate,
    }
    body["passed"] = _is_passed(body)
    plain: dict[str, Any] = json.loads(to_json(body))
    return plain | {"headline": headline(plain), "next_steps": next_steps(plain)}


def to_json(value: object) -> str:
    """One JSON object; what JSON does not know (times, decimals, ids) as text."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _verification(verdict: Json) -> dict[str, Any]:
    """How it was made: the level, the sample, what was left out or written to since, and the checks by status."""
    counts = dict.fromkeys((PASS, FAIL, ERROR, STALE), 0) | dict(verdict.get("counts") or {})
    return {
        "level": verdict.get("level"),
        "sample": verdict.get("sample"),
        "schema": verdict.get("schema"),
        "seconds": verdict.get("seconds") or 0.0,
        "counts": counts,
        "is_whole": bool(verdict.get("is_whole")),
        "changes": [dict(change) for change in verdict.get("changes") or ()],
        "not_looked_at": list(verdict.get("not_looked_at") or ()),
    }


def _checks(judged: Iterable[Json], gates: Iterable[Json], waivers: Iterable[Json]) -> list[dict[str, Any]]:
    """Every check, and every gate that is not one; those that a person has to see first."""
    told = {gate["check_name"]: gate for gate in gates}
    shut = {name: gate for name, gate in told.items() if gate["state"] != "passed"}
    found = [_of_gate(shut[check["name"]], check) if check["name"] in shut else check for check in judged]
    named = {check["name"] for check in found}
    found += [_of_gate(gate, None) for name, gate in told.items() if name not in named]
    waived = {row["check_name"] for row in waivers if row["is_current"]}
    waived |= {name for name, gate in shut.items() if gate.get("waived_by")}
    checks = [_check(check, check["name"] in shut, check["name"] in waived) for check in found]
    return sorted(checks, key=lambda check: (GROUPS.index(check["group"]), not check["closes"], check["name"]))


def _of_gate(gate: Json, check: Json | None) -> Json:
    """A gate that no check stands behind (any more): a policy, or what failed once and stays failed."""
    if check and check["status"] != PASS:
        return check
    if check:
        detail = f"failed before, and stays failed until it is waived: {gate['detail']}"
        return dict(check) | {"status": GATE_STATES[gate["state"]], "detail": detail}
    return {
        "name": gate["check_name"],
        "kind": gate["kind"],
        "domain": "run",
        "table": None,
        "title": title_of_gate(gate),
        "status": GATE_STATES[gate["state"]],
        "severity": gate["severity"],
        "compared": 0,
        "detail": gate["detail"],
        "since": {},
        "seconds": 0.0,
    }


def _check(check: Json, is_shut: bool, is_waived: bool) -> dict[str, Any]:
    rows = [dict(row) | {"columns": list(row.get("columns") or ())} for row in check.get("rows") or ()]
    is_bad = is_shut or (check["severity"] == CRITICAL and check["status"] in (FAIL, ERROR))
    return dict(check) | {
        "group": _group(check),
        "closes": is_bad and not is_waived,
        "waived": is_bad and is_waived,
        "rows": rows[:MAX_ROWS],
        "rows_total": max(check.get("rows_total") or 0, len(rows)),
        "since": dict(check.get("since") or {}),
    }


def _group(check: Json) -> str:
    """A check that was not made is an error whatever its severity; one that failed is a warning unless critical."""
    if check["status"] == FAIL:
        return "failure" if check["severity"] == CRITICAL else "warning"
    return {ERROR: "error", STALE: "stale", PASS: "passed"}[check["status"]]


def _is_passed(body: Json) -> bool | None:
    """Whether no check closes the gate; None where nothing was verified at all."""
    if body["verification"] is None and not body["checks"]:
        return None
    return bool(body["checks"]) and not any(check["closes"] for check in body["checks"])


def of_group(report: Json, group: str) -> list[dict[str, Any]]:
    """The report's checks of one group."""
    return [check for check in report["checks"] if check["group"] == group]


def total(tables: Iterable[Json]) -> dict[str, Any]:
    """The sums of a balance, and whether every table balances."""
    rows = list(tables)
    sums = {name: sum(row.get(name) or 0 for row in rows) for name in COUNTS}
    return sums | {"balanced": all(row.get("balanced") for row in rows)}


def by_reason(report: Json) -> list[dict[str, Any]]:
    """Rejected rows by reason, the most frequent first: reason, rows, and the tables they are of."""
    found: dict[str, dict[str, Any]] = {}
    for row in report["rejects"]:
        entry = found.setdefault(row["reason"], {"reason": row["reason"], "rows": 0, "tables": []})
        entry["rows"] += row["rows"]
        entry["tables"].append(row["legacy_table"])
    return sorted(found.values(), key=lambda entry: (-entry["rows"], entry["reason"]))


def by_kind(report: Json) -> list[dict[str, Any]]:
    """For each kind of check: number of checks, of each group, rows compared, seconds."""
    found: dict[str, dict[str, Any]] = {}
    for check in report["checks"]:
        blank = {"kind": check["kind"], "checks": 0, "compared": 0, "seconds": 0.0} | dict.fromkeys(GROUPS, 0)
        entry = found.setdefault(check["kind"], blank)
        entry["checks"] += 1
        entry[check["group"]] += 1
        entry["compared"] += check.get("compared") or 0
        entry["seconds"] += check.get("seconds") or 0.0
    return sorted(found.values(), key=lambda entry: entry["kind"])


def shown(value: object) -> str:
    """A value as one line that any screen, page and file can take.

    Whole numbers get thousands separators; of names and keys nothing moves a cursor or hides (config.printable).
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, int):
        return f"{value:,}"
    return printable.line(value)


def seconds(value: float) -> str:
    """A duration as a person says it: 0.4 s, 12 s, 3 min 5 s, 1 h 2 min."""
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
