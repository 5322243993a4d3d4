"""The attempts at a cut-over, as the books keep them."""

from datetime import UTC, datetime

import pytest

from engine.books import bookkeeping, cutovers
from engine.books.cutovers import NewAttempt
from engine.session import connect

BEGAN = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def attempt(**differs) -> NewAttempt:
    given = {"began": BEGAN, "seconds": 0.9, "steps": (("lock", 0.1), ("publish", 0.8)), "tries": 2}
    return NewAttempt(**(given | {"outcome": cutovers.PUBLISHED} | differs))


@pytest.fixture
def conn(here):
    with connect.target(here) as conn:
        yield conn


def test_attempts_are_numbered_by_run_and_come_back_as_they_were(conn):
    bookkeeping.ensure(conn)
    gave_up = attempt(seconds=10.0, outcome="failed", detail="the budget of 10 s was used up")
    numbers = [cutovers.add(conn, *one) for one in (("r1", gave_up), ("r2", attempt()), ("r1", attempt()))]
    assert numbers == [0, 0, 1]
    first, second = (one.to_dict() for one in cutovers.of_run(conn, "r1"))
    assert first == {
        "number": 0, "began": BEGAN.isoformat(), "seconds": 10.0, "tries": 2, "outcome": "failed",
        "detail": "the budget of 10 s was used up",
        "steps": [{"step": "lock", "seconds": 0.1}, {"step": "publish", "seconds": 0.8}], "late": None,
    }  # fmt: skip
    assert (second["number"], second["outcome"]) == (1, "published")


def test_what_was_found_after_the_fence_stays_with_the_last_that_published(conn):
    bookkeeping.ensure(conn)
    for outcome in ("failed", cutovers.PUBLISHED, "failed"):
        cutovers.add(conn, "r1", attempt(outcome=outcome))
    cutovers.found_late(conn, "r1", [("users", 3), ("jobs", 1)])
    assert [one.late for one in cutovers.of_run(conn, "r1")] == [None, {"users": 3, "jobs": 1}, None]
    cutovers.add(conn, "r2", attempt())
    cutovers.found_late(conn, "r2", [])
    assert [one.late for one in cutovers.of_run(conn, "r2")] == [{}]


def test_older_books_have_none_or_do_not_know_what_came_late(conn):
    assert cutovers.of_run(conn, "r1") == []
    for script in bookkeeping.SCRIPTS[:16]:
        conn.execute(script.read_bytes())
    cutovers.add(conn, "r1", attempt())
    assert [one.late for one in cutovers.of_run(conn, "r1")] == [None]
