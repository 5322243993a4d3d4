"""A run's report: what became of every row, as text for a person and as files for whoever comes later.

Laws
- Made from the run's summary alone (`Summary.to_dict()`), so the text, the Markdown and the JSON say the same.
- Counts and reasons only: no value of a row, so a report may be passed on.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

FOLDER = Path("reports")
BALANCE = ("legacy_table", "source_rows", "loaded", "merged", "rejected", "archived", "balanced")


def write(summary: Mapping, folder: Path = FOLDER) -> list[str]:
    """Writes reports/<run>/summary.json and summary.md; returns their paths."""
    place = folder / str(summary["run_id"])
    place.mkdir(parents=True, exist_ok=True)
    texts = {"summary.json": to_json(summary) + "\n", "summary.md": to_markdown(summary)}
    for name, text in texts.items():
        (place / name).write_text(text, encoding="utf-8")
    return [str(place / name) for name in texts]


def to_json(value: object) -> str:
    """One JSON object; what JSON does not know (times, decimals, ids) as text."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def to_text(summary: Mapping) -> str:
    """What a person wants to know at the end of a run, for a terminal."""
    return "\n\n".join(filter(None, (_headline(summary), *_sections(summary, _columns))))


def to_markdown(summary: Mapping) -> str:
    """The same with Markdown's tables."""
    title = f"# Run {summary['run_id']}"
    return "\n\n".join(filter(None, (title, _headline(summary), *_sections(summary, _pipes)))) + "\n"


def status_text(runs: Sequence[Mapping]) -> str:
    """One line per run, the latest first."""
    if not runs:
        return "no run has been recorded in this target"
    return _columns(
        ("run", "state", "started", "finished", "source", "loaded", "merged", "rejected", "archived", "balanced"),
        [_run_row(run) for run in runs],
    )


def verdict_text(verdict: Mapping) -> str:
    """How the verification ended, and each finding on a line: its names and values, in its own order."""
    head = f"verification {'passed' if verdict['passed'] else 'FAILED'}: {verdict['checks']} checks"
    return "\n".join((head, *(f"  - {_finding(row)}" for row in verdict["findings"])))


def _finding(row: Mapping) -> str:
    return ", ".join(f"{name}: {value}" for name, value in row.items() if value is not None)


def _run_row(run: Mapping) -> tuple:
    tables = run["tables"]
    total = _total(tables)
    return (
        run["run_id"],
        run["state"],
        _second(run["started_at"]),
        _second(run["finished_at"]),
        *(total[name] for name in BALANCE[1:-1]),
        _yes_no(total["balanced"]) if tables else "",
    )


def _second(instant: object) -> str:
    return str(instant)[:19] if instant else ""


def _headline(summary: Mapping) -> str:
    kind = "dry run " if summary.get("dry_run") else "run "
    return f"{kind}{summary['run_id']} of schema {summary.get('schema')}: {summary.get('state')}"


def _sections(summary: Mapping, table) -> Iterable[str]:
    yield _titled("every legacy row: source = loaded + merged + rejected + archived", _balance(summary, table))
    yield _titled("rejected, by reason", _counts(summary.get("rejects"), "reason", table))
    yield _titled("notes", _counts(summary.get("notes"), "note", table))
    yield _titled("not in the legacy database", ", ".join(summary.get("missing_tables") or ()))
    yield _titled("changed in the source since it was read", ", ".join(summary.get("changed_tables") or ()))
    yield _titled("seconds", _timings(summary.get("timings"), table))


def _titled(title: str, body: str) -> str:
    return f"{title}:\n\n{body}" if body else ""


def _balance(summary: Mapping, table) -> str:
    rows = list(summary.get("tables") or ())
    if not rows:
        return ""
    total = {"legacy_table": "all", **_total(rows)}
    return table(("table", *BALANCE[1:]), [tuple(_cell(row.get(name)) for name in BALANCE) for row in (*rows, total)])


def _total(rows: Sequence[Mapping]) -> dict:
    sums = {name: sum(row.get(name) or 0 for row in rows) for name in BALANCE[1:-1]}
    return sums | {"balanced": all(row.get("balanced") for row in rows)}


def _counts(rows: Sequence[Mapping] | None, what: str, table) -> str:
    if not rows:
        return ""
    return table(("table", what, "rows"), [(row["legacy_table"], row[what], row["rows"]) for row in rows])


def _timings(timings: Mapping | None, table) -> str:
    if not timings:
        return ""
    return table(("stage", "seconds"), [(stage, f"{seconds:.1f}") for stage, seconds in timings.items()])


def _cell(value: object) -> object:
    return _yes_no(value) if isinstance(value, bool) else value


def _yes_no(value: object) -> str:
    return "yes" if value else "NO"


def _texts(rows: Iterable[Sequence]) -> list[list[str]]:
    return [[_text(value) for value in row] for row in rows]


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def _columns(head: Sequence[str], rows: Sequence[Sequence]) -> str:
    """Aligned with blanks, numbers to the right."""
    texts = _texts([head, *rows])
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


def _pipes(head: Sequence[str], rows: Sequence[Sequence]) -> str:
    """A Markdown table; a pipe or a line break of a foreign name does not break out of its cell."""
    texts = [[_escaped(text) for text in line] for line in _texts([head, *rows])]
    lines = [texts[0], ["---"] * len(head), *texts[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
