"""A cut-over catches up until its rounds are as small as they get: its last one is what writers wait for."""

import pytest

from config.errors import ConfigError
from engine.cutover.catching_up import catch_up


@pytest.mark.parametrize(
    ("seconds", "made"),
    [
        ([0.9, 0.5], 1),  # nobody minds that much
        ([4.0, 1.2, 0.7, 0.6], 3),  # within what is allowed from the first, and each has less to do
        ([9.0, 4.0, 3.9, 3.0], 3),
        ([1.2, 9.0, 1.3, 1.2, 1.1], 4),  # something that passes
        ([4.9, 4.0, 3.0, 2.2, 1.6, 1.2], 5),
        ([4.0, 3.0, 2.2, 1.5, 9.0], 5),  # the same in the last of them
    ],
)
def test_rounds_are_made_as_long_as_they_shrink(seconds: list[float], made: int) -> None:
    left = iter(seconds)
    catch_up(lambda: next(left), budget=10.0)
    assert len(seconds) - len([*left]) == made


@pytest.mark.parametrize("seconds", [[9.0, 9.1], [9.9, 8.5, 8.4], [30.0, 25.0, 20.0, 15.0, 11.0]])
def test_rounds_that_take_too_much_are_refused_with_the_budget_to_take(seconds: list[float]) -> None:
    left = iter(seconds)
    with pytest.raises(ConfigError, match=f"a budget of at least {min(seconds) * 2:.0f} s"):
        catch_up(lambda: next(left), budget=10.0)
