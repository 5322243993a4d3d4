"""Failpoints are put into the program from outside: where they are armed they are found, elsewhere nothing is there."""

import os
import subprocess
import sys

import pytest

from tests.support.failpoints import arming, points
from tests.support.failpoints.arming import arm, armed, parsed
from tests.support.failpoints.points import Point
from tests.support.places import PROJECT

SITE = PROJECT / "tests" / "support" / "failpoints" / "site"
LOOK = """
import sys
print("tests.support.failpoints.arming" in sys.modules)
from engine.books import bookkeeping
print(hasattr(bookkeeping.create_run, "__wrapped__"))
"""


@pytest.mark.parametrize("name", points.POINTS)
def test_a_point_names_what_is_there(name):
    with armed(f"{name}:1:error") as [strike]:
        owner, attribute = arming._place(name, points.POINTS[name])
        assert getattr(owner, attribute).__wrapped__
    assert not hasattr(getattr(owner, attribute), "__wrapped__") or points.POINTS[name].side == "leaving"
    assert not strike.struck


def test_a_function_that_has_another_name_now_is_an_error_that_says_so(monkeypatch):
    monkeypatch.setitem(points.POINTS, "gone", Point("engine.chunks.ledger:recorded"))
    with pytest.raises(LookupError, match=r"failpoint gone is at .*, which is not there"):
        arm(parsed("gone:1:error")[0])


@pytest.mark.parametrize("text", ["nowhere:1:kill", "after_step:0:kill", "after_step:1:explode", "after_step", "::"])
def test_what_arms_nothing_is_refused(text):
    with pytest.raises(ValueError, match="wanted point:turn:action"):
        parsed(text)


@pytest.mark.parametrize(("text", "found"), [("after_run_created:1:kill", "True\nTrue\n"), ("", "False\nFalse\n")])
def test_a_process_is_armed_by_its_environment_alone(text, found):
    environment = os.environ | {"PYTHONPATH": str(SITE), arming.VARIABLE: text}
    done = subprocess.run([sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, cwd=PROJECT)
    assert done.stdout == found, done.stderr
