"""Every named point of a run is struck with every action that makes sense there, and the run ends as if nothing had
happened.

One run is struck at one point after the other: an attempt gets as far as its point, and the next one goes on from
there. NXTGAUGE_STRIKES=all strikes each point with each action in a run of its own, and by that says which one it was.
"""

import itertools
import os

import pytest

from engine import operations
from engine.session.execution import Silent
from engine.session.patience import Patience
from tests.support import pictures
from tests.support.failpoints import points
from tests.support.failpoints.arming import armed
from tests.support.failpoints.trial import KILLED, Trial, legacy
from tests.support.watches import Striking

ANEW = "after_run_cleared"  # where a run begins anew
REOPENED = "after_run_reopened"  # where one is resumed
AFTERWARDS = ("after_publish", "after_statistics", "before_lease_release")  # the run has ended well by then
# Later turns, so that something has been done before; the first one everywhere else.
TURNS = {"before_chunk_commit": 3, "after_chunk_commit": 2, "within_keys": 2, "within_constraint": 6}
# How an attempt ends, and where it is struck so. A request to stop is heard some moments later, perhaps too late.
ENDS = {"kill": {KILLED}, "stop": {130, 0}, "error": {1}}
STRUCK_DOWN = {
    "kill": [*(name for name in points.RUN if name not in AFTERWARDS), "after_publish"],
    "stop": ["before_run_created", "within_schema", "before_chunk_commit", "within_nulling", "within_constraint",
             "before_seal", "after_statistics"],
    "error": ["after_run_created", "within_schema", "before_chunk_commit", "within_removal", "between_constraints",
              "after_seal", "within_publish", "before_lease_release"],
}  # fmt: skip
# In the order in which a run comes by, and each turn of a point once.
PASSING = [
    "before_run_created:1:lost", "before_snapshot_recorded:1:cut", "after_snapshot_recorded:1:lost",
    "before_step_commit:1:lost",
    "before_chunk_commit:4:lost", "after_chunk_commit:3:conflict", "within_nulling:1:cut", "before_removal:1:lost",
    "after_removal:1:lost", "between_validations:1:cut", "between_constraints:4:conflict", "before_seal:1:lost",
    "before_publish_commit:1:cut", "before_publish_commit:2:lost",
]  # fmt: skip
# What is tried again in its place, without another attempt, which would mend what the first try left.
IN_PLACE = [
    "within_source_count:1:conflict", "before_chunk_commit:3:conflict", "within_keys:2:conflict",
    "between_validations:1:conflict", "between_constraints:4:conflict", "before_publish_commit:1:conflict",
]  # fmt: skip
WITHOUT_SESSION = ("after_step", "after_chunk_commit", "after_empty_tables", "within_constraint")  # to be cut off
EACH = os.environ.get("NXTGAUGE_STRIKES") == "all"


@pytest.fixture(scope="module")
def source(module_database):
    return legacy(module_database())


@pytest.fixture(scope="module")
def undisturbed(source, module_database):
    trial = Trial(source, module_database())
    trial.here()
    return trial.picture()


@pytest.fixture
def trial(source, database):
    return Trial(source, database())


def _strike(point: str, action: str) -> str:
    return f"{point}:{TURNS.get(point, 1)}:{action}"


def _same(trial: Trial, undisturbed) -> None:
    found = {name: str(each) for name, each in pictures.differences(undisturbed, trial.picture()).items()}
    assert not found
    assert not trial.left_over()


def _struck_down() -> list[tuple[str, list[str]]]:
    """An action and the points of one run."""
    if EACH:
        return [(action, [name]) for action in ENDS for name in points.RUN]
    return list(STRUCK_DOWN.items())


@pytest.mark.parametrize(("action", "names"), _struck_down(), ids=lambda value: value if EACH else None)
def test_a_run_that_is_struck_down_is_resumed_and_ends_the_same(trial, undisturbed, action, names):
    for point in names:
        _go_down(trial, point, action)
    if trial.live_run is None:
        assert trial.migrated().code == 0
    states = [state for (state,) in trial.ask("select state from migration.runs")]
    assert states.count("published") == 1 and not {"running", "built"} & {*states}
    _same(trial, undisturbed)


def test_a_run_that_died_once_it_was_published_is_finished_and_no_other_begins(trial, undisturbed):
    assert trial.migrated("after_publish:1:kill").code == KILLED
    run_id = trial.live_run
    assert not trial.ask("select from migration.steps where step = 'statistics'")
    assert trial.migrated().code == 0
    assert trial.ask("select run_id, step from migration.steps where step = 'statistics'") == [(run_id, "statistics")]
    assert trial.here(run_id=run_id) == run_id
    assert trial.ask("select run_id, state from migration.runs") == [(run_id, "published")]
    _same(trial, undisturbed)
    assert trial.migrated().code == 0 and trial.live_run != run_id  # of one that has ended, a new one follows


