"""Faults are told apart by what they are about."""

import pytest

from engine.planning.fault import Fault

TABLE, COLUMN, TYPE, ROLE = Fault("", "t"), Fault("", "t", "c"), Fault("", None, "c"), Fault("")


@pytest.mark.parametrize(
    ("fault", "other", "expected"),
    [
        (TABLE, TABLE, True),
        (TABLE, COLUMN, True),
        (TABLE, Fault("", "u", "c"), False),
        (COLUMN, TABLE, False),
        (COLUMN, COLUMN, True),
        (COLUMN, TYPE, True),
        (COLUMN, Fault("", "u", "c"), False),
        (Fault("", "t.c"), COLUMN, False),
        (TYPE, COLUMN, True),
        (TYPE, ROLE, False),
        (ROLE, ROLE, False),
    ],
)
def test_what_is_told_already(fault, other, expected):
    assert fault.is_told_by(other) is expected
