"""The report for a terminal: what a person has to know at once, on one screen. The files have all.

Laws
- What keeps something from being right, and what to do, stands here whole, up to some lines; all else in a line or two.
- No line is wider than WIDTH, but for names, commands and paths.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from checks.reporting import model, sections
from checks.reporting.live import parts as live
from checks.reporting.live import rehearsed
from checks.reporting.words import about, row_text, unnamed
from checks.verdict import Json
from config import reasons

WIDTH = 100
SHOWN_ROWS = 10  # of one failed check; the files name up to a hundred
SHOWN_CHECKS = 30  # of one kind of result
SHOWN_WARNINGS = 10
SHOWN_REASONS = 5  # the most frequent
SHOWN_TABLES = 15  # whose rows do not add up
LIVE = {"pause": live.terminal_pause, "rehearsed": rehearsed.terminal, "rounds": live.terminal_rounds}
OUTCOMES = ("loaded", "merged", "rejected", "archived")


def render(report: Json) -> str:
    line = report["headline"]
    parts = [
        wrapped(f"{line['word']}: {line['text']}"),
        wrapped(f"{sections.title(report)}, schema {report['schema']}"),
        *(_titled(section.title, body) for section in sections.sections(report) if (body := _body(report, section))),
    ]
    return "\n\n".join(parts)


def _body(report: Json, section: sections.Section) -> str:
    """What of this part stands on a terminal; nothing of most parts."""
    match section.id:
        case "next":
            return "\n".join(_step(number, step) for number, step in enumerate(report["next_steps"], 1))
        case "stopped":
            lines = report["error"].strip().splitlines()  # with commands to copy, which no line may break
            return "\n".join(f"  {model.shown(line)}" for line in lines)
        case "failure" | "error" | "stale":
            return "\n".join(_found(report, section.id))
        case "warning":
            checks = [_on_one_line(check) for check in model.of_group(report, section.id)]
            return "\n".join(_first(checks, SHOWN_WARNINGS))
        case "pause" | "rehearsed" | "rounds":
            return "\n".join(map(cut, LIVE[section.id](report)))
        case "balance":
            return "\n".join(_balance(report["tables"]))
        case "rejects":
            return "\n".join(by_reason(report))
        case "waivers":
            waivers = [f"  {row['check_name']}, by {row['name']}: {row['reason']}" for row in report["waivers"]]
            return "\n".join(_first(list(map(cut, waivers)), SHOWN_WARNINGS))
        case "certificate":
            return "\n".join(_changes(report["certificate"]))
        case "missing" | "changed":
            return wrapped(", ".join(report[f"{section.id}_tables"]), "  ")
    return ""


def _titled(title: str, body: str) -> str:
    return f"{title}:\n{body}"


def _step(number: int, step: Mapping[str, Any]) -> str:
    text = textwrap.fill(model.shown(step["text"]), WIDTH, initial_indent=f"{number}. ", subsequent_indent="   ")
    return "\n".join((text, *(f"     {model.shown(command)}" for command in step["commands"])))


def _found(report: Json, group: str) -> Iterator[str]:
    """The checks of a group, each with the rows that it names."""
    if said := about(group, report):
        yield wrapped(said)
    checks = model.of_group(report, group)
    for check in checks[:SHOWN_CHECKS]:
        yield wrapped(f"{sections.badge(check)} {check['name']}: {check['title']}")
        if check["detail"].strip():
            yield wrapped(check["detail"], "  ")
        rows = check["rows"][:SHOWN_ROWS]
        yield from (wrapped(f"- {row_text(row)}", "  ") for row in rows)
        if others := unnamed(check["rows_total"] - len(rows), len(rows)):
            yield f"  - {others}"
    if len(checks) > SHOWN_CHECKS:
        yield from _more(len(checks) - SHOWN_CHECKS)


def _on_one_line(check: Json) -> str:
    told = f" ({check['detail']})" if check["detail"].strip() else ""
    return cut(f"  {check['name']}: {check['title'].rstrip('.')}{told}")


def _balance(tables: Sequence[Json]) -> Iterator[str]:
    """The sums, and the tables whose rows do not add up."""
    yield outcomes(tables)
    wrong = [row for row in tables if not row.get("balanced")]
    lines = [cut(f"  {row['legacy_table']} does not add up: {outcomes([row])}") for row in wrong]
    yield from _first(lines, SHOWN_TABLES)


def outcomes(tables: Iterable[Json]) -> str:
    """What became of all their rows."""
    total = model.total(tables)
    parts = " + ".join(f"{total[name]:,} {name}" for name in OUTCOMES)
    return f"  {total['source_rows']:,} legacy rows {'=' if total['balanced'] else 'are not'} {parts}"


def by_reason(report: Json) -> Iterator[str]:
    """The most frequent reasons with their sentences; how many there are besides."""
    found = model.by_reason(report)
    shown, others = found[:SHOWN_REASONS], found[SHOWN_REASONS:]
    width = max((len(row["reason"]) for row in shown), default=0)
    for row in shown:
        yield cut(f"  {row['rows']:>7,}  {row['reason']:{width}}  {reasons.of_name(row['reason']).meaning}")
    if others:
        rows = sum(row["rows"] for row in others)
        yield f"  {rows:>7,}  for {len(others)} other reasons, which the report names"


def _changes(certificate: Json) -> Iterator[str]:
    """What is not as it was rehearsed."""
    lines = [line for value in certificate.values() if isinstance(value, list) for line in value]
    yield from _first([cut(f"  {line}") for line in lines], SHOWN_WARNINGS)


def _first(lines: Sequence[str], most: int) -> Iterator[str]:
    yield from lines[:most]
    if len(lines) > most:
        yield from _more(len(lines) - most)


def _more(count: int) -> Iterator[str]:
    yield f"  and {count:,} more, which the report names"


def wrapped(text: str, indent: str = "") -> str:
    """The text in lines that no terminal breaks within a word."""
    lines = model.shown(text).splitlines() or [""]
    filled = textwrap.TextWrapper(
        WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(map(filled.fill, lines))


def cut(text: str) -> str:
    """The text on one line."""
    text = model.shown(text)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