def test_a_pause_outlives_the_process_that_was_to_hold_still(trial, undisturbed):
    assert trial.migrated("after_chunk_commit:2:kill").code == KILLED
    [(run_id,)] = trial.ask("select run_id from migration.runs")
    operations.pause(trial.settings(), run_id, "ann")
    heard = []

    class GoingOn(Silent):
        def message(self, text: str) -> None:
            if text.startswith("holds still"):
                heard.append(trial.live_run)
                operations.go_on(trial.settings(), run_id, "bob")

    assert trial.here(resume=True, watch=GoingOn()) == run_id and heard == [None]
    _same(trial, undisturbed)


def test_a_run_that_is_over_and_fails_late_is_followed_by_no_other(trial, undisturbed):
    end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nxtgauge-migrate'"
    watch = Striking("statistics", lambda: trial.ask(f"{end} and datname = current_database()"))
    run_id = trial.here(watch=watch)
    assert trial.ask("select run_id, state from migration.runs") == [(run_id, "published")]
    assert any("published with coarse statistics" in text for text in watch.messages)
    _same(trial, undisturbed)


def _go_down(trial: Trial, point: str, action: str) -> None:
    if point == ANEW:
        trial.migrated("before_chunk_commit:3:kill", stream_chunk_bytes=128 * 1024)
    elif point == REOPENED and EACH:
        trial.migrated("before_chunk_commit:3:kill")
    ended = trial.migrated(_strike(point, action))
    is_told_published = (point, action) == ("after_publish", "error") and "ended well all the same" in ended.said
    assert ended.code in ENDS[action] or is_told_published, f"{point}: {ended}"


@pytest.fixture
def at_once(monkeypatch):
    """Nobody waits long for what passes by itself."""
    monkeypatch.setattr(Patience, "next_wait", lambda *_: 0.05)


def _passing() -> list[str]:
    if not EACH:
        return [",".join(PASSING), ",".join(IN_PLACE)]
    names = [name for name in points.RUN if name not in (ANEW, REOPENED)]  # of one that goes on by itself
    pairs = [(name, action) for action in ("cut", "lost") for name in names if name not in WITHOUT_SESSION]
    # Of the lease that is given back no error comes: a session that was lost has given it back.
    pairs += [(name, "conflict") for name in names if name != "before_lease_release"]
    return [_strike(*pair) for pair in pairs]


@pytest.mark.parametrize("strikes", _passing(), ids=lambda value: value if EACH else None)
def test_a_run_goes_on_by_itself_after_what_passes_by_itself(trial, undisturbed, at_once, strikes):
    with armed(strikes) as waiting:
        trial.here()
    assert not [str(strike) for strike in waiting if not strike.struck]
    states = [state for (state,) in trial.ask("select state from migration.runs order by created_at")]
    # Of a run whose creation was not heard of nothing is known but that it died.
    is_unheard = strikes.startswith(("before_run_created:1:lost", "after_run_created:1:conflict"))
    assert states == [*(["interrupted"] if is_unheard else []), "published"]
    _same(trial, undisturbed)


@pytest.fixture(scope="module")
def published_twice(source, module_database):
    """A target that two runs were published into; their ids, the first one's first."""
    trial = Trial(source, module_database())
    return trial.target, [trial.here(), trial.here()]


def test_a_rollback_that_is_struck_is_whole_or_has_not_been(source, published_twice, undisturbed, database):
    template, (first, second) = published_twice
    trial = Trial(source, database(template=template))
    for point, action in itertools.product(("before_rollback", "within_rollback", "before_rollback_commit"), ENDS):
        ended = trial.rolled_back(f"{point}:1:{action}")
        assert ended.code in ENDS[action], f"{point} {action}: {ended}"
        if ended.code == 0:  # the request to stop came too late
            break
        assert trial.live_run == second
    else:
        assert trial.rolled_back("within_rollback:1:cut,before_rollback_commit:1:lost").code == 0
    assert trial.live_run == first and not trial.left_over()
    found = trial.picture() | {"migration.schemas": undisturbed["migration.schemas"]}  # there is one set aside
    assert not pictures.differences(undisturbed, found)
    assert trial.rolled_back("after_rollback:1:kill", to_nothing=True).code == KILLED and trial.live_run is None


def test_a_copy_that_is_struck_down_is_made_anew_and_is_the_same(source, database):
    trial, whole = Trial(source, database()), Trial(source, database())
    assert whole.copied().code == 0
    for number, point in enumerate(points.STAGING):
        action = ("kill", "error")[number % 2]
        ended = trial.copied(f"{point}:1:{action}")
        assert ended.code in ENDS[action], f"{point}: {ended}"
    assert trial.copied().code == 0
    found = [pictures.of(each.target, ("public",)) for each in (whole, trial)]
    assert not pictures.differences(*found)
    assert not trial.left_over()
