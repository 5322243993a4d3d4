"""Rounds, pauses and late writes in sentences, for headlines, terminals and `status`."""

from collections.abc import Sequence

from checks.reporting.words import joined, some
from checks.verdict import Json


def followed(last: Json) -> str:
    """How a build stands that follows its source, by its last round."""
    made = f"round {last['number']:,} was applied at {second(last['committed_at'])} UTC"
    written = f" ({some(last['behind'], 'row')} written since the one before)" if last["behind"] is not None else ""
    return "; ".join([f"{made}{written}", *foreseen(last)])


def foreseen(last: Json) -> list[str]:
    """How long a cut-over would keep writers waiting at least, if that can be said."""
    pause = last["pause"]
    return [f"a cut-over would keep writers waiting for at least {seconds(pause)}"] if pause is not None else []


def applied(one: Json) -> str:
    """What a round changed in the build."""
    counts = {what: one[what] for what in ("inserted", "updated", "deleted") if one[what]}
    return ", ".join(f"{number:,} {what}" for what, number in counts.items()) or "nothing to apply"


def waited(attempt: Json) -> str:
    """How long writers waited in an attempt at a cut-over."""
    return f"writers waited for {seconds(attempt['seconds'])}"


def rehearsed(certificate: Json) -> str:
    """Which run rehearsed a cut-over, and what came of it: `run R at …: writers waited for 1.20 s, …`."""
    found = certificate["cutover"]
    return (
        f"run {certificate['run_id']} at {second(certificate['issued_at'])} UTC: writers waited for "
        f"{seconds(found['pause_seconds'])} at {found['writer_rate']:,} transactions a second; "
        f"{kept(found)}"
    )


def kept(found: Json) -> str:
    """What was compared of the writes of a rehearsed cut-over, and what could not be."""
    untold = f"; keys tell nothing of {found['untold']:,}" if found["untold"] else ""
    return f"of {some(found['judged'], 'row')} looked for by keys none is lost{untold}"


def late(writes: Sequence[Json]) -> str:
    """Writes that reached the source after the fence; blank if there were none."""
    if not writes:
        return ""
    named = joined([f"{each['rows']:,} in {each['legacy_table']}" for each in writes])
    return f"writes reached the source after the fence and are not in the target: {named}"


def seconds(value: float) -> str:
    """A pause as it matters: hundredths of a second below ten."""
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def second(instant: str) -> str:
    return instant[:19].replace("T", " ")
