"""When a cut-over stops catching up: its last round is what writers wait for, so it is as small as it gets."""

import pytest

from engine.cutover.cutover import is_least

NOTHING_BEFORE = float("inf")


@pytest.mark.parametrize(
    ("took", "before", "expected"),
    [
        (4.0, NOTHING_BEFORE, False),  # within what is allowed, and the next one has less to do
        (9.0, NOTHING_BEFORE, False),
        (1.2, 4.0, False),
        (1.1, 1.2, True),
        (0.9, NOTHING_BEFORE, True),  # nobody minds that much
        (1.3, 1.2, True),
        (9.0, 9.1, True),  # writers write as much as a round takes over: it is refused
        (9.0, 1.2, False),  # something that passes
    ],
)
def test_another_round_is_made_as_long_as_it_takes_clearly_less(took, before, expected):
    assert is_least(took, before, budget=10.0) == expected
