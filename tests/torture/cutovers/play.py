"""One round: a build follows its source under writers, its cut-over is struck at a moment, and the next one goes on."""

import re
import time
from dataclasses import dataclass, field
from typing import Any

from config.postgres import connection
from engine.staging.writer import Writer
from tests.torture.cutovers import judging, strikes
from tests.torture.cutovers.child import Child, Ended, cut, follow
from tests.torture.cutovers.moments import COMMITS, MOMENTS
from tests.torture.cutovers.place import Grounds, Place
from tests.torture.cutovers.strikes import Struck
from tests.torture.proxy import Proxy

EASING, AMPLE, SLOWEST = 1.5, 1.5, 2.5
NEEDED = re.compile(r"a budget of at least (\d+) s")
SLACK_SECONDS = 2.0  # past the budget, and until a writer has written once more
MOMENT_SECONDS, END_SECONDS, TRIES = 400.0, 600.0, 6  # a hang, on a machine that has much else to do
UNFORESEEN, BUSY = 1, 7
LOCK_TIMEOUT, THEIR_SECONDS = "55P03", 25  # writers have a time limit of their own, of 30 s


@dataclass(frozen=True)
class Wish:
    """What is to happen. moment: a name of MOMENTS; '' for some time after its beginning (after: seconds). budget: in
    seconds; rate: transactions a second, of all writers together; both of a machine with nothing else to do. follows: a
    round of a following comes first."""

    number: int
    legacy: str
    is_one: bool
    is_renamed: bool
    strike: str
    moment: str
    after: float = 0.0
    seed: int = 1
    rate: float = 10.0
    budget: float = 6.0
    follows: bool = True


@dataclass
class Told:
    """What came of it. state: published, unfenced or failed, after the strike. longest: seconds that a writer waited;
    back: until one had written again; pauses: of the cut-overs that ended well."""

    wish: Wish
    state: str = ""
    is_struck: bool = False
    ended: str = ""
    longest: float = 0.0
    back: float = 0.0
    pauses: list[float] = field(default_factory=list)
    transactions: int = 0
    late: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def play(grounds: Grounds, wish: Wish) -> Told:
    """Errors are told as faults."""
    began, told = time.monotonic(), Told(wish)
    try:
        place = grounds.place(wish.number, wish.legacy, wish.is_one)
        with judging.backoffice(place, wish.is_renamed):
            _Round(grounds, place, wish, told).run()
        if not told.faults:
            grounds.drop(place.source, place.target)
    except Exception as error:
        told.faults.append(f"broke off: {type(error).__name__}: {str(error)[:600]}")
    told.seconds = round(time.monotonic() - began, 1)
    return told


