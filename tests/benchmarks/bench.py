"""All contenders in turn, several times over, on one legacy database; then the published target beside the oracle.

Laws
- One turn is every contender once, in one order. The first turn warms the machine and counts statements, which costs
  time; its times are not told.
- A contender that does not work here is left out from then on, and why is told.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.contenders import by_hand, ours
from tests.benchmarks.contenders.contender import LEGACY, PUBLISHED, SAMPLE, TARGET, CannotTakePart, Contender, Place
from tests.benchmarks.figures import Result
from tests.benchmarks.measuring import machine, meters, server
from tests.support.oracle import comparing

SIZE = "select sum(pg_total_relation_size(oid))::bigint from pg_class where relnamespace = 'public'::regnamespace"


@dataclass(frozen=True)
class Asked:
    """rows: about how many the legacy database is to hold; sample_rows: that of the slow; dlt: a Python that has it."""

    rows: int
    times: int
    sample_rows: int = 20_000
    dlt: str | None = None


def run(contenders: Sequence[Contender], asked: Asked) -> Result:
    """Everything measured, as plain values."""
    with server.started() as running:
        place = Place(running, os.cpu_count() or 1, dlt=asked.dlt)
        result = machine.facts(running) | {"started_at": datetime.now(UTC).isoformat(timespec="seconds")}
        result |= {"wanted_rows": asked.rows, "times": asked.times, "contenders": {}, "absent": {}}
        result |= filled(running, LEGACY, asked.rows)
        if any(contender.is_sample for contender in contenders):
            result["sample_rows"] = filled(running, SAMPLE, asked.sample_rows)["rows"]
        _publish(place)
        place = replace(place, ddl=by_hand.dump_schemas(running, PUBLISHED))
        for turn in range(asked.times + 1):
            for contender in contenders:
                if contender.name not in result["absent"]:
                    _take(place, contender, turn, result)
        say("comparing the published target with the oracle, and with what is made by hand")
        result["oracle"] = comparing.compared(place.legacy, running.url(PUBLISHED))
        result["by_hand"] = by_hand.compared(place, PUBLISHED, result["started_at"])
        return result


def filled(running: server.Server, name: str, rows: int) -> dict[str, Any]:
    """Fill a legacy database, and leave it as one in use is: vacuumed, so that no reader has hints to write."""
    from flows.demo.seed import seed

    say(f"filling a legacy database with some {rows:,} rows")
    counts = seed(running.create(name), rows=rows)
    running.rows("vacuum (freeze, analyze)", name)
    ((size,),) = running.rows(SIZE, name)
    return {"rows": sum(counts.values()), "tables": len(counts), "bytes": int(size)}


def _publish(place: Place) -> None:
    """Migrate and publish once, for the oracle and for the target's DDL."""
    say("migrating and publishing once")
    place.server.create(PUBLISHED)
    ours.publish(replace(place, target_name=PUBLISHED))


def _take(place: Place, contender: Contender, turn: int, result: Result) -> None:
    """One run of a contender, and what it took."""
    place.server.create(TARGET)
    place = replace(place, source_name=SAMPLE) if contender.is_sample else place
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
    kind = {"is_sample": contender.is_sample, "is_command": contender.is_command}
    kept = result["contenders"].setdefault(contender.name, {"label": contender.label, **kind, "turns": []})
    statements = taken.pop("statements")
    if turn == 0:
        kept["statements"] = statements
    else:
        kept["turns"].append({"turn": turn} | taken)
    say(f"turn {turn}, {contender.label}: {taken['wall_seconds']:.1f} s")


def say(text: str) -> None:
    print(text, flush=True)
