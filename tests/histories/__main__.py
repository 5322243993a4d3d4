"""Follows random histories, one after the other, and compares each round with a fresh build of the same snapshot.

Equal seeds make equal histories, which begin with another legacy database in turn; of every fourth the build is made in
the midst of it. What was found stands in a log as it is found. Ends with 1 if there was any fault.
"""

import argparse
import signal
import sys
import traceback
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.histories import golden
from tests.histories.databases.filling import TURNS
from tests.histories.playing import Played, play
from tests.histories.reach import Reached
from tests.torture.cutovers import place
from tests.torture.cutovers.place import Grounds

LOGS = Path(__file__).resolve().parents[2] / "reports" / "histories"
SHOWN = 240  # letters of why a history came to something
BEFORE = 60  # transactions before a build that is made in the midst of a history


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    for ending in (signal.SIGINT, signal.SIGTERM):  # whoever ends us, the server is stopped
        signal.signal(ending, signal.default_int_handler)
    given.logs.mkdir(parents=True, exist_ok=True)
    log = given.logs / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-seed-{given.seed}.log"
    rounds = faults = 0
    ends, reached = Counter[str](), Reached()
    with place.opened() as grounds, log.open("w", encoding="utf-8") as file:
        for number in range(given.seed, given.seed + given.histories):
            legacy, played = _golden(grounds, number, given) if given.golden else _legacy(grounds, number, given)
            ends += played.ends
            reached += played.reached
            rounds, faults = rounds + played.rounds, faults + bool(played.faults)
            text = _line(number, legacy, played)
            print(text, flush=True)
            file.write(text + "\n")
            file.flush()
        print(f"{given.histories} histories, {rounds} rounds compared, {faults} with faults; log: {log}")
        print(*(f"  {count} {' '.join(what.split())[:SHOWN]}" for what, count in ends.most_common()), sep="\n")
        print(*(f"  {line}" for line in reached.lines()), sep="\n")
    return int(faults > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make rounds", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1000, help="the first history's; the next has the next")
    parser.add_argument("--rounds", type=int, default=6, help="of each history")
    parser.add_argument(
        "--steps", type=int, default=9, help="transactions of each round, a quarter of it or three times as many"
    )
    parser.add_argument("--legacy", default="", choices=["", *dict.fromkeys(TURNS)], help="the only legacy database")
    parser.add_argument(
        "--partly", action="store_true", help="of groups derive only what hangs together with what was written"
    )
    parser.add_argument("--golden", action="store_true", help="of golden cases, one after the other")
    parser.add_argument("--cases", default="", help="only those golden cases whose name has this in it")
    parser.add_argument("--logs", type=Path, default=LOGS, help="the folder for the log")
    return parser


def _golden(grounds: Grounds, number: int, given: argparse.Namespace) -> tuple[str, Played]:
    """Errors are told as faults."""
    cases = [case for case in golden.FOLLOWED if given.cases in golden.name_of(case)]
    case, names = cases[number % len(cases)], [f"g{number}{side}" for side in "stf"]

    def empty(name: str) -> str:
        grounds.server.create(name)
        return grounds.server.url(name)

    try:
        played = golden.play(case, empty(names[0]), empty(names[1]), lambda: empty(names[2]), str(number))
    except Exception as error:
        played = Played(faults=[f"broke off: {type(error).__name__}: {error}", traceback.format_exc()])
    if not played.faults:
        grounds.drop(*names)
    return golden.name_of(case), played


def _legacy(grounds: Grounds, number: int, given: argparse.Namespace) -> tuple[str, Played]:
    legacy = given.legacy or TURNS[number % len(TURNS)]
    return legacy, _played(grounds, number, legacy, given)


def _played(grounds: Grounds, number: int, legacy: str, given: argparse.Namespace) -> Played:
    """Errors are told as faults."""
    is_late = number % 4 == 0
    there = grounds.place(number, legacy, is_one=False)
    if is_late:
        grounds.empty(there.target)
    settings, compared = there.settings(), f"f{number}"
    try:
        before = BEFORE if is_late else 0
        sizes = number, given.rounds, given.steps, before
        played = play(settings, lambda: grounds.empty(compared), *sizes, is_partly=given.partly)
    except Exception as error:
        played = Played(faults=[f"broke off: {type(error).__name__}: {error}"])
    grounds.drop(compared)
    if not played.faults:
        grounds.drop(there.source, there.target)
    return played


def _line(number: int, legacy: str, played: Played) -> str:
    said = "; ".join([f"{played.rounds} rounds", *[f"then anew: {played.anew}"] * bool(played.anew)])
    made = sum(played.done.values())
    said = "; ".join([said, *(" ".join(what.split())[:SHOWN] for what in played.ends)])
    text = f"{number} {legacy}: {said}, {made} changes, {played.seconds:.0f} s"
    return "\n    ".join([text + (": FAULT" if played.faults else ""), *played.faults])


if __name__ == "__main__":
    sys.exit(main())
