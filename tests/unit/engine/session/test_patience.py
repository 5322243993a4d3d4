"""What is said of a wait is true: when the next try comes, and whether it is the last one."""

import time

from config.errors import SourceError
from engine.session.patience import NO_CONNECTION, Patience


def test_the_last_wait_says_so_and_the_others_do_not() -> None:
    patience, said = Patience(10), list[str]()
    while patience.left > 0:
        said.append(patience.said(patience.next_wait()))
    assert [text.startswith("in ") and "last" not in text for text in said[:-1]] == [True] * (len(said) - 1)
    assert len(said) > 2 and "by itself, for the last time" in said[-1]


def test_what_comes_without_a_wait_comes_at_once() -> None:
    patience, error = Patience(0.01), SourceError("nobody is there")
    error.sqlstate = NO_CONNECTION
    time.sleep(0.02)  # to have found nobody was the waiting
    seconds = patience.next_wait(error)
    assert (seconds, patience.said(seconds).split(":")[0]) == (0, "at once, by itself, for the last time")
