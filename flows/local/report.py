"""The report of a run: its files, and the same as text for a terminal.

Laws
- The report is made in one place (checks.reporting), so the files, the text and Prefect's page say the same.
- It holds keys that can identify nobody, digests of others, names and counts; no value of a row. So its owner may pass
  it on; its files are readable by him alone.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.reporting import html as report_html
from checks.reporting import junit as report_junit
from checks.reporting import markdown as report_markdown
from checks.reporting import model
from checks.reporting import terminal as report_terminal
from checks.reporting.model import to_json
from config.errors import NotAllCompared, VerificationFailed
from flows.local import private

__all__ = ["of", "to_json", "to_text", "write"]

VARIABLE = "NXTGAUGE_REPORTS"
RENDERERS = {
    "report.json": lambda report: to_json(report) + "\n",
    "report.html": report_html.render,
    "report.md": report_markdown.render,
    "junit.xml": report_junit.render,
}
NAMED = (("report", "report.html"), ("certificate", "certificate.json"))  # files that a person opens, or names later


def of(summary: Mapping[str, Any], kind: str | None = None) -> dict[str, Any]:
    """The report as of now, of what a run's summary holds (its verdict, waivers and certificate too).

    kind: verify where a verification alone was made, sync and cutover of these commands; else what the summary says.
    """
    return model.make(
        summary,
        summary.get("verdict"),
        kind=kind or ("dry-run" if summary.get("dry_run") else "migrate"),
        waivers=summary.get("waivers") or (),
        certificate=summary.get("certificate"),
        generated_at=datetime.now(UTC).isoformat(),
    )


def exit_code(report: Mapping[str, Any], is_strict: bool = False) -> int:
    """Of a verification: 0 only if everything was compared and is right. is_strict: all else is a failure."""
    if not report["passed"] or (is_strict and not report["verification"]["is_whole"]):
        return VerificationFailed.exit_code
    return 0 if report["verification"]["is_whole"] else NotAllCompared.exit_code


def folder() -> Path:
    """Where reports go: where the environment says, else `reports` in the current folder."""
    return Path(os.environ.get(VARIABLE) or "reports")


def write(report: Mapping[str, Any], place: Path | None = None) -> list[str]:
    """Writes the report's files; returns their paths. Errors: OSError where they cannot be written.

    A run's stand in reports/<run>, those of a later verification in reports/<run>/verify-<UTC time>.
    """
    place = private.folder(_run_folder(report, place or folder()))
    if report["kind"] == "verify":
        place = private.folder(place / f"verify-{stamp(report['generated_at'])}")
    for name, render in RENDERERS.items():
        private.write(place / name, render(report))
    return [str(place / name) for name in RENDERERS]


def _run_folder(report: Mapping[str, Any], folder: Path) -> Path:
    return folder / (re.sub(r"[^\w.-]+", "-", report["run_id"] or "no-run").lstrip(".") or "no-run")


def stamp(instant: str) -> str:
    """An ISO instant, in UTC, as a part of a file's name: 20260102T030405Z."""
    return datetime.fromisoformat(instant).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def to_text(report: Mapping[str, Any]) -> str:
    """What a person wants to know at the end of a run, for a terminal; all there is, where no file could be written."""
    if not (paths := report.get("reports")):
        return report_markdown.render(report)
    at = {Path(path).name: path for path in paths}
    named = [(what, at.pop(name)) for what, name in NAMED if name in at]
    places = "\n".join(f"{what + ':':13}{path}" for what, path in (*named, ("beside it", ", ".join(at))))
    return f"{report_terminal.render(report)}\n\n{places}"


def columns(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Aligned with blanks, numbers to the right."""
    texts = [[model.shown(value) for value in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    right = [all(map(_is_number, column[1:])) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in texts
    )


def _is_number(text: str) -> bool:
    return not text or text.removeprefix("-").replace(",", "").replace(".", "", 1).isdigit()
