"""What a rehearsal of a cut-over is told as: a part of its certificate, and the gates that keep it from one.

Law: names, numbers and sentences; no key and no value of a row.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from config.settings import Settings
from engine.changes import rounds
from engine.cutover.waiting import CutOver
from engine.gates.gates import FAILED, Gate
from engine.session import connect, servers
from engine.session.stop import STOP
from engine.staging import books
from engine.staging.writer import Loss, Written

KIND = "rehearsal"
LOST, LATE = "rehearsal/lost", "rehearsal/late"
MOST_ROUNDS = 10_000
REHEARSED = (
    "rounds that follow the copy while it is written to",
    "the verification of the whole build, and that of the last rounds while writers wait",
    "the lock, and the fence that lasts: made on the copy, and taken back",
    "the publish up to its commit, in a transaction that was rolled back",
    "that every acknowledged write is in the build, as far as keys can tell",
)
NOT_REHEARSED = (
    "the commit of the publish, and statistics after it",
    "that the fence's own role may lock and close the source: `doctor` looks at that",
    "sessions that keep the lock away for long, which the source may have",
    "what the old application writes, and how much: the writer makes random changes at the rate that is named",
    "the switch of the application",
)


def of(
    settings: Settings,
    conn: psycopg.Connection,
    followed: Sequence[rounds.Told],
    made: CutOver,
    written: Written,
    loss: Loss,
    fence: str,
) -> dict[str, Any]:
    """The part `cutover` of a certificate.

    rounds, followed: how many, and the rows that they followed. predicted_seconds: what `status` would have foretold
    before the last. pause_seconds, steps, tries: as the cut-over has measured them; writer_seconds: the longest wait of
    one transaction. lost: always 0. judged, untold: acknowledged rows of which keys tell something, and nothing.
    """
    told = [one.to_dict() for one in followed]
    before = told[-2] if len(told) > 1 else told[-1]
    figures = written.to_dict()
    return {
        "rounds": len(told),
        "followed": sum(one["behind"] or 0 for one in told),
        "changed": sum(one[name] or 0 for one in told for name in ("inserted", "updated", "deleted")),
        "predicted_seconds": before["pause"],
        "pause_seconds": made.pause.seconds,
        "steps": [{"step": name, "seconds": seconds} for name, seconds in made.pause.steps],
        "tries": made.pause.tries,
        "writer_seconds": figures["longest_wait"],
        "writer_rate": figures["rate"],
        "written": figures["written"],
        "transactions": figures["transactions"],
        "errors": figures["errors"],
        "refused": sum(figures["refused"].values()),
        "lost": 0,
        "judged": loss.judged,
        "untold": sum(loss.untold.values()) + written.forgotten,
        "fence": fence,
        "percent": _percent(settings),
        "versions": _versions(settings, conn),
        "rehearsed": list(REHEARSED),
        "not_rehearsed": list(NOT_REHEARSED),
    }


def gates_of(loss: Loss, late: Sequence[tuple[str, int]]) -> Iterator[Gate]:
    """Closed ones, of which nobody issues a certificate."""
    if loss:
        parts = [f"{count:,} of {table} missing" for table, count in sorted(loss.missing.items())]
        parts += [f"{count:,} of {table} still there" for table, count in sorted(loss.still.items())]
        yield Gate(LOST, KIND, FAILED, f"acknowledged writes are not in the build: {', '.join(parts)}")
    if late:
        tables = ", ".join(f"{rows:,} in {table}" for table, rows in late)
        yield Gate(LATE, KIND, FAILED, f"writes came past the fence: {tables}")


def _percent(settings: Settings) -> float | None:
    with connect.staging(settings.staging, STOP) as conn:
        copy = books.latest(conn, settings.source_schema)
    return copy.percent if copy else None


def _versions(settings: Settings, conn: psycopg.Connection) -> dict[str, str]:
    with connect.source(settings.source, STOP) as source:
        return {"source": servers.info(source).version, "target": servers.info(conn).version}
