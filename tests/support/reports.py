"""Reports put together for tests: checks, verdicts and summaries in few words, and every way a run can end."""

import json
from dataclasses import replace

from jsonschema import Draft202012Validator

from checks.reporting import model
from checks.verdict import CRITICAL, ERROR, FAIL, PASS, STALE, WARNING, Change, Check, Row, Verdict
from tests.support.places import PROJECT

SCHEMA = json.loads((PROJECT / "docs" / "report.schema.json").read_text())
Draft202012Validator.check_schema(SCHEMA)  # once: it takes far longer than a report
NASTY = 'a|b<script>alert(1)</script>"\n`x`\x1b[31m\u202e& \\'
AT = "2026-01-02T03:04:05+00:00"


def check(name: str = "content/users", status: str = PASS, severity: str = CRITICAL, **parts) -> Check:
    kind, of_table = name.split("/")[:2]
    return Check(name, kind, "identity", of_table, "what arrives is equal", status, severity, **parts)


def verdict(*checks: Check, level: str = "full", sample: float | None = None, **parts) -> dict:
    return Verdict("r1", "nxtgauge__build", level, sample, checks, **parts).to_dict()


def table(name: str = "users", rows: int = 10, rejected: int = 0, balanced: bool = True) -> dict:
    counts = {"source_rows": rows, "loaded": rows - rejected, "merged": 0, "rejected": rejected, "archived": 0}
    return {"legacy_table": name} | counts | {"balanced": balanced}


def summary(state: str = "published", *tables: dict, **parts) -> dict:
    found = {"run_id": "r1", "state": state, "schema": "nxtgauge", "tables": list(tables or [table()]), "rejects": []}
    return found | {"timings": {"plan": 0.5, "build": 75.25}} | parts


def made(run: dict | None = None, judged: dict | None = None, kind: str = "migrate", **parts) -> dict:
    report = model.make(run, judged, kind=kind, generated_at=AT, **parts)
    Draft202012Validator(SCHEMA).validate(report)
    return report


def waiver(name: str, is_current: bool = True) -> dict:
    return {"check_name": name, "reason": "known", "name": "Ada", "waived_at": AT, "is_current": is_current}


def gate(name: str, kind: str = "policy", state: str = "failed", waived_by: str | None = None) -> dict:
    found = {"check_name": name, "kind": kind, "severity": CRITICAL, "state": state, "detail": "what the books say"}
    return found | {"judged_at": AT, "waived_by": waived_by}


def round_of(number: int, behind: int | None = 340, **parts) -> dict:
    """A round as a summary has it. behind: None of one that an older program made."""
    counts = {"read": 340, "gone": 2, "inserted": 100, "updated": 230, "deleted": 2, "rejected": 7}
    known = {"seconds": 1.5 + number, "lag": 1.7, "pause": 2.25, "parts": {"scan": 0.5, "apply": 1.0}, "whole": {}}
    return {"number": number, "committed_at": AT, "behind": behind} | counts | known | parts


def attempt(number: int = 0, outcome: str = "published", **parts) -> dict:
    """An attempt at a cut-over as a summary has it."""
    steps = [{"step": "lock", "seconds": 0.03}, {"step": "round", "seconds": 1.2}, {"step": "publish", "seconds": 0.7}]
    found = {"number": number, "began": AT, "seconds": 1.93, "steps": steps, "tries": 2, "outcome": outcome}
    return found | {"detail": "", "late": None} | parts


def rehearsed(**parts) -> dict:
    """The certificate of a rehearsed cut-over, in brief."""
    cutover = {
        "rounds": 7, "followed": 1108, "changed": 2260, "predicted_seconds": 1.5, "pause_seconds": 1.93,
        "steps": attempt()["steps"], "tries": 1, "writer_seconds": 2.125, "writer_rate": 48.5, "rate": 50.0,
        "budget": 10.0, "written": {"insert": 525, "update": 595, "delete": 163}, "transactions": 954,
        "errors": {"42501": 16}, "refused": 58, "lost": 0, "judged": 1228, "untold": 4, "fence": "revoke",
        "percent": None, "written_before": None, "versions": {"source": "18.6", "target": "17.2"}, "profile": "staging",
        "rehearsed": ["rounds"], "not_rehearsed": ["the commit of the publish", "the switch"],
    }  # fmt: skip
    return {"role": "issued", "hash": "ab", "run_id": "r7", "issued_at": AT, "cutover": cutover | parts, "changes": []}


