"""The part of a report about a cut-over that was rehearsed: what was measured, what was rehearsed, and what was not.

Law: it says the same in the rehearsal's own report and in that of the cut-over that was held to it.
"""

from collections.abc import Iterator

from checks.reporting.blocks import Block, TableBlock, Text
from checks.reporting.live import words
from checks.reporting.words import some
from checks.verdict import Json

ABOUT = (
    "A writer stood in for the old application on the staging copy, and wrote made-up changes while the build followed "
    "and was cut over, up to the publish's commit. Figures of rows in this report count what it wrote, too; the "
    "certificate has those of the copy before it began."
)


def of(report: Json) -> Json | None:
    """The certificate's part; None where nothing of a cut-over was rehearsed."""
    return (report["certificate"] or {}).get("cutover")


def parts(report: Json) -> Iterator[Block]:
    """The figures, and what they are of."""
    found = of(report)
    if not found:
        return
    if report["kind"] == "dry-run":
        yield Text(ABOUT)
    else:
        yield Text(f"Rehearsed in {words.rehearsed(report['certificate'])}.")
    yield TableBlock("what was measured", ("what", "is"), tuple(_figures(found)))
    yield TableBlock("what was rehearsed", ("rehearsed",), tuple((each,) for each in found["rehearsed"]))
    yield TableBlock("what was not rehearsed", ("not rehearsed",), tuple((each,) for each in found["not_rehearsed"]))


def _figures(found: Json) -> Iterator[tuple[str, object]]:
    written = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found["written"].items()))
    errors = ", ".join(f"{code}: {count:,}" for code, count in sorted(found["errors"].items()))
    yield "rounds", f"{found['rounds']:,}, of {some(found['followed'], 'row')} that were written"
    yield "pause that was foretold", words.seconds(found["predicted_seconds"] or 0.0)
    yield "pause", f"{words.seconds(found['pause_seconds'])}, of {found['budget']:g} s that were allowed"
    for step in found["steps"]:
        yield f"pause: {step['step']}", f"{step['seconds']:.2f} s"
    yield "longest wait of the writer", words.seconds(found["writer_seconds"])
    yield "writes that were acknowledged", f"{written} ({found['writer_rate']:,} transactions a second)"
    yield "writes that were lost", words.kept(found)
    yield "errors that the writer met, by SQLSTATE", errors or "none"
    yield "fence", found["fence"]
    share = "whole" if found["percent"] is None else f"{found['percent']:g} % of the users"
    before = found["written_before"]
    yield "copy", f"{share}; an earlier rehearsal wrote to it at {words.second(before)} UTC" if before else share
    yield "PostgreSQL", ", ".join(f"{side} {version}" for side, version in sorted(found["versions"].items()))
    yield "profile", found["profile"]


def terminal(report: Json) -> Iterator[str]:
    """What a person decides by."""
    if found := of(report):
        yield f"  in run {report['certificate']['run_id']}: the pause was {words.seconds(found['pause_seconds'])}"
        yield f"  {words.kept(found)}; the writer's longest wait was {words.seconds(found['writer_seconds'])}"
        yield f"  not rehearsed: {found['not_rehearsed'][0]}; the report names the rest"
