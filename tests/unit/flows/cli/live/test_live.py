"""`sync` and `cutover`: spans of time, what excludes what, what is said before, and what is said of each round."""

import os

import click
import pytest

from config.errors import Interrupted
from engine.following.round import Told
from engine.session import stop
from engine.session.execution import Silent
from engine.session.stop import Stop
from flows.cli import main as cli
from flows.cli.live import asking, cutting, durations
from flows.cli.live.durations import spoken
from flows.local import progress
from flows.local.estimate import MOST, Estimate
from flows.local.progress import Lines, Shown
from flows.runs.live import following
from tests.support.reports import rehearsed

ASKED = {"budget": 10.0, "fence": "lock", "terminate_after": None}
LAST = {"number": 12, "committed_at": "2026-01-02T03:04:05+00:00", "behind": 340, "pause": 2.25}
FORESEEN = {
    "run_id": "r1", "build": "nxtgauge__build", "target_schema": "nxtgauge", "source_schema": "public",
    "last_round": LAST, "is_one_database": False, "is_published": False, "rehearsed": None, "remarks": [],
    "connected": [
        {"application": "app", "role": "web", "sessions": 12}, {"application": "psql", "role": "ada", "sessions": 1},
    ],
}  # fmt: skip
ROUND = Told(
    number=12, seconds=4.24, parts={"scan": 1.0}, read={"users": 300, "jobs": 40}, gone={"users": 2},
    whole={"tags": "no primary key"}, inserted=100, updated=230, deleted=8, rejected=7, behind=1340,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("2m", 120), ("1h", 3600), ("500ms", 0.5), ("1.5 s", 1.5), ("45", 45)]
)
def test_a_span_of_time_is_read_as_it_is_typed(text, seconds):
    assert durations.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "0s", "-5s", "3x", "s", "nan", "inf", "1e3s", "9" * 400 + "h", "2 m 3 s"])
def test_what_is_no_span_of_time_is_refused(text):
    with pytest.raises(click.BadParameter, match="no span of time"):
        durations.seconds(text)


def test_a_span_of_time_is_said_as_short_as_it_is_typed():
    assert [spoken(each) for each in (10.0, 0.5, 120.0, 90.0)] == ["10 s", "0.5 s", "2 min", "90 s"]


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sync", "--rounds", "2", "--until-stopped"], "exclude each other"),
        (["sync", "--abort", "--rounds", "2"], "neither --rounds"),
        (["sync", "--rounds", "0"], "--rounds"),
        (["cutover", "--budget", "0s"], "no span of time"),
        (["cutover", "--fence", "hope"], "--fence"),
        (["migrate", "--redrive", "r1", "--dry-run", "--run", "r2"], "--dry-run, --run"),
        (["cutover"], "NXTGAUGE_"),
    ],
)
def test_what_does_not_go_together_ends_with_2(capsys, arguments, said):
    assert cli.main(arguments) == 2
    found = capsys.readouterr()
    assert said in found.err and not found.out


