"""A session that is kept alive may be closed at any moment, by whoever uses it; that must not end the heart."""

import contextlib
from collections.abc import Generator, Iterator

import psycopg
import pytest

from config.errors import SourceError
from engine.books import heartbeat
from engine.books.heartbeat import Kept

ENDED = "the session that is holding the snapshot has ended"


@pytest.fixture
def kept(database) -> Iterator[Kept]:
    with contextlib.closing(psycopg.connect(database())) as conn:
        yield Kept(conn, conn.info.backend_pid, SourceError, "holding the snapshot")


def test_one_that_answers_is_well(kept: Kept) -> None:
    assert kept.fault() is None


def test_one_that_is_closed_while_it_is_asked_has_ended(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """psycopg gives no result of a session that another thread closes after the question was sent."""

    def closes(_: psycopg.pq.abc.PGconn) -> Generator[int, int, list[psycopg.pq.abc.PGresult]]:
        kept.conn.close()
        yield from ()
        return []

    monkeypatch.setattr(heartbeat.generators, "execute", closes)
    assert kept.fault() == ENDED


def test_one_whose_file_is_gone_has_ended(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """What select says of a file that was closed before it looks."""
    monkeypatch.setattr(kept.conn, "fileno", lambda: -1)
    assert kept.fault() == ENDED
