"""How long writers wait at a cut-over: `make pause [ROWS=…] [TIMES=…]`, by the writers' own clocks.

Laws
- The build is made once. Each turn finds a copy of it in a fresh target, and the source as the turn before left it,
  open to writers again: a turn catches up, verifies the whole build and cuts over, by the command that a person types.
- A writer's wait is the longest that a statement took, the one that the fence refused in the end included.
- Of every row that was written the value acknowledged last has to be in the new schema, or among the rejected rows:
  else the benchmark ends with an error.
"""

import argparse
import random
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.benchmarks.__main__ import RESULT, write
from tests.benchmarks.bench import filled, say
from tests.benchmarks.commands import PROGRAM, environ
from tests.benchmarks.contenders.contender import LEGACY, TARGET, Place, call
from tests.benchmarks.measuring import machine, server

BUILT, APP = "built", "app"
WRITTEN = {"notifications": "title", "email_logs": "subject"}
WRITERS, BETWEEN, KEYS = 4, 0.037, 3_000  # some hundred writes a second in all; rows of each table that are written to
MAY_WRITE = f"""
    grant usage on schema public to {APP};
    grant select, insert, update, delete on all tables in schema public to {APP}
"""
SOME = "select id from {} order by random() limit {}"
UPDATE = "update {} set {} = %s where id = %s"
ARRIVED = """
    select t.id::text, t.{column} from nxtgauge.{table} as t where t.id::text = any(%(keys)s)
    union all
    select r.legacy_key, r.legacy_row ->> %(column)s from migration.rejects as r
    where r.legacy_table = %(table)s and r.legacy_key = any(%(keys)s)
"""
CUT_OVER = "select seconds::float8, steps, tries from migration.cutovers where outcome = 'published'"
BEHIND = "select (found ->> 'behind')::bigint from migration.rounds order by number desc limit 1"
Key = tuple[str, Any]  # table and id


@dataclass
class Writer:
    """One session of the old application; its rows are nobody else's. acknowledged: what each row holds since the last
    write to it that was answered. refused: the error that ended it."""

    url: str
    keys: list[Key]
    name: str
    acknowledged: dict[Key, str] = field(default_factory=dict)
    writes: int = 0
    longest: float = 0.0
    refused: str | None = None
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with psycopg.connect(self.url, user=APP, autocommit=True) as conn:
            while not self.is_over.wait(BETWEEN) and self.refused is None:
                self._write(conn, random.choice(self.keys), f"{self.name} {self.writes} {time.time():.6f}")

    def _write(self, conn: psycopg.Connection, key: Key, value: str) -> None:
        table, row = key
        query = sql.SQL(UPDATE).format(sql.Identifier(table), sql.Identifier(WRITTEN[table]))
        began = time.monotonic()
        try:
            conn.execute(query, [value, row])
        except psycopg.Error as error:
            self.refused = error.sqlstate or "the session was lost"
        else:
            self.acknowledged[key] = value
            self.writes += 1
        self.longest = max(self.longest, time.monotonic() - began)


def turn(place: Place) -> dict[str, Any]:
    """One cut-over under writers. Errors: RuntimeError, where an acknowledged write is not there."""
    place.server.create(TARGET, BUILT, strategy="file_copy")
    place.server.rows(MAY_WRITE, LEGACY)
    chosen = {t: place.server.rows(sql.SQL(SOME).format(sql.Identifier(t), KEYS), LEGACY) for t in WRITTEN}
    keys = [(table, row) for table, rows in chosen.items() for (row,) in rows]
    writers = [Writer(place.legacy, keys[n::WRITERS], f"writer {n}") for n in range(WRITERS)]
    threads = [threading.Thread(target=writer.run, daemon=True) for writer in writers]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    try:
        call(PROGRAM, "--profile", "demo", "cutover", "--yes", environ=_environ(place))
        took = time.monotonic() - began
    finally:
        for writer, thread in zip(writers, threads, strict=True):
            writer.is_over.set()
            thread.join()
    if lost := _lost(place, {key: value for writer in writers for key, value in writer.acknowledged.items()}):
        raise RuntimeError(f"{lost} acknowledged writes are neither in the new schema nor among the rejected rows")
    if any(writer.refused != "42501" for writer in writers):
        raise RuntimeError(f"writers met {[writer.refused for writer in writers]}; wanted the fence's 42501")
    ((seconds, steps, tries),) = place.server.rows(CUT_OVER, TARGET)
    ((behind,),) = place.server.rows(BEHIND, TARGET)
    return {
        "waited": max(writer.longest for writer in writers),
        "told": seconds,
        "steps": dict(steps),
        "tries": tries,
        "behind": behind,
        "writes_a_second": sum(writer.writes for writer in writers) / took,
    }


def _environ(place: Place) -> dict[str, str]:
    return environ(place, LEGACY, TARGET) | {"NXTGAUGE_FENCE_URL": place.legacy}


def _lost(place: Place, acknowledged: dict[Key, str]) -> int:
    lost = 0
    with psycopg.connect(place.target) as conn:
        for table, column in WRITTEN.items():
            wanted = {str(row): value for (of, row), value in acknowledged.items() if of == table}
            query = sql.SQL(ARRIVED).format(table=sql.Identifier(table), column=sql.Identifier(column))
            given = {"keys": list(wanted), "column": column, "table": table}
            there: dict[str, str] = dict(conn.execute(query, given).fetchall())
            lost += sum(there.get(row) != value for row, value in wanted.items())
    return lost


def measured(rows: int, times: int) -> dict[str, Any]:
    """Every turn, as plain values; the first one warms the machine up, and is not told."""
    with server.started() as running:
        place = Place(running, 1)
        result = machine.facts(running) | filled(running, LEGACY, rows)
        running.rows(f"create role {APP} login")
        running.create(BUILT)
        say("making the build")
        call(PROGRAM, "--profile", "demo", "sync", environ=environ(place, LEGACY, BUILT))
        result["turns"] = []
        for number in range(times + 1):
            taken = turn(place)
            say(f"turn {number}: {_told(taken)}")
            result["turns"] += [taken] if number else []
    return result


def _told(taken: dict[str, Any]) -> str:
    steps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in taken["steps"].items())
    written = f"{taken['behind']} rows written since the round before, {taken['writes_a_second']:.0f} writes/s"
    return f"writers waited {taken['waited']:.2f} s ({steps}); {written}"


def text(result: dict[str, Any]) -> str:
    """The figures for a person."""
    turns = result["turns"]
    names = dict.fromkeys(name for one in turns for name in one["steps"])
    head = f"{result['rows']:,} rows in {result['tables']} tables, {len(turns)} cut-overs"
    lines = [f"{head}; seconds, median and longest"]
    for name, values in {
        "writers waited": [one["waited"] for one in turns],
        **{name: [one["steps"].get(name, 0.0) for one in turns] for name in names},
    }.items():
        lines.append(f"{name:16} {statistics.median(values):6.2f} {max(values):6.2f}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--json", type=Path, default=RESULT, help="where the figures go")
    given = parser.parse_args()
    result = measured(given.rows, given.times)
    write(given.json, {"pause": result})
    print(text(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
