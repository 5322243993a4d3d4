"""Strikes cut-overs under writers at every step, and goes on with the next: no acknowledged write may be lost.

Equal seeds draw equal strikes. Every moment meets every strike once before one comes again; every sixth round strikes
at any moment. Ends with 1 if there was any fault.
"""

import argparse
import contextlib
import json
import random
import signal
import statistics
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

from tests.torture.cutovers import place, play
from tests.torture.cutovers.moments import COMMITS, MOMENTS
from tests.torture.cutovers.place import Grounds
from tests.torture.cutovers.play import Told, Wish
from tests.torture.cutovers.strikes import STRIKES

REPORTS = Path(__file__).resolve().parents[3] / "reports" / "cutovers"
STATES = ("failed", "unfenced", "published")


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    for ending in (signal.SIGINT, signal.SIGTERM):  # whoever ends us, the server is stopped
        signal.signal(ending, signal.default_int_handler)
    folder = given.reports / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-seed-{given.seed}"
    folder.mkdir(parents=True)
    done: list[Told] = []
    with contextlib.ExitStack() as stack:
        grounds = [stack.enter_context(place.opened()) for _ in range(given.beside)]
        for told in played(grounds, wishes(given.rounds, given.seed, given.only, given.budget)):
            done.append(told)
            with (folder / "rounds.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(play.of_dict(done[-1])) + "\n")
            print(line(done[-1]), flush=True)
    text = table(done)
    (folder / "summary.txt").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\nreport: {folder}")
    return int(any(told.faults for told in done))


def played(grounds: Sequence[Grounds], wished: Iterable[Wish]) -> Iterator[Told]:
    """The rounds as they end; each of the grounds plays the next one as soon as it is free."""
    left, ended = deque(wished), SimpleQueue[Told]()

    def play_all(own: Grounds) -> None:
        with contextlib.suppress(IndexError):
            while True:
                ended.put(play.play(own, left.popleft()))

    count = len(left)
    for own in grounds:
        threading.Thread(target=play_all, args=(own,), daemon=True).start()
    yield from (ended.get() for _ in range(count))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make cutovers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, default=8.0, help="seconds; a slow machine needs more")
    parser.add_argument("--beside", type=int, default=2, help="rounds that are played beside each other")
    parser.add_argument("--only", default="", help="rounds whose `strike at moment` has this in it")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="the folder for the report")
    return parser


def wishes(count: int, seed: int, only: str = "", budget: float = 8.0) -> Iterator[Wish]:
    """The rounds of a seed. budget: of those on the small legacy database; the others have twice as much."""
    rng = random.Random(seed)
    pairs = [(strike, moment) for strike in STRIKES for moment in MOMENTS if strike != "answer lost"]
    pairs += [("answer lost", moment) for moment in COMMITS]
    turn: list[tuple[str, str]] = []
    made, number = 0, 0
    while made < count:
        number += 1
        turn = turn or rng.sample(pairs, len(pairs))
        strike, moment = turn.pop()
        after = rng.uniform(0, 10)
        if number % 6 == 0 and strike != "answer lost" and not only:
            turn.insert(0, (strike, moment))
            moment = ""
        legacy, is_renamed = ("demo" if rng.random() < 0.2 else "odd"), rng.random() < 0.2
        if only in f"{strike} at {moment}":
            made += 1
            yield Wish(
                number, legacy, number % 3 == 0, is_renamed, strike, moment, after, rng.randrange(1_000_000),
                budget=budget * (2 if legacy == "demo" else 1), follows=number % 4 == 0,
            )  # fmt: skip


def line(told: Told) -> str:
    """A round, for whoever watches."""
    wish = told.wish
    where = f"{wish.legacy}, {'one database' if wish.is_one else 'two'}{', renamed' if wish.is_renamed else ''}"
    when = wish.moment or f"{wish.after:.1f} s"
    struck = "" if told.is_struck else " (never came to it)"
    said = "; ".join(fault.upper() if fault.startswith("lost") else fault for fault in told.faults) or "well"
    return (
        f"{wish.number} {wish.strike} at {when}{struck} ({where}) → {told.state}, {told.ended[:60]!r}; waited "
        f"{told.longest} s, late {told.late}, {told.seconds} s: {said}"
    )


def table(rounds: Sequence[Told]) -> str:
    """Strikes and moments by what came of them, then the figures."""
    lines = [f"{len(rounds)} rounds, {sum(told.is_struck for told in rounds)} struck; with faults: "
             f"{sum(bool(told.faults) for told in rounds)}"]  # fmt: skip
    for of in ("strike", "moment"):
        found = Counter((getattr(told.wish, of) or "any", told.state) for told in rounds if told.is_struck)
        names = list(dict.fromkeys(name for name, _ in found))
        lines += ["", f"{of:20} " + " ".join(f"{state:>10}" for state in STATES)]
        lines += [f"{name:20} " + " ".join(f"{found[name, state]:10}" for state in STATES) for name in names]
    pauses = [pause for told in rounds for pause in told.pauses]
    lines += [
        "",
        f"writes acknowledged: {sum(told.transactions for told in rounds)} transactions",
        f"lost: {sum(fault.startswith('lost') for told in rounds for fault in told.faults)}",
        f"written late, and told: {sum(told.late for told in rounds)} rows",
        f"longest wait of a writer: {max((told.longest for told in rounds), default=0)} s",
        f"longest until a writer went on: {max((told.back for told in rounds), default=0):.2f} s",
        f"pauses: median {statistics.median(pauses or [0]):.2f} s, longest {max(pauses, default=0):.2f} s",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
