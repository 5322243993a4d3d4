"""Measures this project beside what a user would run instead: `make bench [ROWS=…] [TIMES=…]`.

A benchmark is read by a person, on a machine with nothing else to do: no time is ever asserted. What ends it badly is a
published target that is not what the oracle says.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.benchmarks import bench, commands, figures, report
from tests.benchmarks.contenders import by_hand, copying, naive, ours
from tests.benchmarks.contenders.contender import PROJECT, Contender
from tests.benchmarks.figures import Result

RESULT = PROJECT / "reports" / "benchmark.json"
ROOMS = (copying, by_hand, ours, naive, commands)
CONTENDERS: tuple[Contender, ...] = tuple(contender for room in ROOMS for contender in room.CONTENDERS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=[c.name for c in CONTENDERS], help="these contenders alone")
    parser.add_argument("--json", type=Path, default=RESULT, help="where the figures go")
    parser.add_argument("--sample-rows", type=int, default=20_000, help="for those that are too slow for all")
    parser.add_argument("--dlt", metavar="PYTHON", help="a Python that has dlt[postgres,sql_database]")
    given = parser.parse_args()
    chosen = [c for c in CONTENDERS if not given.only or c.name in given.only]
    asked = bench.Asked(given.rows, given.times, given.sample_rows, given.dlt)
    result = bench.run(chosen, asked)
    write(given.json, result)
    print(report.text(result))
    print(f"figures: {given.json}")
    return 1 if figures.faults(result) else 0


def write(path: Path, result: Result) -> None:
    """Keep the result; what another benchmark has kept there of other things stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(kept | result, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
