"""Silence is proven where it is, and refused where anybody writes, has written, or is about to."""

import threading
from functools import partial

import psycopg
import pytest

from config.errors import Interrupted, PlanRefused, SourceError
from engine.cutover import silence
from engine.session import connect

TABLES = ("users", "orders", "unmapped", "visits", 'Odd "table %')


@pytest.fixture
def reader(people, settings, look):
    """A role that may read and nothing else, as the settings' source."""
    look.execute(people.fill("revoke {owner} from {fencer}; grant usage on schema public to {fencer}"))
    look.execute(people.fill("grant select on all tables in schema public to {fencer}"))
    look.execute(people.fill("grant select on all sequences in schema public to {fencer}"))
    look.execute(
        people.fill("grant usage on schema elsewhere to {fencer}; grant select on elsewhere.visits_2 to {fencer}")
    )
    return settings.source


def _prove(reader, stop, wait=0.5, tables=TABLES):
    return silence.prove(partial(connect.source, reader), "public", tables, stop, wait=wait)


@pytest.mark.parametrize("statement", [
    "insert into users values (801)",
    "update users set value = value where id = 1",
    "delete from users where id = 50",
    "delete from users where id = 50; insert into users values (50)",
    "insert into visits values (2, 9)",
    "select nextval(pg_get_serial_sequence('orders', 'id'))",
    "truncate unmapped",
    "insert into \"Odd \"\"table %\" values (1, 1)",
])  # fmt: skip
def test_what_is_written_between_the_scans_is_named_and_found_late(reader, stop, look, statement, monkeypatch):
    mark = _prove(reader, stop)
    with connect.source(reader) as conn:
        assert silence.late(conn, "public", mark) == []

    monkeypatch.setattr(silence, "pause", lambda seconds, stop: look.execute(statement))
    with pytest.raises(PlanRefused) as caught:
        _prove(reader, stop, wait=1)
    named = next(name for name in ("orders", *TABLES) if name in statement.replace('""', '"'))
    assert "the source is not silent: within 1 s" in str(caught.value) and named in str(caught.value)
    with connect.source(reader) as conn:
        late = silence.late(conn, "public", mark)
    assert [one.table for one in late] == ([] if "nextval" in statement else [named])
    assert all(one.rows == 1 or one.why for one in late)


@pytest.mark.parametrize("statement", ["insert into users values (802)", "lock table visits in row exclusive mode",
                                       "insert into elsewhere.visits_2 values (2, 3)"])  # fmt: skip
def test_a_transaction_that_may_have_written_is_no_silence(reader, stop, people, statement):
    with psycopg.connect(people.url_of("app"), application_name="a shop") as conn:
        conn.execute(statement)
        with pytest.raises(PlanRefused, match=r"is being written to: session \d+ of app \w+ \(a shop\)"):
            _prove(reader, stop)
        conn.rollback()
    _prove(reader, stop)


def test_one_that_begins_between_the_scans_is_none(reader, stop, people, monkeypatch):
    with psycopg.connect(people.url_of("app")) as conn:
        monkeypatch.setattr(silence, "pause", lambda *_: conn.execute("insert into users values (803)"))
        with pytest.raises(PlanRefused, match="is being written to"):
            _prove(reader, stop)


def test_readers_are_no_writers(reader, stop, people):
    with psycopg.connect(people.url_of("app")) as conn:
        conn.execute("select count(*) from users")
        mark = _prove(reader, stop)
    assert mark.tables["users"].rows == 50


def test_a_request_to_stop_ends_the_wait(reader, stop):
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Interrupted):
        _prove(reader, stop, wait=30)


def test_what_nobody_can_compare_is_told(reader, stop, look):
    mark = _prove(reader, stop)
    with (
        connect.source(reader) as conn,
        pytest.raises(SourceError, match="late is not known: the server is another one"),
    ):
        silence.late(conn, "public", type(mark)(**{**vars(mark), "system_identifier": "another"}))
