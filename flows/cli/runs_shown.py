"""How `status` shows the runs on a terminal: what stands, the latest runs, and what waits for a person.

Law: a run whose schema is there, or which has not ended, is always shown; of the others only the latest.
"""

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.reporting import model
from checks.reporting.live import words
from config import printable
from flows.cli.command import NAME
from flows.local import report

RECENT = 10
WIDTH = 100
OPEN = ("running", "built", "following", "open", "paused", "awaiting", "died")
PLACES = ("live", "previous", "withdrawn", "build")
Run = Mapping[str, Any]


def text(runs: Sequence[Run], is_all: bool) -> str:
    """runs: as engine.operations.status gives them. is_all: fold nothing."""
    if not runs:
        return "no run has been recorded in this target"
    shown = [run for number, run in enumerate(runs) if is_all or number < RECENT or is_kept(run)]
    parts = ("\n".join(_standing(runs)), _table(shown), "\n".join(_remarks(shown, is_all)), _folded(runs, shown))
    return "\n\n".join(filter(None, parts))


def is_kept(run: Run) -> bool:
    """Whether anything of it is there, or under way."""
    return run["place"] is not None or run["state"] in OPEN


def _standing(runs: Sequence[Run]) -> Iterator[str]:
    """What each schema of ours holds."""
    standing = sorted((run for run in runs if run["place"] in PLACES), key=lambda run: PLACES.index(run["place"]))
    width = max((len(run["schema"]) for run in standing), default=0)
    for run in standing:
        yield f"{run['place']:<9}  {run['schema']:<{width}}  run {run['run_id']}, profile {run['profile']}"


def _table(runs: Sequence[Run]) -> str:
    head = ("run", "what", "state", "profile", "started (UTC)", "rows", "rejected")
    return report.columns(head, [_row(run) for run in runs])


def _row(run: Run) -> tuple[Any, ...]:
    total = model.total(run["tables"])
    what = "rehearsal" if run["dry_run"] else "migration"
    return (
        run["run_id"],
        what,
        run["state"],
        Path(run["profile"]).name,
        _minute(run["started_at"]),
        total["source_rows"],
        total["rejected"],
    )


def _minute(instant: str) -> str:
    return instant[:16].replace("T", " ")


def _remarks(runs: Sequence[Run], is_all: bool) -> Iterator[str]:
    for run in runs:
        name = f"run {run['run_id']}:"
        yield from (_wrapped(f"{name} {said}") for said in run["held_by"])
        yield from _followed(run, name)
        if wrong := [row["legacy_table"] for row in run["tables"] if not row["balanced"] and run["state"] not in OPEN]:
            yield _wrapped(f"{name} the rows do not add up in {', '.join(wrong)}")
        for gate in run["closed_gates"]:
            yield _wrapped(f"{name} {closed(gate)}")
            yield from (f"    {answer}" for answer in gate["answers"])
        yield from (_wrapped(f"{name} {waived(one)}") for one in run["waivers"] if is_all or one["is_current"])


def _followed(run: Run, name: str) -> Iterator[str]:
    """How far behind a build is that follows its source, and what can be done with it."""
    if last := run["follows"]:
        yield _wrapped(f"{name} it follows its source: {words.followed(last)}")
    if late := words.late(_late(run)):
        yield _wrapped(f"{name} at its cut-over {late}")
    if run["dry_run"] and run["state"] == "passed" and (cut := run["cutover"]):
        yield _wrapped(f"{name} it rehearsed the cut-over: {words.waited(cut)}, and no lost write was found")
    if run["state"] == "open":
        yield f"{name} nothing has it follow now; to go on, to publish it, or to give it up:"
        for each in ("sync --until-stopped", "cutover", "sync --abort"):
            yield f"    {NAME} {each} --run {run['run_id']}"


def _late(run: Run) -> list[dict[str, Any]]:
    """Writes that reached the source after the fence."""
    found = (run["cutover"] or {}).get("late") or {}
    return [{"legacy_table": table, "rows": rows} for table, rows in sorted(found.items())]


def _wrapped(sentence: str) -> str:
    """A sentence on lines that a terminal shows whole. A command to copy is none, and stays on its line."""
    line = printable.line(sentence)
    return textwrap.fill(line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def closed(gate: Mapping[str, Any]) -> str:
    verb = "is open to a decision" if gate["state"] == "awaiting" else "is closed"
    return f"{gate['check_name']} {verb}: {gate['detail']}"


def waived(waiver: Mapping[str, Any]) -> str:
    former = "" if waiver["is_current"] else ", for a build that is gone"
    said = "{check_name} was waived by {name} at {at} UTC: {reason}"
    return said.format(**waiver, at=_minute(waiver["waived_at"])) + former


def _folded(runs: Sequence[Run], shown: Sequence[Run]) -> str:
    """What is not shown, and how to see it."""
    there = {run["run_id"] for run in shown}
    counts = Counter(run["state"] for run in runs if run["run_id"] not in there)
    former = sum(not waiver["is_current"] for run in runs for waiver in run["waivers"])
    states = ", ".join(f"{number:,} {state}" for state, number in sorted(counts.items()))
    parts = [f"{counts.total():,} older run{'s' * (counts.total() != 1)} ({states})"] if counts else []
    parts += [f"{former:,} waiver{'s' * (former != 1)} of builds that are gone"] if former and counts else []
    return f"not shown: {' and '.join(parts)}; `{NAME} status --all` lists them" if parts else ""
