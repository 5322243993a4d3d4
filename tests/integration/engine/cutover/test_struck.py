"""Cut-overs under writers that are struck at the steps where most is at stake; `make cutovers` strikes at all of them.

What has to be true after each is said in tests/torture/cutovers.
"""

import pytest

from tests.torture.cutovers import place, play
from tests.torture.cutovers.play import Wish

BUDGET = 20.0


@pytest.fixture(scope="module")
def grounds():
    with place.opened() as found:
        yield found


@pytest.mark.parametrize(("number", "strike", "moment", "is_one", "is_renamed", "state"), [
    (1, "killed", "locked, untimed", False, False, "failed"),
    (3, "source reset", "half published", False, True, "failed"),
    (4, "killed", "publishing", True, False, "failed"),
    (5, "fence ended", "published", False, False, "unfenced"),
    (6, "killed", "fenced", True, True, "published"),
])  # fmt: skip
def test_no_acknowledged_write_is_lost_and_the_next_one_goes_on(
    grounds, number, strike, moment, is_one, is_renamed, state
):
    wish = Wish(number, "odd", is_one, is_renamed, strike, moment, seed=number, budget=BUDGET, follows=False)
    told = play.play(grounds, wish)
    assert told.faults == [], told
    assert told.is_struck and told.state == state, told