def commands(report: dict) -> list[str]:
    return [command for step in report["next_steps"] for command in step["commands"]]


FAULT = check("content/users", FAIL, detail="2 rows differ", rows=(Row("1", "differs", ("bio",)),), rows_total=2)
BROKEN = check("law/orders", ERROR, detail="cancelled")
OLD = check("money/wallets", STALE)
ODD = check("suite/profiles", FAIL, WARNING)

BUT, WRITTEN, LEFT_OUT = "VERIFIED, but for ", "what was written since", "what it was told to leave out"
OF_USE = "654 rows changed and 12 gone since the publish and 1 row added in the source"
USED = (Change("target", "users", 700, 688, 654, 0, 12), Change("source", "users", 700, 701, 0, 1, 0))

FOLLOWED = {"rounds": [round_of(number) for number in (1, 2, 3)]}
LATE = {"late_writes": [{"legacy_table": "users", "rows": 3}]}
ENDINGS = {
    "follows": (summary("built", **FOLLOWED), None, "sync", "good", "THE BUILD FOLLOWS", None),
    "follows no more": (
        summary("failed", error="no", **FOLLOWED),
        None,
        "sync",
        "bad",
        "THE BUILD DOES NOT FOLLOW",
        None,
    ),
    "cut over": (summary(cutovers=[attempt()], **FOLLOWED), verdict(check()), "cutover", "good", "CUT OVER", True),
    "not cut over": (
        summary("built", cutovers=[attempt(outcome="given up")], **FOLLOWED),
        verdict(FAULT),
        "cutover",
        "bad",
        "NOT CUT OVER",
        False,
    ),
    "cut over, and written to": (
        summary(cutovers=[attempt()], **FOLLOWED, **LATE),
        verdict(check()),
        "cutover",
        "bad",
        "CUT OVER, BUT NOT RIGHT",
        True,
    ),
    "good": (summary(), verdict(check()), "migrate", "good", "PUBLISHED", True),
    "failed": (summary("failed"), verdict(FAULT), "migrate", "bad", "NOT PUBLISHED", False),
    "not made": (summary("failed"), verdict(BROKEN, check()), "migrate", "bad", "NOT PUBLISHED", False),
    "no check": (summary("failed"), verdict(), "migrate", "bad", "NOT PUBLISHED", False),
    "broke off": (summary("interrupted"), None, "migrate", "bad", "NOT PUBLISHED", None),
    "no summary": (None, None, "migrate", "bad", "NOT PUBLISHED", None),
    "published, and wrong": (summary(), verdict(FAULT), "migrate", "bad", "PUBLISHED, BUT NOT RIGHT", False),
    "unverified": (summary(), None, "migrate", "attention", "PUBLISHED", None),
    "no sum": (summary("published", table(balanced=False)), None, "migrate", "bad", "PUBLISHED, BUT NOT RIGHT", None),
    "rehearsed": (summary("discarded"), verdict(check()), "dry-run", "good", "REHEARSAL PASSED", True),
    "badly rehearsed": (summary("discarded"), verdict(FAULT), "dry-run", "bad", "REHEARSAL FAILED", False),
    "verified": (None, verdict(check()), "verify", "good", "VERIFIED", True),
    "stale": (
        None,
        verdict(check(), OLD),
        "verify",
        "attention",
        f"{BUT}what was written since the build was verified",
        True,
    ),
    "used": (
        summary(),
        verdict(check(), OLD, changes=USED),
        "verify",
        "attention",
        f"{BUT}654 rows changed and 12 gone since the publish and 1 row added in the source",
        True,
    ),
    "not all made": (
        None,
        verdict(check(), replace(BROKEN, severity=WARNING)),
        "verify",
        "attention",
        f"{BUT}1 check that could not be made",
        True,
    ),
    "warned": (None, verdict(check(), ODD), "verify", "good", "VERIFIED", True),
    "quick": (
        None,
        verdict(check(), level="counts"),
        "verify",
        "attention",
        f"{BUT}what it was told to leave out",
        True,
    ),
    "sampled": (None, verdict(check(), sample=5.0), "verify", "attention", f"{BUT}{LEFT_OUT}", True),
    "found wrong": (None, verdict(FAULT, BROKEN), "verify", "bad", "VERIFICATION FAILED", False),
}