@dataclass
class _Round:
    grounds: Grounds
    place: Place
    wish: Wish
    told: Told
    late: tuple[tuple[str, int], ...] | None = None
    budget: float = field(init=False)  # the longest that was allowed so far

    def __post_init__(self) -> None:
        self.budget = self.wish.budget * self.grounds.slowness

    def run(self) -> None:
        self.before = judging.privileges(self.place)
        app = connection.parse(self.place.url(self.place.source, "app"), "app")
        rate = self.wish.rate / min(self.grounds.slowness, SLOWEST)
        self.writer = Writer(self.place.settings(), rate, place=app, seed=self.wish.seed)
        with self.writer:
            if self.wish.follows:
                self._well(Child(follow, self.place.settings()), "a round")
            self._strike()
            run_id = self._after_the_strike()
            run_id = self._go_on(run_id)
            time.sleep(0.3)
        written = self.writer.stop()
        self._judge_writers()
        self.told.transactions = written.transactions
        if self.is_retired:
            with self.place.looks("source") as conn:
                conn.execute("alter schema public__retired rename to public")
        if wrong := judging.missing_in_legacy(self.place, written):
            self.fault(f"acknowledged, and not in the legacy schema: {wrong}")
        for text in judging.lost_writes(self.place, run_id, written):
            self.fault(f"lost: {text}")
        self._judge_late(run_id)
        is_slow = self.budget > self.wish.budget * self.grounds.slowness
        self.grounds.slowness = max(1.0, self.budget / self.wish.budget / (1.0 if is_slow else EASING))
        if not self.told.late:
            name = f"f{self.wish.number}"
            url = self.grounds.empty(name)
            found = judging.compared(self.place, self.place.settings(), run_id, url)
            if found:
                self.fault(f"not as a fresh build: {found[:6]}")
            else:
                self.grounds.drop(name)

    @property
    def is_retired(self) -> bool:
        with self.place.looks("source") as conn:
            return conn.execute("select to_regnamespace('public__retired') is not null").fetchall() == [(True,)]

    def fault(self, text: str) -> None:
        self.told.faults.append(text)

    def _well(self, child: Child, what: str) -> Ended:
        ended = child.wait(END_SECONDS)
        if ended is None or ended.code != 0:
            child.kill()
            raise RuntimeError(f"{what} that nobody struck ended with {ended}")
        return ended

    def _strike(self) -> None:
        """One that fails before its moment has kept nobody waiting, and is begun again, with a larger budget if it was
        for that."""
        for _ in range(TRIES):
            ended = self._struck()
            if self.told.is_struck or ended is None or ended.code == 0:
                return
            self.told.notes.append(f"before its moment: {ended.code} {ended.said[:200]}")
            self._mend(ended)

    def _struck(self) -> Ended | None:
        wish = self.wish
        networks = [Proxy(self.place.server.port) for _ in range(2)]
        source, target = networks
        settings = self.place.settings(source.port, target.port)
        action = COMMITS[wish.moment] if wish.strike == "answer lost" else ""
        moment = MOMENTS[wish.moment] if wish.moment else None
        child = Child(cut, settings, self.budget, moment, action)
        try:
            if moment:
                self.told.is_struck = child.is_at(MOMENT_SECONDS)
            else:
                child.wait(wish.after)
                self.told.is_struck = child.process.exitcode is None
            struck = Struck(self.place, child, self.budget, source, target, self.told.notes)
            if self.told.is_struck:
                strikes.STRIKES[wish.strike](struck)
            ended = child.wait(END_SECONDS)
            self.told.ended = f"{ended.code}: {ended.said[:300]}" if ended else "it hung"
            if ended is None:
                self.fault("it did not end")
            elif ended.code == 0:
                self.late = ended.late
                self.told.pauses += [ended.pause] if ended.pause is not None else []
            elif ended.code == UNFORESEEN:
                self.fault(f"an error that nobody has foreseen: {ended.said[:300]}")
            return ended
        finally:
            child.kill()
            for one in networks:
                one.close()

    def _after_the_strike(self) -> str | None:
        """The run that is live by now."""
        is_network = "swallowed" in self.wish.strike
        if found := judging.locks(self.place, SLACK_SECONDS + (self.budget if is_network else 0)):
            self.fault(f"a lock of ours outlives it: {found}")
        run_id = judging.live_run(self.place)
        met = judging.written(self.place)
        self.told.state = "failed" if run_id is None else "published" if met else "unfenced"
        if run_id is None and met:
            self.fault(f"nothing is published, and the application meets {met}")
        if met and met not in judging.FENCED_OFF:
            self.fault(f"the application meets {met}")
        if not met:
            self.told.back = self._until_more()
            if self.told.back > SLACK_SECONDS:
                self.fault(f"no writer went on within {self.told.back:.1f} s")
            if judging.privileges(self.place) != self.before:
                self.fault("privileges on the source are not what they were")
        return run_id

    def _until_more(self) -> float:
        began, before = time.monotonic(), self.writer.log.written().transactions
        while self.writer.log.written().transactions == before and time.monotonic() < began + 20:
            time.sleep(0.02)
        return time.monotonic() - began

    def _go_on(self, run_id: str | None) -> str:
        """Until a cut-over has come to its end; the run that is live then."""
        for _ in range(TRIES):
            if run_id is not None and judging.is_finished(self.place, run_id):
                break
            child = Child(cut, self.place.settings(), self.budget, None, "")
            ended = child.wait(END_SECONDS)
            child.kill()
            if ended is None:
                raise RuntimeError("a cut-over that nobody struck did not end")
            if ended.code == 0:
                self.late = ended.late
                self.told.pauses += [ended.pause] if ended.pause is not None else []
            else:
                self.told.notes.append(f"the next: {ended.code} {ended.said[:200]}")
                if ended.code == UNFORESEEN:
                    self.fault(f"an error that nobody has foreseen: {ended.said[:300]}")
                self._mend(ended)
            run_id = judging.live_run(self.place)
        if run_id is None or not judging.is_finished(self.place, run_id):
            raise RuntimeError(f"no cut-over came to its end: {self.told.notes}")
        if (met := judging.written(self.place)) not in judging.FENCED_OFF:
            self.fault(f"cut over, and the application meets {met or 'nothing'} as it writes")
        return run_id

    def _mend(self, ended: Ended) -> None:
        if ended.code == BUSY:
            time.sleep(1)
        elif "makes it anew" in ended.said or "there is no build" in ended.said:
            self._well(Child(follow, self.place.settings()), "a round")
        elif "of the budget" in ended.said or "all that was allowed" in ended.said:
            needed = NEEDED.search(ended.said)
            self.budget = max(2 * self.budget, AMPLE * float(needed[1]) if needed else 0.0)

    def _judge_writers(self) -> None:
        written = self.writer.stop()
        self.told.longest = round(written.longest, 2)
        if written.longest > self.budget + SLACK_SECONDS:
            self.fault(f"a writer waited {written.longest:.1f} s; the budget is {self.budget:g} s")
        known = (*judging.FENCED_OFF, *judging.OWN_ERRORS, *([LOCK_TIMEOUT] if self.budget > THEIR_SECONDS else []))
        is_down = self.wish.strike == "server killed"
        errors = {s: n for s, n in written.errors.items() if not (is_down and s.startswith(judging.SERVER_GONE))}
        if others := {state: count for state, count in errors.items() if state not in known}:
            self.fault(f"writers met {others}")

    def _judge_late(self, run_id: str) -> None:
        found = judging.late(self.place, judging.reached(self.place, run_id))
        self.told.late = sum(found.values())
        if self.late is None:
            if found:
                self.fault(f"written late, and nobody told: {found}")
        elif dict(self.late) != found:
            self.fault(f"written late: {found}; told: {dict(self.late)}")


def of_dict(told: Told) -> dict[str, Any]:
    """As JSON takes it."""
    return vars(told) | {"wish": vars(told.wish)}
