"""The auditor's sessions live as long as it needs them."""

import threading

import psycopg
import pytest

from checks.compare.hashing import types
from checks.reading import connect
from config.postgres.connection import parse

REAPED = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'nxtgauge-migrate'
        and state in ('idle', 'idle in transaction') and clock_timestamp() - state_change > interval '0.8 seconds'
"""


@pytest.mark.parametrize("opening", [connect.source, connect.target, connect.staging])
def test_a_session_that_lies_idle_is_not_taken_for_forgotten(database, monkeypatch, opening):
    url, is_over = database(), threading.Event()

    def reap() -> None:
        with psycopg.connect(url, autocommit=True) as conn:
            while not is_over.wait(0.1):
                conn.execute(REAPED)

    monkeypatch.setattr(connect, "BEAT_SECONDS", 0.1)
    reaper = threading.Thread(target=reap)
    reaper.start()
    try:
        with opening(parse(url, "NXTGAUGE_SOURCE_URL")) as conn:
            before = conn.execute("select pg_backend_pid()").fetchone()
            assert not is_over.wait(2)
            assert conn.execute("select pg_backend_pid()").fetchone() == before
    finally:
        is_over.set()
        reaper.join()


def test_who_describes_a_statement_is_not_disturbed_by_what_keeps_the_session(database, monkeypatch):
    monkeypatch.setattr(connect, "BEAT_SECONDS", 0)
    with connect.source(parse(database(), "NXTGAUGE_SOURCE_URL")) as conn:
        for _ in range(500):
            assert types(conn, ["select 1 as a, 'x'::text as b"]) == [[23, 25]]