class TestWhatIsSaidBefore:
    def test_which_build_how_far_which_fence_and_who_is_connected(self):
        text = cutting.plan_text(FORESEEN, ASKED)
        for part in (
            "run r1's build, nxtgauge__build, becomes schema nxtgauge",
            "round 12 was applied at 2026-01-02 03:04:05 UTC", "keep writers waiting for at least 2.25 s",
            "Writers of schema public wait for 10 s at most, else all is undone", "are named, and left alone",
            "two databases: whoever waits to write to public gets an error",
            "13 sessions of others\n    12  app, role web\n     1  psql, role ada",
        ):  # fmt: skip
            assert part in text, text

    def test_one_that_died_before_its_fence_is_finished(self):
        text = cutting.plan_text(FORESEEN | {"is_published": True}, ASKED)
        assert "run r1 is published, and its fence was not made" in text and "becomes" not in text

    def test_what_was_rehearsed_and_what_to_know_of_it_is_said(self):
        known = {"rehearsed": rehearsed(), "remarks": ["the pause was 12.0 s, and the budget is 10 s"]}
        text = cutting.plan_text(FORESEEN | known, ASKED)
        assert "rehearsed in run r7 at 2026-01-02 03:04:05 UTC: writers waited for 1.93 s" in text
        assert (
            "of 1,228 rows looked for by keys none is lost; keys tell nothing of 4" in text
            and "note: the pause was 12.0 s, and the budget is 10 s" in text
        )
        assert "rehearsed" not in cutting.plan_text(FORESEEN, ASKED)

    def test_an_operator_is_told_that_he_will_be(self):
        text = cutting.plan_text(FORESEEN, ASKED | {"fence": "operator"})
        assert "You are told when to stop the writers" in text and "a lock" not in text

    def test_sessions_that_will_be_ended_are_announced(self):
        assert "are ended after 5 s" in cutting.plan_text(FORESEEN, ASKED | {"terminate_after": 5.0})

    def test_what_is_not_known_is_not_said(self):
        text = cutting.plan_text(FORESEEN | {"last_round": None, "connected": [], "is_one_database": True}, ASKED)
        assert "nobody can say how long" in text and "one transaction" in text and "gets an error" not in text
        assert "nobody else is connected" in text

    def test_a_hundred_applications_are_a_few_lines(self):
        many = [{"application": f"a{number}", "role": "web", "sessions": 2} for number in range(100)]
        text = cutting.plan_text(FORESEEN | {"connected": many}, ASKED)
        assert "200 sessions" in text and text.endswith("   176  others") and len(text.splitlines()) < 25


class TestEnter:
    @pytest.fixture
    def typed(self, monkeypatch):
        """A terminal's other end: what is written there is what the person types."""
        reading, writing = os.pipe()
        with os.fdopen(reading) as stdin, os.fdopen(writing, "w") as keys:
            monkeypatch.setattr("sys.stdin", stdin)
            yield keys

    def test_it_is_waited_for(self, typed, capsys):
        typed.write("\n")
        typed.flush()
        asking.wait_for_enter(cutting.STOP_THEM)
        assert "stop all writers" in capsys.readouterr().err

    def test_whoever_stops_the_command_need_not_press_it(self, typed, monkeypatch):
        asked = Stop()
        asked.set()
        monkeypatch.setattr(stop, "STOP", asked)
        with pytest.raises(Interrupted):
            asking.wait_for_enter(cutting.STOP_THEM)


class TestRounds:
    def test_a_round_is_one_line_with_its_figures(self):
        line = following.line(ROUND)
        assert line == (
            "round 12: was 1,340 rows behind, is 4.2 s behind, a cut-over would keep writers waiting for at least "
            "4.2 s; 340 rows read (tags whole), 338 changed"
        )

    def test_between_rounds_the_progress_says_how_it_stands_and_no_line_repeats_it(self):
        said, now = [], [0.0]
        estimate = Estimate(clock=lambda: now[0])
        lines = Lines(estimate, said.append, clock=lambda: now[0])
        watch = Shown(estimate, lines)
        watch.stage("load, wave 1")
        following.Heard(watch, None)(ROUND)
        now[0] = 1000.0
        lines.tick()
        assert said == ["stage load, wave 1", following.line(ROUND)]
        view = estimate.view()
        assert progress.line(view) == progress.whole(view) == following.standing(ROUND)
        assert (view.share, view.seconds_left) == (MOST, None)

    def test_of_so_many_rounds_the_share_is_told(self):
        watch = Shown(Estimate(), Silent())
        heard = following.Heard(watch, 4)
        heard(ROUND)
        assert watch.estimate.view().percent == 25
        for _ in range(3):
            heard(ROUND)
        assert watch.estimate.view().share == MOST  # until the command has ended
