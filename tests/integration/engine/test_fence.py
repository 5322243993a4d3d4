"""One run per target, also where a pooler, a reaper or an administrator ends the session that holds the lease."""

import pickle
import time

import psycopg
import pytest

from config.errors import TargetBusy, TargetError
from engine import operations
from engine.books import bookkeeping, heartbeat, lease
from engine.run import migrate
from engine.session import connect
from engine.session.execution import Silent
from engine.start.options import Options
from tests.support.auditors import trusting
from tests.support.proxies import between

SOURCE = """
    create table users (id uuid primary key, email text);
    create table tutor_profiles (id uuid primary key, user_id uuid, status text);
    insert into users select gen_random_uuid(), concat(n) from generate_series(1, 50) n;
    insert into tutor_profiles select gen_random_uuid(), id, 'approved' from users;
"""
END_LEASE = f"""
    select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and mode = 'ExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())
      and classid::bigint = {bookkeeping.LOCK >> 32} and objid::bigint = {bookkeeping.LOCK & 0xFFFFFFFF}
"""
END_ALL = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'nxtgauge-migrate'
"""


class Striking(Silent):
    """Does something once, when the run comes to a stage; hears what it says."""

    def __init__(self, stage: str, strike):
        self._stage, self._strike, self.messages, self.result = stage, strike, [], None

    def stage(self, name: str) -> None:
        if name == self._stage and self._strike:
            strike, self._strike = self._strike, None
            self.result = strike()

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(lease, "CLEAR_SECONDS", 1)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.1)


def _second(settings) -> tuple[str, str]:
    """What a second operator meets, and what status says then."""
    try:
        migrate(settings, Options(auditor=trusting))
    except TargetBusy as error:
        return str(error), " ".join(operations.status(settings)[0]["held_by"])
    return "it ran", ""


@pytest.mark.parametrize("stage", ["load, wave 1", "judge wave 2", "publish"])
def test_no_second_run_begins_while_a_session_of_the_first_one_writes(settings, target, stage):
    def strike() -> tuple[str, str]:
        target.execute(END_LEASE)
        return _second(settings)

    watch = Striking(stage, strike)
    summary = migrate(settings, Options(auditor=trusting, watch=watch))
    told, held = watch.result
    assert "sessions of an earlier run still write to this target" in told and "session" in told
    assert "nobody holds the lease" in held and "writes" in held
    assert summary.state == "published"  # by itself
    assert [run.run_id for run in bookkeeping.runs(target)] == [summary.run_id]
    assert target.execute("select count(*) from migration.balance where not balanced").fetchone() == (0,)
    assert lease.holders(target) == []


def test_a_run_that_lost_the_target_altogether_gives_way_to_the_next(settings, target):
    def strike() -> str:
        target.execute(END_ALL)
        return migrate(settings, Options(auditor=trusting)).run_id

    watch = Striking("judge wave 2", strike)
    with pytest.raises(TargetBusy, match="gives way") as caught:
        migrate(settings, Options(auditor=trusting, watch=watch))
    states = {run.run_id: run.state for run in bookkeeping.runs(target)}
    assert states.pop(watch.result) == "published" and list(states.values()) == ["interrupted"]
    assert watch.result in str(caught.value)


def test_a_session_that_is_opened_late_does_not_write_without_the_lease(settings, target):
    with lease.hold(settings.target) as held:
        fence = pickle.loads(pickle.dumps(held.elsewhere()))  # our own, as Dask sends it
        with connect.target(settings.target) as session:
            fence.enter(session)
        target.execute(END_LEASE)
        with connect.target(settings.target) as session, pytest.raises(TargetError, match="the lease with it"):
            fence.enter(session)
        with lease.hold(settings.target):  # nobody writes any more
            with connect.target(settings.target) as session, pytest.raises(TargetError, match="the lease with it"):
                fence.enter(session)
            with pytest.raises(TargetBusy), held.last_session():
                pass
        with held.last_session(), pytest.raises(TargetBusy), lease.hold(settings.target):
            pass


def test_what_ends_idle_sessions_does_not_end_the_lease(settings, target):
    with lease.hold(settings.target) as held, held.session() as conn:
        for session in (held.conn, conn):
            session.execute("set idle_session_timeout = '500ms'")
        conn.execute("create temporary table copied (number integer)")
        with conn.cursor().copy("copy copied from stdin") as copy:
            time.sleep(1)  # in the middle of it nobody asks
            copy.write(b"1\n")
        time.sleep(1)
        held.require()
        assert conn.execute("select number from copied").fetchone() == (1,)


def test_the_heart_tells_of_a_session_that_was_ended_though_nobody_uses_it(settings, target):
    with lease.hold(settings.target) as held:
        target.execute(END_LEASE)
        until = time.monotonic() + 10
        with pytest.raises(TargetError, match="holding the lease of the target has ended"):
            while time.monotonic() < until:
                held.check()
                time.sleep(0.05)


def test_a_session_that_does_not_answer_is_lost_though_others_are_answered(database, monkeypatch):
    monkeypatch.setattr(heartbeat, "SILENT_SECONDS", 0.5)
    with between(database()) as proxy, psycopg.connect(proxy.url, autocommit=True) as conn:
        heart, until = heartbeat.Heartbeat(), time.monotonic() + 20
        with heart.beating(), heart.keeping(conn, TargetError, "lying idle"):
            proxy.swallows = True
            with pytest.raises(TargetError, match="the session that is lying idle has ended"):
                while time.monotonic() < until:
                    heart.check()
                    time.sleep(0.05)
            assert conn.broken


def test_what_a_client_that_died_has_begun_is_ended_by_the_server(settings, monkeypatch):
    """Else it would hold the fence for as long as an index takes."""
    monkeypatch.undo()
    with lease.hold(settings.target) as held, held.session() as conn:
        conn.pgconn.send_query(b"select pg_catalog.pg_sleep(60)")
        conn.pgconn.flush()
        conn.pgconn.finish()
    with lease.hold(settings.target):
        pass
