"""All contenders in turn, several times over, on one legacy database; then the published target beside the oracle.

Laws
- One turn is every contender once, in one order. The first turn warms the machine and counts statements, which costs
  time; its times are not told.
- A contender that does not work here is left out from then on, and why is told.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks import by_hand, machine, meters, ours, server
from tests.benchmarks.contender import LEGACY, TARGET, CannotTakePart, Contender, Place, call
from tests.benchmarks.figures import Result
from tests.support.oracle import comparing

PUBLISHED = "published"
SIZE = "select sum(pg_total_relation_size(oid))::bigint from pg_class where relnamespace = 'public'::regnamespace"


def run(contenders: Sequence[Contender], rows: int, times: int) -> Result:
    """Everything measured, as plain values."""
    with server.started() as running:
        place = Place(running, rows, os.cpu_count() or 1)
        result = machine.facts(running) | {"started_at": datetime.now(UTC).isoformat(timespec="seconds")}
        result |= _filled(place) | {"times": times, "contenders": {}, "absent": {}}
        place = replace(place, ddl=_published(place))
        for turn in range(times + 1):
            for contender in contenders:
                if contender.name not in result["absent"]:
                    _take(place, contender, turn, result)
        say("comparing the published target with the oracle, and with what is made by hand")
        result["oracle"] = comparing.compared(place.legacy, running.url(PUBLISHED))
        result["by_hand"] = by_hand.compared(place, PUBLISHED, result["started_at"])
        return result


def _filled(place: Place) -> dict[str, Any]:
    """Fill the legacy database, and leave it as one in use is: vacuumed, so that no reader has hints to write."""
    from flows.demo.seed import seed

    say(f"filling a legacy database with some {place.rows:,} rows")
    counts = seed(place.server.create(LEGACY), rows=place.rows)
    place.server.rows("vacuum (freeze, analyze)", LEGACY)
    ((size,),) = place.server.rows(SIZE, LEGACY)
    return {"rows": sum(counts.values()), "tables": len(counts), "bytes": int(size)}


def _published(place: Place) -> Path:
    """Migrate and publish once: for the oracle, and for the target's DDL, which is left in a folder of pg_dump's."""
    say("migrating and publishing once")
    own = replace(place, target_name=PUBLISHED)
    place.server.create(PUBLISHED)
    ours.publish(own)
    folder = place.server.folder / "ddl"
    schemas = [f"--schema={name}" for name in by_hand.SCHEMAS]
    call(place.server.program("pg_dump"), "-Fd", "--schema-only", *schemas, "-f", str(folder), own.target)
    return folder


def _take(place: Place, contender: Contender, turn: int, result: Result) -> None:
    """One run of a contender, and what it took."""
    place.server.create(TARGET)
    try:
        contender.before(place)
        with meters.measured(place.server, is_counting=turn == 0) as measures:
            details = contender.run(place)
        details |= contender.after(place)
    except CannotTakePart as error:
        result["absent"][contender.name] = f"{contender.label}: {error}"
        result["contenders"].pop(contender.name, None)
        say(f"{contender.label}: left out, {error}")
    else:
        _keep(result, contender, turn, asdict(measures) | {"details": details})
    finally:
        place.server.drop(TARGET)


def _keep(result: Result, contender: Contender, turn: int, taken: dict[str, Any]) -> None:
    kept = result["contenders"].setdefault(contender.name, {"label": contender.label, "turns": []})
    statements = taken.pop("statements")
    if turn == 0:
        kept["statements"] = statements
    else:
        kept["turns"].append({"turn": turn} | taken)
    say(f"turn {turn}, {contender.label}: {taken['wall_seconds']:.1f} s")


def say(text: str) -> None:
    print(text, flush=True)
