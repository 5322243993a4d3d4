"""A report in Prefect's UI: one page to read, and tables to search for details.

Laws
- Neither of Prefect's UIs lists artifacts in its menu, so the caller writes the page's address into the run's log and
  final state; the page links to the tables, and each of them back.
- An address names one artifact by its id, and goes on showing what it showed; one by key shows a list of versions.
- A link on a page is relative to it: whoever reads stays in the UI that he came by (there are two), under the host and
  port by which his browser knows it. Each page of either UI stands two folders below its root.
- Keys hold `[a-z0-9-]` only; cells are texts, for Prefect refuses decimals, times and ids.
- Names, keys and counts only, as in every report.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL

from checks.reporting import markdown as report_markdown
from checks.reporting import model
from checks.reporting import sections as report_sections
from flows.local.logs import Log
from flows.local.prefect_server import is_healthy
from flows.local.report import stamp

MOST_ROWS = 5_000  # of one table: the server keeps it in one field, and the page loads all of it


def linked(report: Mapping[str, Any], log: Log) -> dict[str, Any]:
    """The report with its page in Prefect's UI as `artifact`, which the log names; without one if the server ails."""
    if not is_healthy(PREFECT_API_URL.value()):
        log.warning("the Prefect server does not answer; the report stands in its files alone")
        return dict(report)
    try:
        page = publish(report)
    except Exception as error:  # whatever ails the server, the work is what it is
        log.warning("the report did not reach the Prefect server: %s", type(error).__name__)
        return dict(report)
    log.info("what was found: %s", page)
    return {**report, "artifact": page}


def publish(report: Mapping[str, Any]) -> str:
    """Stores the report's page and its tables; returns the page's address."""
    key, links = _key(report), {}
    for name, (label, rows) in _tables(report).items():
        if rows:
            about = f"{label}; back to the [report]({link(_address('key', key))})"
            made = create_table_artifact(rows[:MOST_ROWS], key=f"{key}-{name}", description=about)
            links[label] = link(_address("artifact", made))
    page = report_markdown.render(report, links)
    made = create_markdown_artifact(page, key=key, description=report_sections.title(report))
    return _address("artifact", made)


def link(address: str) -> str:
    """An artifact's address as a link on a page of the UI."""
    return f"../..{address.removeprefix(_site())}"


def _key(report: Mapping[str, Any]) -> str:
    """One page a run; one a verification, so that an earlier verification's address goes on showing what it found."""
    parts = [report["kind"], str(report["run_id"] or "no-run")]
    parts += [stamp(report["generated_at"])] if report["kind"] == "verify" else []
    return re.sub(r"[^a-z0-9]+", "-", " ".join(parts).lower()).strip("-")


def _address(kind: str, name: object) -> str:
    return f"{_site()}/artifacts/{kind}/{name}"


def _site() -> str:
    """As Prefect's own addresses of runs begin."""
    base: str = PREFECT_UI_URL.value() or PREFECT_API_URL.value().removesuffix("/api")
    return base.rstrip("/")


def _tables(report: Mapping[str, Any]) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Key's ending → label and rows."""
    return {
        "findings": ("rows of checks that did not pass", list(_findings(report))),
        "balance": ("what became of every row", [_texts(row) for row in report["tables"]]),
        "rejects": ("rejected rows by table and reason", [_texts(row) for row in report["rejects"]]),
        "checks": ("every check", [_texts(_short(check)) for check in report["checks"]]),
    }


def _findings(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One line a row, and one for a check that names none."""
    for check in report["checks"]:
        if check["group"] == "passed":
            continue
        of_check = {name: check[name] for name in ("status", "name", "table")}
        for row in check["rows"] or [{"key": "", "what": check["detail"], "columns": []}]:
            yield _texts(of_check | {"key": row["key"], "what": row["what"], "columns": ", ".join(row["columns"])})


def _short(check: Mapping[str, Any]) -> dict[str, Any]:
    names = ("status", "severity", "name", "table", "title", "compared")
    return {name: check[name] for name in names} | {"seconds": f"{check['seconds']:.2f}"}


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: model.shown(value) for name, value in row.items()}
