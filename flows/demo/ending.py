"""What the demo says at its end: some twenty lines, with commands that work as they stand.

Laws
- It says the headline, what became of the rows, why rows were rejected, where the rest stands, and what to type next.
- No line is longer than a narrow terminal, but for paths and addresses.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.reporting import terminal
from flows.local import commands
from flows.local.places import PROJECT

NEXT = (
    ("rejects", "rejected rows"),
    ("explain coupon_uses", "one table's story"),
    ("verify", "judge what is published again"),
)


def text(summary: Mapping[str, Any]) -> str:
    """The ending, for a terminal."""
    line, look = summary["headline"], summary["look"]
    head = terminal.wrapped(f"{line['word']}: {line['text']}")
    places = [("report", look["report"]), ("log", look["log"]), ("Prefect", look["prefect"])]
    return "\n".join((
        head, "", terminal.outcomes(summary["tables"]), "", "rejected, by reason:", *terminal.by_reason(summary), "",
        *(f"{name + ':':9}{value}" for name, value in places), "",
        *_next(look["hidden_by"]), "", _end(),
    ))  # fmt: skip


def _end() -> str:
    stop, remove = "make stop", "make clean"
    if Path.cwd() != PROJECT:
        stop, remove = (f"{commands.program()} demo {option}" for option in ("--stop", "--remove"))
    return f"stop its servers:         {stop}\nremove all that it made:  {remove}"


def _next(hidden_by: Sequence[str]) -> list[str]:
    """Commands on the demo's databases. hidden_by: variables that go before these."""
    typed = [(commands.typed(f"{commands.NAME} {words}"), what) for words, what in NEXT]
    width = max(len(command) for command, _ in typed)
    where = f" (where {' and '.join(hidden_by)} is not set, for that goes before)" if hidden_by else ""
    return [f"next{where}:", *(f"  {command:{width}}  # {what}" for command, what in typed)]
