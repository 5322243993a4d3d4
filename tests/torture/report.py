"""What rounds have come to: a line of JSON each, and a table."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Each is counted, and the table says of each how many there were, none as well.
KINDS = (
    "rows lost", "rows doubled", "definitions", "books", "half published", "not resumed", "second command", "code",
    "message", "hang", "sessions", "leases", "schemas", "processes", "files", "broke off",
)  # fmt: skip

Told = dict[str, Any]


def append(folder: Path, told: Told) -> None:
    with (folder / "rounds.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")


def line(told: Told) -> str:
    """A round, for whoever watches."""
    struck = ", ".join(f"{t['strike']} at {t['stage']} → {t['code']}" for t in told["tried"] if t["strike"])
    faults = "; ".join(f"{kind.upper()} {text}" for kind, text in told["faults"]) or "the same"
    if told["left_out"]:
        faults = f"left out: {told['left_out']}"
    return f"{told['round']} {told['kind']} ({struck}) {told['seconds']} s: {faults}"


def table(rounds: Sequence[Told]) -> str:
    """Strikes and what commands ended with, then the faults by their kinds."""
    tried = [(t["strike"], t["code"]) for told in rounds for t in told["tried"] if t["strike"]]
    codes = Counter((_kind(strike), code) for strike, code in tried)
    resumed = sum(t["strike"] is None for told in rounds for t in told["tried"])
    anew = sum(bool(t["anew"]) for told in rounds for t in told["tried"])
    faults = Counter(kind for told in rounds for kind, _ in told["faults"])
    bad, left_out = (sum(bool(told[what]) for told in rounds) for what in ("faults", "left_out"))
    return "\n".join(
        [
            f"{len(rounds)} rounds, {len(tried)} strikes, {resumed} commands to go on, {anew} of them anew; "
            f"{bad} rounds with faults" + (f"; {left_out} rounds left out" if left_out else ""),
            "",
            *(f"{count:6} {strike} → {code}" for (strike, code), count in sorted(codes.items())),
            "",
            *(f"{faults[kind]:6} {kind}" for kind in KINDS),
        ]
    )


def _kind(strike: str) -> str:
    """Of failpoints the action alone: there are many."""
    return f"failpoint {strike.rpartition(':')[2]}" if ":" in strike else strike
