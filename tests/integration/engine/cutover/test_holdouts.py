"""Who keeps the lock away: named with all that helps to find him, ended only if asked, and nobody else with him."""

import itertools
import re
import threading
import time

import psycopg
import pytest

from config.errors import SourceError
from engine.cutover import asking, fence
from tests.support.patience import allowed

NAMED = r"session \d+ of app \w+ \(an application, idle in transaction\) in its transaction for \d+ s, on public.users"


@pytest.fixture
def holdout(people):
    """A transaction that has written, and goes on and on."""
    with psycopg.connect(people.url_of("app"), application_name="an application", autocommit=True) as conn:
        conn.execute("begin; insert into users values (7001)")
        yield conn


def _not_had(settings, stop, **given) -> SourceError:
    with pytest.raises(SourceError) as caught, fence.locked(settings, stop, 5, **given):
        pass
    assert caught.value.sqlstate == "55P03" and caught.value.retryable
    return caught.value


def test_who_holds_out_is_named_and_others_wait_no_longer_than_a_try(settings, stop, people, look, holdout):
    look.execute(people.fill("grant pg_read_all_stats to {fencer}"))
    longest = []
    over = threading.Event()

    def write():
        with psycopg.connect(people.url_of("app"), autocommit=True) as conn:
            for number in itertools.takewhile(lambda _: not over.is_set(), itertools.count(8000)):
                began = time.monotonic()
                conn.execute("insert into users values (%s)", [number])
                longest.append(time.monotonic() - began)

    thread = threading.Thread(target=write)
    thread.start()
    error = _not_had(settings, stop, wait=3)
    over.set()
    thread.join()
    assert re.search(NAMED, str(error)) and "7001" not in str(error)
    assert re.search(r"in [2-9] tries .*nothing was changed; end their sessions", str(error))
    assert 0.1 < max(longest) < 1.2
    holdout.execute("commit")
    with fence.locked(settings, stop, 5) as lock:
        assert lock.tries == 1


def test_a_role_that_may_not_see_state_and_age_says_what_it_may(settings, stop, holdout):
    assert re.search(
        r"session \d+ of app \w+ \(an application\) in its transaction, on public.users;",
        str(_not_had(settings, stop, wait=0.1)),
    )


def test_who_holds_out_for_long_is_ended_if_asked_and_no_other(settings, stop, people, look, holdout):
    look.execute(people.fill("grant pg_signal_backend to {fencer}"))
    with psycopg.connect(people.url_of("app"), autocommit=True) as reader:
        reader.execute("begin; select count(*) from users")
        with fence.locked(settings, stop, 5, terminate_after=1.5) as lock:
            assert lock.tries >= 3
            assert [re.sub(r"\d+|\w+$", "", text.split(" (")[0]) for text in lock.ended] == ["session  of app "]
        reader.execute("commit")
        with pytest.raises(psycopg.OperationalError):
            holdout.execute("commit")
        assert reader.execute("select count(*) from users where id = 7001").fetchone() == (0,)


def test_short_transactions_of_one_session_are_no_holdout(settings, stop, people, look, holdout, monkeypatch):
    """It holds on at each try, by another transaction every time."""
    look.execute(people.fill("grant pg_signal_backend to {fencer}"))
    monkeypatch.setattr(asking, "pause", lambda *_: holdout.execute("commit; begin; insert into unmapped values (1)"))
    _not_had(settings, stop, wait=6, terminate_after=3)
    assert holdout.execute("commit").statusmessage == "COMMIT"


def test_a_role_that_may_end_nobody_says_so_and_goes_on_asking(settings, stop, holdout, caplog):
    error = _not_had(settings, stop, wait=2, terminate_after=0)
    assert "an application" in str(error)
    assert "no member of pg_signal_backend: session" in caplog.text
    assert holdout.execute("select 1").fetchone() == (1,)


def test_who_waits_for_us_in_a_circle_meets_no_error(settings, stop, people):
    """It has written to one table, and then wants another that we have locked while we wait for the first."""
    done = []

    def write(conn):
        time.sleep(0.2)
        conn.execute("insert into users values (7002)")
        done.append(conn.execute("commit").statusmessage)

    with psycopg.connect(people.url_of("app"), autocommit=True) as conn:
        conn.execute("begin; insert into orders default values")
        thread = threading.Thread(target=write, args=(conn,))
        thread.start()
        with fence.locked(settings, stop, 5, wait=10) as lock:
            thread.join()
            assert lock.tries > 1 and done == ["COMMIT"]


def test_an_autovacuum_gives_way(settings, stop, people, look):
    look.execute("alter system set autovacuum_naptime = '1s'")
    look.execute("select pg_reload_conf()")
    try:
        look.execute("""
            create table large (id int, filler text) with (
                autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
                autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
                autovacuum_analyze_threshold = 1000000000)
        """)
        look.execute(people.fill("alter table large owner to {owner}"))
        look.execute("insert into large select n, repeat('x', 500) from generate_series(1, 20000) as n")
        look.execute("delete from large where id % 2 = 0")
        held = "select count(*) from pg_locks where relation = 'large'::regclass and mode = 'ShareUpdateExclusiveLock'"
        until = time.monotonic() + allowed(30)
        while look.execute(held).fetchone() == (0,):
            assert time.monotonic() < until
            time.sleep(0.1)
        with fence.locked(settings, stop, 5, wait=10) as lock:
            assert lock.tries > 1 and lock.ended == ()
    finally:
        look.execute("alter system reset autovacuum_naptime")
        look.execute("select pg_reload_conf()")


def test_sixty_tables_are_locked_at_once_beside_writers(settings, stop, people, look, writers):
    made = "; ".join(f"create table t{n} (id int primary key)" for n in range(60))
    look.execute(people.fill("set role {owner}"))
    look.execute(made)
    look.execute("reset role")
    with fence.locked(settings, stop, 20) as lock:
        assert lock.had_at - lock.asked_at < allowed(1)
        assert len(lock.tables) == 67
        began = time.monotonic()
        lock.bind("revoke")
        lock.commit()
        assert time.monotonic() - began < allowed(1)
    assert writers.wait_for_errors() == ["42501"] * 4


def test_a_table_that_is_made_meanwhile_is_not_forgotten(settings, stop, people, monkeypatch):
    from engine.cutover import locking

    asked, tables = [], locking.tables

    def beside(conn, schema, names=None):
        found = tables(conn, schema, names)
        if not asked:
            with psycopg.connect(people.url_of("owner"), autocommit=True) as other:
                other.execute("create table public.late (id int)")
        asked.append(found)
        return found

    monkeypatch.setattr(locking, "tables", beside)
    with fence.locked(settings, stop, 5) as lock:
        assert lock.tries == 2 and "late" in [table.name for table in lock.tables]
