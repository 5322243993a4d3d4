"""The parts of a report about rounds and pauses, apart from how they look.

Law: rounds and attempts stand in the order in which they were made; the drawings show the same figures as the tables.
"""

from collections.abc import Iterator

from checks.reporting.blocks import Block, Chart, TableBlock, Text
from checks.reporting.live import words
from checks.verdict import Json

ROUNDS_HEAD = (
    "round", "at (UTC)", "seconds", "rows behind", "read", "gone", "inserted", "updated", "deleted", "rejected", "pause"
)  # fmt: skip
LONG = 300  # characters
STEPS_HEAD = ("step", "seconds")
ABOUT_ROUNDS = (
    "In each round the build took over what was written to the source since the round before. Rows behind: written "
    "between the two snapshots. Rejected: of the whole run, then. Pause: seconds that a cut-over would have kept "
    "writers waiting."
)


def rounds(report: Json) -> Iterator[Block]:
    """All rounds that the report has, and tables that were read whole."""
    found = report["rounds"]
    if not found:
        return
    if report["state"] != "published":
        yield Text(f"The build follows its source: {words.followed(found[-1])}.")
    before = found[0]["number"]
    yield Text(f"{ABOUT_ROUNDS}{f' Rounds before {before:,} stand in migration.rounds alone.' if before > 1 else ''}")
    yield Chart("rounds", TableBlock("rounds", ROUNDS_HEAD, tuple(map(_round, found))))
    whole = tuple((one["number"], table, why) for one in found for table, why in sorted(one["whole"].items()))
    if whole:
        yield TableBlock("tables that were read whole", ("round", "table", "why"), whole)


def _round(one: Json) -> tuple[object, ...]:
    at, pause = one["committed_at"][:19].replace("T", " "), one["pause"]
    counts = (one[name] for name in ("behind", "read", "gone", "inserted", "updated", "deleted", "rejected"))
    return (one["number"], at, f"{one['seconds']:.1f}", *counts, None if pause is None else f"{pause:.1f}")


def pause(report: Json) -> Iterator[Block]:
    """The last attempt step by step, those before it in a line each, and writes that came too late."""
    if late := words.late(report["late_writes"]):
        yield Text(f"Not everything arrived: {late}.")
        rows = tuple((each["legacy_table"], each["rows"]) for each in report["late_writes"])
        yield TableBlock("writes after the fence", ("table", "rows"), rows)
    if not report["cutovers"]:
        return
    *before, last = report["cutovers"]
    tries = f" The lock was had at try {last['tries']:,}." if last["tries"] > 1 else ""
    yield Text(f"{last['outcome'].capitalize()}: {words.waited(last)}, from {_at(last)} UTC on.{tries}")
    if last["detail"]:  # with all that was revoked, and how it is given back, it is long
        fold_after = 0 if len(last["detail"]) > LONG else 1
        yield TableBlock(
            "what came of it", ("outcome", "detail"), ((last["outcome"], last["detail"]),), None, fold_after
        )
    steps = tuple((step["step"], f"{step['seconds']:.2f}") for step in last["steps"])
    yield Chart("pause", TableBlock("seconds by step", STEPS_HEAD, steps, ("all", f"{last['seconds']:.2f}")))
    if before:
        head = ("attempt", "at (UTC)", "seconds", "tries", "outcome", "detail")
        yield TableBlock("attempts before", head, tuple(map(_attempt, before)))


def _attempt(one: Json) -> tuple[object, ...]:
    return (one["number"] + 1, _at(one), f"{one['seconds']:.2f}", one["tries"], one["outcome"], one["detail"])


def _at(attempt: Json) -> str:
    return str(attempt["began"])[:19].replace("T", " ")


def terminal_rounds(report: Json) -> Iterator[str]:
    """The last round in a line; the headline has how the build stands."""
    if not report["rounds"]:
        return
    last = report["rounds"][-1]
    yield f"  the last one, round {last['number']:,}: {words.applied(last)}"


def terminal_pause(report: Json) -> Iterator[str]:
    """The last attempt, step by step."""
    if late := words.late(report["late_writes"]):
        yield f"  {late}"
    if not report["cutovers"]:
        return
    last = report["cutovers"][-1]
    width = max((len(step["step"]) for step in last["steps"]), default=0)
    for step in last["steps"]:
        yield f"  {step['step']:{width}}  {step['seconds']:7.2f} s"
    yield f"  {'all':{width}}  {last['seconds']:7.2f} s; {last['outcome']}"
