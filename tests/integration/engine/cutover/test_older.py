"""The fence on the oldest server, which has no transaction_timeout and where transactions may be prepared."""

import contextlib
import os
import signal
import time

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from config.errors import SourceError
from engine.cutover import fence
from tests.integration.engine.cutover.holder import holding
from tests.support import servers
from tests.support.patience import allowed


@pytest.fixture(scope="module")
def oldest():
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(servers.running(14, {"max_prepared_transactions": "5"}))
        except servers.NotToBeHad as error:
            pytest.skip(str(error))


@pytest.fixture
def url(oldest):
    with psycopg.connect(oldest.url, autocommit=True) as conn:
        conn.execute("drop database if exists legacy with (force)")
        conn.execute("create database legacy")
    return make_conninfo(oldest.url, dbname="legacy")


def test_a_prepared_transaction_is_named_and_never_ended(settings, stop, people, look):
    with psycopg.connect(people.url_of("app"), autocommit=True) as conn:
        conn.execute("begin; insert into users values (7003); prepare transaction 'of a shop''s'")
    named = r"prepared transaction 'of a shop's' of app \w+ for \d+ s, on public.users"
    try:
        told = pytest.raises(SourceError, match=f"{named}; .*; COMMIT PREPARED or ROLLBACK PREPARED ends")
        with told, fence.locked(settings, stop, 5, wait=2, terminate_after=0):
            pass
        (fault,) = [text for text in fence.faults(settings) if "prepared" in text]
        assert "holds what it has locked until it is ended" in fault
    finally:
        look.execute("commit prepared 'of a shop''s'")
    with fence.locked(settings, stop, 5):
        pass
    assert fence.faults(settings) == []


def test_a_frozen_process_keeps_nobody_waiting_past_the_budget(people):
    names = ("NXTGAUGE_SOURCE_URL", "NXTGAUGE_TARGET_URL", "NXTGAUGE_FENCE_URL")
    with holding(dict.fromkeys(names, people.url_of("fencer")), 2.0, "unread") as (process, asked_at):
        os.kill(process.pid, signal.SIGSTOP)
        with psycopg.connect(people.url_of("app"), autocommit=True, options="-c statement_timeout=90s") as conn:
            conn.execute("insert into users values (7004)")
        assert 1.9 <= time.monotonic() - asked_at <= 2 + allowed(2)


def test_the_fence_binds_there_too(settings, stop, writers):
    with fence.locked(settings, stop, 5) as lock:
        lock.bind("revoke")
        lock.commit()
    assert writers.wait_for_errors() == ["42501"] * 4
