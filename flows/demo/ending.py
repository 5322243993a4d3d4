"""What the demo says at its end: some twenty lines, with commands that work as they stand.

Laws
- It says the headline, what became of the rows, why rows were rejected, where the rest stands, and what to type next.
- No line is longer than a narrow terminal, but for paths and addresses.
"""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.reporting import model
from config import reasons
from flows.local import commands
from flows.local.places import PROJECT

WIDTH = 100
REASONS = 5  # the most frequent; the report has all
OUTCOMES = ("loaded", "merged", "rejected", "archived")
NEXT = (
    ("rejects", "rows that were rejected, and what to do"),
    ("explain coupon_uses", "one table's story"),
    ("verify", "judge what is published again"),
)


def text(summary: Mapping[str, Any]) -> str:
    """The ending, for a terminal."""
    line, look = summary["headline"], summary["look"]
    head = textwrap.fill(model.shown(f"{line['word']}: {line['text']}"), WIDTH)
    places = [("report", look["report"]), ("log", look["log"]), ("Prefect", look["prefect"])]
    return "\n".join((
        head, "", *_outcomes(summary), "", *_reasons(summary), "",
        *(f"{name + ':':9}{value}" for name, value in places), "",
        *_next(look["hidden_by"]), "", _end(),
    ))  # fmt: skip


def _end() -> str:
    stop, remove = "make stop", "make clean"
    if Path.cwd() != PROJECT:
        stop, remove = (f"{commands.program()} demo {option}" for option in ("--stop", "--remove"))
    return f"stop its servers:         {stop}\nremove all that it made:  {remove}"


def _outcomes(summary: Mapping[str, Any]) -> list[str]:
    total = model.total(summary["tables"])
    shown = [f"{total[name]:,} {name}" for name in OUTCOMES]
    return [f"{total['source_rows']:,} legacy rows = {' + '.join(shown)}"]


def _reasons(summary: Mapping[str, Any]) -> list[str]:
    """The most frequent reasons with their sentences; how many there are besides."""
    found = model.by_reason(summary)
    shown, others = found[:REASONS], found[REASONS:]
    width = max((len(row["reason"]) for row in shown), default=0)
    lines = [f"  {row['rows']:>7,}  {row['reason']:{width}}  {reasons.of_name(row['reason']).meaning}" for row in shown]
    if others:
        rows = sum(row["rows"] for row in others)
        lines.append(f"  {rows:>7,}  for {len(others)} other reasons, which the report names")
    return ["rejected, by reason:", *(line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in lines)]


def _next(hidden_by: Sequence[str]) -> list[str]:
    """Commands on the demo's databases. hidden_by: variables that go before these."""
    typed = [(commands.typed(f"{commands.NAME} {words}"), what) for words, what in NEXT]
    width = max(len(command) for command, _ in typed)
    where = f" (where {' and '.join(hidden_by)} is not set, for that goes before)" if hidden_by else ""
    return [f"next{where}:", *(f"  {command:{width}}  # {what}" for command, what in typed)]
