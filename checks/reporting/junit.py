"""The report as JUnit XML: a suite for each kind of check, a case for each check, as CI systems read it.

Laws
- A build is red exactly where the gate is closed: failure for FAIL, error for ERROR, of critical checks that nobody
  waived. Everything else that did not pass is skipped, with its message; so is what is STALE.
- A verification that made no check is an error, not an empty success.
- Control characters, which XML cannot hold, are escaped.
"""

from typing import Any
from xml.etree import ElementTree as ET

from checks.reporting import model
from checks.reporting import sections as report_sections
from checks.reporting.words import row_text, some
from checks.verdict import Json

SHOWN_ROWS = 20  # in a case's text; report.json names up to a hundred
NOTHING: dict[str, Any] = {
    "name": "verification",
    "kind": "verification",
    "domain": "none",
    "table": None,
    "title": "at least one check is made",
    "status": "ERROR",
    "severity": "critical",
    "compared": 0,
    "detail": "not a single check was made",
    "rows": [],
    "rows_total": 0,
    "seconds": 0.0,
    "group": "error",
    "closes": True,
    "waived": False,
}


def render(report: Json) -> str:
    """One XML document."""
    root = ET.Element("testsuites", name=model.shown(report_sections.title(report)))
    checks = report["checks"] or [NOTHING]
    suites: dict[str, list[Json]] = {}
    for check in checks:
        suites.setdefault(check["kind"], []).append(check)
    for kind in sorted(suites):
        _suite(root, kind, suites[kind], report["generated_at"])
    _count(root, checks)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _suite(root: ET.Element, kind: str, checks: list[Json], generated_at: str) -> None:
    suite = ET.SubElement(root, "testsuite", name=model.shown(kind), timestamp=generated_at[:19])
    _count(suite, checks)
    for check in checks:
        _case(suite, check)


def _count(element: ET.Element, checks: list[Json]) -> None:
    outcomes = [_outcome(check) for check in checks]
    element.set("tests", str(len(checks)))
    for attribute, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(outcomes.count(outcome)))
    element.set("time", f"{sum(check['seconds'] for check in checks):.3f}")


def _outcome(check: Json) -> str | None:
    """The element that a case has in it; None: it passed."""
    if check["group"] == "passed":
        return None
    if check["closes"]:
        return "failure" if check["group"] == "failure" else "error"
    return "skipped"


def _case(suite: ET.Element, check: Json) -> None:
    where = model.shown(".".join(filter(None, (check["kind"], check["domain"]))))
    case = ET.SubElement(suite, "testcase", classname=where, name=model.shown(check["name"]))
    case.set("time", f"{check['seconds']:.3f}")
    outcome = _outcome(check)
    if outcome is None:
        return
    found = ET.SubElement(case, outcome, message=model.shown(f"{_why_skipped(check)}{check['title']}"))
    if outcome != "skipped":
        found.set("type", check["status"])
    found.text = _told(check)


def _why_skipped(check: Json) -> str:
    if check["closes"]:
        return ""
    if check["waived"]:
        return "waived: "
    return "not all compared: " if check["group"] == "stale" else f"{check['severity']}, does not close the gate: "


def _told(check: Json) -> str:
    rows = [row_text(row) for row in check["rows"][:SHOWN_ROWS]]
    more = check["rows_total"] - len(rows)
    lines = [f"table {check['table']}" if check["table"] else "", check["detail"], *rows]
    lines.append(f"and {some(more, 'more row')}" if more > 0 else "")
    return "\n".join(model.shown(line) for line in lines if line)
