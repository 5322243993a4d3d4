"""How time and memory grow with the rows: `make growth [TIMES=…]`; dump and restore, the build, and the verified build.

Each size is a benchmark of its own, with its own legacy database, and ends beside the oracle as any other.
"""

import argparse
import sys
from pathlib import Path

from tests.benchmarks import bench, figures, report
from tests.benchmarks.__main__ import RESULT, write
from tests.benchmarks.contenders import copying, ours

SIZES = (500_000, 1_500_000, 2_000_000, 5_000_000)
NAMES = ("dump", "build", "verified")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--json", type=Path, default=RESULT, help="where the figures go")
    given = parser.parse_args()
    contenders = [c for c in (*copying.CONTENDERS, *ours.CONTENDERS) if c.name in NAMES]
    results = []
    for rows in given.sizes:
        results.append(bench.run(contenders, bench.Asked(rows, given.times)))
        write(given.json, {"growth": results})
        print(report.text(results[-1]))
    return 1 if any(map(figures.faults, results)) else 0


if __name__ == "__main__":
    sys.exit(main())
