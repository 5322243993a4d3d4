"""A build that follows its source, as `status` and a run's summary tell of it from real books."""

from datetime import UTC, datetime

import pytest

from engine.books import bookkeeping, cutovers
from engine.changes import rounds
from engine.changes.marks import Mark
from engine.gates import summary
from engine.publish import publish
from engine.session import connect
from tests.integration.engine.publish import builds

FOUND = {
    "read": {"users": 3, "jobs": 4}, "gone": {"users": 1}, "whole": {"jobs": "no primary key"}, "inserted": 2,
    "updated": 4, "deleted": 1, "rejected": 5, "behind": 8, "parts": {"scan": 0.5},
}  # fmt: skip
MARK = Mark("1:1:", "7", 1)


@pytest.fixture
def conn(here):
    with connect.target(here) as conn:
        bookkeeping.ensure(conn)
        yield conn


@pytest.fixture
def run_id(conn) -> str:
    """A run whose build is made and has followed for two rounds."""
    run_id = builds.build(conn)
    bookkeeping.set_state(conn, run_id, "built")
    rounds.add(conn, run_id, MARK, {}, 0.5)
    rounds.add(conn, run_id, MARK, FOUND, 1.5)
    return run_id


def told(conn, run_id, held_by=()) -> tuple[str, dict | None]:
    found = summary.status(conn, bookkeeping.run(conn, run_id), list(held_by))
    return found["state"], found["follows"]


def test_a_build_that_nobody_has_follow_is_open_and_says_how_far_it_came(conn, run_id):
    state, last = told(conn, run_id)
    assert (state, last["number"], last["behind"], last["read"], last["gone"]) == ("open", 1, 8, 7, 1)
    assert told(conn, run_id, ["a session of 127.0.0.1"])[0] == "following"


def test_one_that_died_in_a_round_or_never_followed_is_no_open_build(conn, run_id):
    bookkeeping.set_state(conn, run_id, "running")
    assert told(conn, run_id)[0] == "died"
    bookkeeping.set_state(conn, run_id, "built")
    conn.execute("delete from migration.rounds")
    assert told(conn, run_id) == ("died", None)


def test_once_it_is_published_it_follows_no_more(conn, run_id):
    publish.publish(conn, run_id, builds.TARGET)
    assert told(conn, run_id) == ("published", None)


def test_the_summary_has_the_rounds_and_the_attempts_in_their_order(conn, run_id):
    began = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
    ended = {"began": began, "seconds": 1.0, "steps": [("lock", 0.5)], "tries": 1}
    for outcome in ("given up", "published"):
        cutovers.add(conn, run_id, cutovers.NewAttempt(**ended, outcome=outcome))
    made = summary.of(conn, run_id, missing_tables=[], changed_tables=[]).to_dict()
    assert [one["outcome"] for one in made["cutovers"]] == ["given up", "published"]
    first, second = made["rounds"]
    assert (first["number"], first["read"], first["behind"], first["whole"], first["pause"]) == (0, 0, None, {}, 0.5)
    assert second | {"committed_at": None} == {
        "number": 1, "committed_at": None, "seconds": 1.5, "read": 7, "gone": 1, "whole": {"jobs": "no primary key"},
        "inserted": 2, "updated": 4, "deleted": 1, "rejected": 5, "behind": 8, "lag": 1.5, "pause": 1.5,
        "parts": {"scan": 0.5},
    }  # fmt: skip


def test_books_of_an_older_program_have_neither(conn, run_id):
    conn.execute("drop table migration.rounds, migration.cutovers")
    assert told(conn, run_id) == ("died", None)
    made = summary.of(conn, run_id, missing_tables=[], changed_tables=[])
    assert made.rounds == made.cutovers == []


def test_of_a_long_night_only_the_latest_rounds_are_read(conn, run_id):
    for _ in range(3):
        rounds.add(conn, run_id, MARK, {}, 0.5)
    assert [one.number for one in rounds.latest(conn, run_id, 2)] == [3, 4]
