"""When a run holds still: because somebody asked, or because a server is under strain; and how fast it reads."""

import threading
import time

import psycopg
import pytest

from config import settings as configuration
from config.errors import ConfigError, Interrupted, PlanRefused
from engine import operations
from engine.chunks import pauses
from engine.run import migrate
from engine.session.execution import Silent
from engine.session.stop import Stop
from engine.session.throttle import Throttle
from engine.start.options import Options
from tests.integration.engine.gates.runs import SOURCE
from tests.support.auditors import trusting
from tests.support.patience import allowed

pytestmark = pytest.mark.usefixtures("ddl_untried")
LEDGER = "select count(*) from migration.chunks"
OLD = "more than oldest_snapshot_seconds (1)"


class Hearing(Silent):
    """Does something when the run comes to a stage, once; hears what the run says."""

    def __init__(self, stage: str, act):
        self._stage, self._act, self.messages = stage, act, []
        self.is_still, self.run_id = threading.Event(), ""

    def stage(self, name: str) -> None:
        if name == self._stage and self._act:
            act, self._act = self._act, None
            act(self)

    def message(self, text: str) -> None:
        self.messages.append(text)
        if text.startswith("run "):
            self.run_id = text.removeprefix("run ")
        if text.startswith("holds still"):
            self.is_still.set()


@pytest.fixture(scope="module")
def source(module_database):
    url = module_database()
    _ask(url, SOURCE)
    return url


@pytest.fixture(autouse=True)
def looking_often(monkeypatch):
    monkeypatch.setattr(pauses, "LOOK_SECONDS", 0.05)


def _settings(source: str, target: str, **changes) -> configuration.Settings:
    urls = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}
    return configuration.load("demo", urls).model_copy(update=changes)


def _ask(url: str, query: str):
    with psycopg.connect(url, autocommit=True) as conn:
        found = conn.execute(query)
        return found.fetchone()[0] if found.description else None


def _begun(settings, watch) -> tuple[threading.Thread, list]:
    """A run in a thread, and where its summary is going to stand."""
    ended: list = []
    thread = threading.Thread(
        target=lambda: ended.append(migrate(settings, Options(auditor=trusting, watch=watch))), daemon=True
    )
    thread.start()
    assert watch.is_still.wait(240), watch.messages
    return thread, ended


def _goes_on(thread, ended, watch) -> None:
    thread.join(240)
    assert ended[0].state == "published" and "goes on" in watch.messages
    assert sum(text.startswith("holds still") for text in watch.messages) == 1


@pytest.mark.parametrize("stage", ["load, wave 1", "verify"])  # chunks are left for wave 3, whenever it is noticed
def test_a_run_that_somebody_pauses_moves_and_publishes_nothing_until_it_is_told_to_go_on(source, database, stage):
    target = database()
    settings = _settings(source, target)
    watch = Hearing(stage, lambda heard: operations.pause(settings, heard.run_id, "ann"))
    thread, ended = _begun(settings, watch)
    loaded = _ask(target, LEDGER)
    time.sleep(0.5)
    assert _ask(target, LEDGER) == loaded and _ask(target, "select to_regnamespace('nxtgauge') is null")
    (run,) = operations.status(settings)
    assert (run["state"], run["paused"]["asked_by"]) == ("paused", "ann")
    assert f"`nxtgauge-migrate continue {watch.run_id}` goes on" in watch.messages[-1]
    told = operations.go_on(settings, watch.run_id, "bob")
    assert (told["asked_by"], told["ended_by"]) == ("ann", "bob")
    _goes_on(thread, ended, watch)
    assert (_ask(target, LEDGER) > loaded) == stage.startswith("load")
    with pytest.raises(ConfigError, match="is published, and nobody has paused it"):
        operations.go_on(settings, watch.run_id, "bob")
    with pytest.raises(ConfigError, match="is published; only a run that is under way can be paused"):
        operations.pause(settings, watch.run_id, "ann")


def test_a_run_holds_still_while_the_operators_query_does_not_say_true(source, database):
    target = database()
    _ask(source, "create schema ops; create table ops.health (is_well boolean); insert into ops.health values (true)")
    settings = _settings(source, target, health_query="select is_well from ops.health", oldest_snapshot_seconds=1)
    watch = Hearing("load, wave 1", lambda _: _ask(source, "update ops.health set is_well = false"))
    thread, ended = _begun(settings, watch)
    assert watch.messages[-1] == "holds still: health_query did not say true"
    until = time.monotonic() + allowed(30)
    while not any(OLD in text for text in watch.messages):
        assert time.monotonic() < until, watch.messages
        time.sleep(0.05)
    _ask(source, "update ops.health set is_well = true")
    _goes_on(thread, ended, watch)
    assert sum(OLD in text for text in watch.messages) == 1


def test_a_run_holds_still_while_others_are_at_work_on_the_source(source, database):
    settings = _settings(source, database(), max_active_sessions=1)
    others = [psycopg.connect(source, autocommit=True) for _ in range(2)]
    asleep = [threading.Thread(target=_sleep, args=[other], daemon=True) for other in others]
    for thread in asleep:
        thread.start()
    run, ended = _begun(settings, watch := Hearing("", None))
    assert watch.messages[-1].startswith("holds still: 2 sessions are active on the source, more than")
    for other in others:
        other.cancel_safe()
    _goes_on(run, ended, watch)
    for thread, other in zip(asleep, others, strict=True):
        thread.join(10)
        other.close()


def _sleep(conn: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        conn.execute("select pg_sleep(60)")


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"health_query": "select 1"}, "health_query gives something else; wanted one row of one boolean"),
        ({"health_query": "select x from nowhere"}, "health_query fails on the source: UndefinedTable (42P01)"),
        ({"health_query": "create table public.well ()"}, "health_query fails on the source: ReadOnlySqlTransaction"),
    ],
)
def test_a_bound_that_cannot_be_looked_at_is_refused(source, database, bounds, found):
    with pytest.raises(PlanRefused) as caught:
        migrate(_settings(source, database(), **bounds), Options(auditor=trusting))
    assert any(found in fault for fault in caught.value.faults), caught.value.faults


def test_a_role_that_may_not_see_other_sessions_is_told_so(source, database):
    role = f"blind_{psycopg.conninfo.conninfo_to_dict(source)['dbname']}"
    _ask(source, f"create role {role} login")
    try:
        blind = psycopg.conninfo.make_conninfo(source, user=role)
        with psycopg.connect(database(), autocommit=True) as target:
            settings = _settings(blind, "", max_active_sessions=3)
            assert pauses.faults(settings, target) == [
                f"max_active_sessions asks for what other sessions do, and role {role} may not see that on the source; "
                f"grant pg_read_all_stats to {role}, or leave it out of the profile"
            ]
    finally:
        _ask(source, f"drop role {role}")


def test_who_reads_too_soon_waits_and_all_readers_share_the_rate():
    throttle, began = Throttle(1, Stop()), time.monotonic()
    readers = [threading.Thread(target=throttle.spend, args=[200_000]) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert time.monotonic() - began >= 0.6


def test_a_request_to_stop_ends_the_wait_of_a_reader():
    stop = Stop()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(Interrupted):
        Throttle(0.001, stop).spend(1_000_000)
