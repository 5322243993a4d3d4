"""How far a command has come, as an estimate with a clock of the test's, and as lines and bars say it."""

import io

import pytest
from rich.console import Console

from engine.books.pace import Pace
from engine.session.execution import Silent
from flows.local import estimate, progress
from flows.local.estimate import Estimate, Weight

WEIGHTS = {"load": Weight(0, 10), "judge": Weight(2), "approval": Weight(0), "verify": Weight(0, 20)}


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def _estimate(clock, rows=1_000_000, paces=None) -> Estimate:
    made = Estimate(clock)
    made.expect(WEIGHTS)
    made.learn(rows, paces or {})
    return made


def _run(clock, made, factors) -> list[estimate.View]:
    """The views of a run whose stages take so many times what their weights say, one each half second."""
    views = []
    for name, weight in WEIGHTS.items():
        made.stage(name)
        seconds = weight.seconds(1_000_000) * factors.get(name, 1)
        for step in range(int(seconds * 2)):
            if name == "verify":
                made.steps(step, int(seconds * 2), "checks")
            clock.now += 0.5
            views.append(made.view())
    return views


def test_a_run_as_it_was_foreseen_is_told_exactly(clock):
    views = _run(clock, _estimate(clock), {})
    assert [view.share for view in views[15::16]] == pytest.approx([0.25, 0.5, 0.75, 0.99], abs=0.03)
    assert all(view.seconds_left == pytest.approx(32 - view.seconds, abs=1.1) for view in views[:-3])


@pytest.mark.parametrize("factors", [{}, {"load": 3}, {"verify": 3}, {"load": 0.3, "verify": 5}, {"judge": 20}])
def test_it_never_falls_nor_stands_at_the_whole_while_it_works(clock, factors):
    made = _estimate(clock)
    shares = [view.share for view in _run(clock, made, factors)]
    assert shares == sorted(shares)
    assert shares[-1] <= 0.99
    made.end()
    assert made.view().share == 1
    assert made.view().seconds_left is None


def test_what_earlier_runs_took_counts_for_more_than_the_weights(clock):
    paces = {"load": Pace(2, 2_000_000, 60.0), "verify": Pace(2, 4_000_000, 40.0)}
    made = _estimate(clock, paces=paces)
    made.stage("load")
    left = made.view().seconds_left
    # 30 s and 10 s a million rows; of the judgement nothing is known: as much slower as both of them
    assert left == pytest.approx(30 + 10 + 2 * 100 / 100, abs=0.1)


def test_a_slow_machine_is_noticed_on_the_way(clock):
    made = _estimate(clock)
    made.stage("load")
    made.steps(0, 100, "rows")
    for _ in range(50):
        made.advance(1)
        clock.now += 0.4
    left = made.view().seconds_left
    assert 20 + 22 < left < 20 + 22 * 4  # of loading as much again; of the rest more than was thought, up to as slow


def test_waiting_for_a_person_is_no_progress(clock):
    made = _estimate(clock)
    for name in ("load", "judge", "approval"):
        made.stage(name)
        clock.now += WEIGHTS[name].seconds(1_000_000)
    before = made.view()
    clock.now += 3600
    assert made.view().seconds_left is None
    assert made.view().share == before.share
    made.stage("verify")
    assert made.view().seconds_left == pytest.approx(20)


def test_another_attempt_begins_at_its_beginning(clock):
    made = _estimate(clock)
    for name in ("load", "judge", "load"):
        made.stage(name)
        clock.now += 10
        share = made.view().share
    assert share < 0.7


def test_nothing_is_said_of_what_nobody_knows(clock):
    made = Estimate(clock)
    made.stage("load")
    clock.now = 100
    assert (made.view().share, made.view().seconds_left) == (0, None)
    made.expect(WEIGHTS)
    made.learn(0, {})
    assert made.view().seconds_left is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(3, "3 s"), (59.6, "60 s"), (61, "1 min 00 s"), (133, "2 min 15 s"), (3900, "1 h 05 min")]
)
def test_spans_are_told_as_people_say_them(seconds, text):
    assert estimate.spoken(seconds) == text


def _lines(clock) -> tuple[list[str], progress.Lines, progress.Shown]:
    said: list[str] = []
    made = _estimate(clock)
    lines = progress.Lines(made, said.append, clock)
    return said, lines, progress.Shown(made, lines)


def test_lines_tell_the_whole_the_stage_and_the_table_every_few_seconds(clock):
    said, lines, watch = _lines(clock)
    watch.table("users", 1_000_000)
    watch.stage("load")
    watch.steps(0, 1_000_000, "rows")
    watch.begin("users")
    for _ in range(20):
        clock.now += 0.5
        watch.advance("users", 50_000)
        lines.tick()
    watch.done("users")
    assert said == [
        "stage load",
        "15 %, 27 s left: load, 500,000 of 1,000,000 rows, 100,000 rows/s; users 500,000 of 1,000,000",
        "31 %, 22 s left: load, 1,000,000 of 1,000,000 rows, 100,000 rows/s; users 1,000,000 of 1,000,000",
        "users: 1,000,000 rows, done",
    ]


def test_lines_go_on_while_nothing_happens_and_end_with_the_whole(clock):
    said, lines, watch = _lines(clock)
    watch.stage("judge")
    for _ in range(12):
        clock.now += 1
        lines.tick()
    watch.estimate.end()
    lines.ended()
    assert said[1].endswith("judge, 5 s") and said[2].endswith("judge, 10 s")
    assert said[3:] == ["100 %: done in 12 s"]


def test_wrong_estimates_and_unknown_tables_are_borne(clock):
    said, _, watch = _lines(clock)
    watch.table("jobs", -1)
    watch.advance("never announced", 1)
    watch.done("never announced")
    watch.done("nor this")
    assert said == ["never announced: 1 rows, done"]


def test_a_terminal_shows_the_whole_the_stage_and_the_tables_in_hand():
    made = Estimate()
    bars = progress.Bars(made, print)
    watch = progress.Shown(made, bars)
    made.expect(WEIGHTS)
    watch.stage("load")
    watch.table("users", 100)
    watch.table("jobs", 100)
    watch.table("waits", 100)
    watch.steps(0, 300, "rows")
    for name, rows in (("users", 50), ("jobs", 100)):
        watch.begin(name)
        watch.advance(name, rows)
    watch.done("jobs")
    console = Console(file=io.StringIO(), width=100)
    console.print(bars.shown())
    shown = console.file.getvalue()
    assert "50 of 100" in shown and "150 of 300 rows" in shown and "whole run" in shown
    assert "jobs" not in shown and "waits" not in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_a_watch_that_shows_nothing_has_an_estimate_all_the_same():
    assert progress.estimate_of(Silent()).view().share == 0
