"""Strikes migrations at random moments, resumes them, and compares what comes out with undisturbed ones.

Equal seeds draw equal strikes; when one hits is up to the clock. Ends with 1 if there was any fault.
"""

import argparse
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.torture import others, report, rounds, strikes
from tests.torture.stage import SOURCES, Stage, opened

REPORTS = Path(__file__).resolve().parents[2] / "reports" / "torture"
PLAYS = {"writes": others.writes, "rollback": others.rollback, "stage": others.copy, "verify": others.verification,
         "undisturbed": others.undisturbed}  # fmt: skip
KINDS = [*strikes.STRIKES, "failpoint", *PLAYS]
# How often in a turn; once what is not here.
OFTEN = {
    "kill": 4, "failpoint": 6, "sigterm": 2, "sigint": 2, "source_killed": 2, "target_killed": 3, "one_reset": 3,
    "source_ended": 2, "target_ended": 3, "disk_full": 2, "limited": 3, "recovery_conflict": 3,
    "writes": 4, "rollback": 3, "stage": 3, "verify": 2,
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    for ending in (signal.SIGINT, signal.SIGTERM):  # whoever ends us, the servers are stopped
        signal.signal(ending, signal.default_int_handler)
    folder = given.reports / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-seed-{given.seed}"
    folder.mkdir(parents=True)
    done = []
    with opened(given.rows, given.seed) as stage:
        for number, kind in enumerate(_kinds(given.rounds, given.seed, given.only), start=1):
            told = played(stage, number, kind, given.seed)
            done.append(told)
            report.append(folder, told)
            print(report.line(told), flush=True)
    text = report.table(done)
    (folder / "summary.txt").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\nreport: {folder}")
    return int(any(told["faults"] for told in done))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make torture", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=20_000, help="of each legacy database; 0: a small one")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help=f"kinds: {', '.join(KINDS)}")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="the folder for the report")
    return parser


def _kinds(count: int, seed: int, only: list[str]) -> list[str]:
    """The kind of each round: all kinds come in each turn, in another order each time."""
    if unknown := set(only) - set(KINDS):
        raise SystemExit(f"there is no kind {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    rng, found = random.Random(seed), list[str]()
    turn = only or [kind for kind in KINDS for _ in range(OFTEN.get(kind, 1))]
    while len(found) < count:
        found += turn if only else rng.sample(turn, len(turn))
    return found[:count]


def played(stage: Stage, number: int, kind: str, seed: int) -> report.Told:
    """One round. A fault of the torture itself is told apart from those of the program."""
    rng, began = random.Random(f"{seed} {number} {kind}"), time.monotonic()
    source_db = rng.choice(SOURCES)
    is_live = kind in strikes.PUBLISHING or (kind in strikes.STRIKES and kind != "disk_full" and rng.random() < 0.4)
    scene = stage.scene(number, kind, rng, source_db, stage.published() if is_live else "template0")
    is_on_disk = False
    try:
        is_on_disk = kind == "disk_full" and rounds.on_small_disk(stage, scene)
        if kind != "disk_full" or is_on_disk:
            PLAYS.get(kind, rounds.struck)(stage, scene)
    except Exception as error:
        scene.fault("broke off", f"{type(error).__name__}: {error}"[:600])
    for server in (stage.source, stage.target, *stage.standbys):
        server.start()
    scene.take_back()
    if is_on_disk:
        rounds.remove_disk(scene)
    stage.drop(scene)
    return scene.told() | {"seconds": round(time.monotonic() - began, 1)}


if __name__ == "__main__":
    sys.exit(main())
