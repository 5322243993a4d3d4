"""The lock never outlives its budget, whatever becomes of the process that holds it."""

import os
import signal
import time

import psycopg
import pytest

from config import settings as configuration
from config.errors import SourceError
from engine.cutover import fence, timer
from engine.session import connect
from tests.integration.engine.cutover.holder import holding
from tests.support import proxies
from tests.support.patience import allowed

BUDGET, LATE = 2.0, 2.0  # late on an idle machine
LEFT = """
    select count(*) from pg_stat_activity
    where datname = current_database() and application_name in ('nxtgauge-migrate', 'nxtgauge-migrate fence')
"""


@pytest.fixture
def urls(people):
    names = ("NXTGAUGE_SOURCE_URL", "NXTGAUGE_TARGET_URL", "NXTGAUGE_FENCE_URL")
    return dict.fromkeys(names, people.url_of("fencer"))


def _write(people) -> float:
    """When a write was acknowledged."""
    with psycopg.connect(people.url_of("app"), autocommit=True, options="-c statement_timeout=90s") as conn:
        conn.execute("insert into users values ((select max(id) + 1 from users))")
        return time.monotonic()


@pytest.mark.parametrize("doing", ["alone", "together", "unread", "unsent"])
def test_a_frozen_process_keeps_nobody_waiting_past_the_budget(urls, people, doing):
    with holding(urls, BUDGET, doing) as (process, asked_at):
        os.kill(process.pid, signal.SIGSTOP)
        waited = _write(people) - asked_at
    assert BUDGET - 0.1 <= waited <= BUDGET + allowed(LATE)


@pytest.mark.parametrize("doing", ["alone", "unread"])
def test_a_killed_process_keeps_nobody_waiting(urls, people, doing):
    with holding(urls, BUDGET * 10, doing) as (process, _):
        process.kill()
        killed_at = time.monotonic()
        assert _write(people) - killed_at <= allowed(LATE)


def test_a_network_that_is_lost_keeps_nobody_waiting_past_the_budget(people, stop):
    with proxies.between(people.url_of("fencer")) as proxy:
        settings = configuration.load("demo", {"NXTGAUGE_FENCE_URL": proxy.url})
        told = pytest.raises(SourceError, match="waited for 2 s, all that was allowed, and go on")
        with told, fence.locked(settings, stop, BUDGET) as lock:
            lock.bind("revoke")
            proxy.swallows = True
            waited = _write(people) - lock.asked_at
            assert BUDGET - 0.1 <= waited <= BUDGET + allowed(LATE)
            lock.commit()


def test_the_timer_ends_the_transaction_that_it_was_told_and_no_other(settings, look):
    with timer.ready(connect.fence(settings.fence), SourceError) as watch, connect.fence(settings.fence) as conn:
        conn.execute("begin")
        watch.start(conn, 0.3)
        conn.execute("rollback")
        conn.execute("begin")
        time.sleep(0.8)
        assert conn.execute("select 1").fetchone() == (1,)
    with timer.ready(connect.fence(settings.fence), SourceError) as watch, connect.fence(settings.fence) as conn:
        conn.execute("begin")
        watch.start(conn, 0.3)
        with pytest.raises(psycopg.OperationalError):
            conn.execute("select pg_sleep(60)")


def test_a_timer_that_is_no_longer_needed_is_gone(settings, look):
    with timer.ready(connect.fence(settings.fence), SourceError) as watch, connect.fence(settings.fence) as conn:
        conn.execute("begin")
        watch.start(conn, 60)
    until = time.monotonic() + 3
    while look.execute(LEFT).fetchone() != (0,) and time.monotonic() < until:
        time.sleep(0.05)
    assert look.execute(LEFT).fetchone() == (0,)
