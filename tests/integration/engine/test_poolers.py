"""Through a pooler a run works where each client has its session, and is refused by name where it has not."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from checks.reading import connect as auditors
from checks.verify import verify
from config import settings as configuration
from config.errors import SourceError, StagingError, TargetBusy, TargetError
from config.postgres import network, pooling
from engine import operations, sync
from engine.books import lease
from engine.cutover import cutover, fence
from engine.publish.rollback import Wish
from engine.run import migrate
from engine.session import connect
from engine.session.execution import Silent
from engine.session.stop import STOP
from engine.start import survey
from engine.start.options import Options
from flows.local import staging_copy
from flows.runs.work import auditor, delta_auditor
from tests.support.auditors import trusting
from tests.support.poolers import has_pgbouncer, locks, pgbouncer, small

SOURCE = """
    create table users (id uuid primary key, email text);
    create table tutor_profiles (id uuid primary key, user_id uuid, status text);
    insert into users select gen_random_uuid(), concat(n) from generate_series(1, 50) n;
    insert into tutor_profiles select gen_random_uuid(), id, 'approved' from users;
"""
SIDES = {"source": SourceError, "target": TargetError, "staging": StagingError}
Pooler = Callable[[str], contextlib.AbstractContextManager[str]]


@pytest.fixture
def through() -> Iterator[Callable]:
    """A function: the settings with this side behind this pooler; the others as they are."""
    with contextlib.ExitStack() as stack:

        def put(given: dict[str, str], side: str, name: str) -> dict[str, str]:
            variable = f"NXTGAUGE_{side.upper()}_URL"
            return given | {variable: stack.enter_context(_pooler(name, given[variable]))}

        yield put


@pytest.fixture
def everywhere(environ, database) -> dict[str, str]:
    return environ | {"NXTGAUGE_STAGING_URL": database()}


def _pooler(name: str, url: str) -> contextlib.AbstractContextManager[str]:
    """By its name: kind, how it pools, and what else."""
    kind, mode, *more = name.split()
    known = {"size": 2 if "two" in more else 5 if "five" in more else 20, "resets": "kept" not in more}
    if kind == "pgbouncer":
        return pgbouncer(url, mode, **known)
    return small(url, is_by_session=mode == "session", is_lifo="first" not in more, **known)


def _with_pgbouncer(*names: str) -> list[str]:
    """These poolers, those alone that are installed."""
    return [name for name in names if name.startswith("small") or has_pgbouncer()]


def _opened(session: contextlib.AbstractContextManager[psycopg.Connection]) -> None:
    with session:
        pass


def _commands(settings: configuration.Settings, side: str) -> Iterator[Callable[[], object]]:
    """All that opens sessions on this side."""
    if side in ("source", "staging"):
        yield lambda: staging_copy.stage(settings, staging_copy.wish(100, False, None, None), None)
    if side == "staging":
        return
    yield lambda: survey.survey(settings)
    yield lambda: migrate(settings, Options())
    yield lambda: sync.sync(settings, sync.Following(rounds=1))
    yield lambda: _opened(auditors.source(settings.source) if side == "source" else auditors.target(settings.target))
    if side == "target":
        yield lambda: verify.published(settings)
        yield lambda: operations.status(settings)
        yield lambda: operations.rollback(settings, Wish(to_nothing=True))


@pytest.mark.parametrize(
    "name",
    _with_pgbouncer(
        "small transaction last", "small transaction first", "pgbouncer transaction", "pgbouncer statement"
    ),
)
def test_sessions_that_are_shared_are_refused_before_anything_is_done(everywhere, through, name):
    for side, error in SIDES.items():
        settings = configuration.load("demo", through(everywhere, side, name))
        for command in _commands(settings, side):
            with pytest.raises(error, match=f"{name.split()[1]} pooling") as caught:
                command()
            text = str(caught.value)
            assert f"the {'staging database' if side == 'staging' else side} at " in text and "session pooling" in text
            assert f"NXTGAUGE_{side.upper()}_URL" in text and not caught.value.retryable
    for variable in ("NXTGAUGE_TARGET_URL", "NXTGAUGE_STAGING_URL"):
        assert locks(everywhere[variable]) == 0
        with psycopg.connect(everywhere[variable]) as conn:
            made = "select from pg_namespace where nspname in ('migration', 'nxtgauge_staging')"
            assert conn.execute(made).fetchall() == []


@pytest.fixture(scope="module")
def published(module_database) -> tuple[str, str]:
    """URLs of a legacy database and of a target that a run has published it into."""
    source, target = module_database(), module_database()
    with psycopg.connect(source) as conn:
        conn.execute(SOURCE)
    migrate(configuration.load("demo", _sides(source, target)), Options(auditor=trusting))
    return source, target


def _sides(source: str, target: str) -> dict[str, str]:
    return {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}


@pytest.mark.parametrize("name", _with_pgbouncer("small transaction last", "pgbouncer transaction"))
def test_what_judges_and_fences_refuses_sessions_that_are_shared(published, through, name):
    """Neither writes anything, so that one target serves them all."""
    given = _sides(*published) | {"NXTGAUGE_FENCE_URL": published[0]}
    settings = {side: configuration.load("demo", through(given, side, name)) for side in ("source", "target", "fence")}
    for side in ("source", "target"):
        with pytest.raises(SIDES[side], match="is reached through a pooler with transaction pooling") as caught:
            verify.published(settings[side])
        assert f"NXTGAUGE_{side.upper()}_URL" in str(caught.value) and not caught.value.retryable
    (fault,) = fence.faults(settings["fence"])
    assert "transaction pooling" in fault and "NXTGAUGE_FENCE_URL" in fault
    assert [locks(url) for url in published] == [0, 0]


class Second(Silent):
    """Tries to begin another run while this one loads."""

    def __init__(self, settings: configuration.Settings):
        self._settings, self.told = settings, ""

    def stage(self, name: str) -> None:
        if name == "load, wave 1":
            with pytest.raises(TargetBusy) as caught, lease.hold(self._settings.target):
                pass
            self.told = str(caught.value)


def test_where_each_client_has_its_session_a_run_is_as_without(everywhere, through):
    """The small pooler takes its time, so verification and copy are tried with the real one."""
    given, name = everywhere, "pgbouncer session" if has_pgbouncer() else "small session"
    for side in SIDES:
        given = through(given, side, name)
    settings = configuration.load("demo", given)
    watch = Second(settings)
    judge = auditor(settings) if has_pgbouncer() else trusting
    summary = migrate(settings, Options(auditor=judge, watch=watch))
    assert summary.state == "published" and "another run holds this target" in watch.told
    if has_pgbouncer():
        assert staging_copy.stage(settings, staging_copy.wish(100, False, None, None), None)["state"] == "proven"
    assert operations.rollback(settings, Wish(to_nothing=True))["replaced_run"] == summary.run_id
    assert [locks(everywhere[variable]) for variable in everywhere] == [0, 0, 0]


@pytest.mark.skipif(not has_pgbouncer(), reason="pgbouncer is not installed here")
def test_a_build_follows_and_is_cut_over_and_verified_where_each_client_has_its_session(everywhere, through):
    """The pooler keeps sessions of a superuser, whom no REVOKE binds: the fence renames the schema."""
    given = everywhere | {"NXTGAUGE_FENCE_URL": everywhere["NXTGAUGE_SOURCE_URL"]}
    for side in ("source", "target", "fence"):
        given = through(given, side, "pgbouncer session")
    settings = configuration.load("demo", given)
    run_id = sync.sync(settings, sync.Following(rounds=1)).run_id
    with delta_auditor(settings, STOP) as judge:
        made = cutover.cutover(settings, cutover.Cutting(auditor=trusting, delta_auditor=judge))
    assert (made.summary.run_id, made.summary.state, made.late) == (run_id, "published", ())
    assert verify.published(settings, level="content").passed
    with psycopg.connect(everywhere["NXTGAUGE_SOURCE_URL"]) as conn:
        assert conn.execute("select count(*) from public__retired.users").fetchone() == (50,)
    assert [locks(url) for url in everywhere.values()] == [0, 0, 0]


UNFIT = {"session two": "had 2 for us", "session kept": "DISCARD ALL"}


@pytest.mark.parametrize(
    "name", _with_pgbouncer(*(f"{kind} {how}" for kind in ("small", "pgbouncer") for how in UNFIT))
)
def test_a_pool_that_is_too_small_or_keeps_what_a_client_has_set_is_refused(everywhere, through, monkeypatch, name):
    monkeypatch.setattr(pooling, "ASK_SECONDS", 1.0)
    settings = configuration.load("demo", through(everywhere, "target", name))
    with pytest.raises(TargetError, match=UNFIT[name.partition(" ")[2]]):
        operations.status(settings)


def test_who_waits_for_a_session_of_a_full_pool_is_left_to_wait_and_told_for_what(
    everywhere, through, monkeypatch, caplog
):
    """Before a pooler is known to stand there, and afterwards; the line is silent all the while."""
    for name, seconds in (("ASK_SECONDS", 0.2), ("LOST_SECONDS", 0.4), ("OPEN_SECONDS", 0.5), ("POOL_SECONDS", 20)):
        monkeypatch.setattr(network, name, seconds)
    (name, *_) = _with_pgbouncer("pgbouncer session five", "small session five")
    where = configuration.load("demo", through(everywhere, "target", name)).target
    for is_known in (False, True):
        caplog.clear()
        assert pooling.is_known(where) == is_known
        with contextlib.ExitStack() as full:
            for _ in range(5):
                other = full.enter_context(psycopg.connect(where.conninfo, autocommit=True))
                other.execute("select")
            threading.Timer(3, full.pop_all().close).start()
            began = time.monotonic()
            with connect.target(where) as conn:
                assert conn.execute("select 1").fetchone() == (1,)
            assert 2 < time.monotonic() - began < 15
        assert "all of its sessions may be taken" in caplog.text and "connections ended" not in caplog.text
    assert pooling.is_pooled(where)


def test_who_gets_no_session_at_all_is_told_of_the_pool(everywhere, through, monkeypatch):
    for name, seconds in (("ASK_SECONDS", 0.1), ("LOST_SECONDS", 0.2), ("OPEN_SECONDS", 0.2), ("POOL_SECONDS", 1)):
        monkeypatch.setattr(network, name, seconds)
    where = configuration.load("demo", through(everywhere, "target", "small session two")).target
    with contextlib.ExitStack() as full:
        for _ in range(2):
            full.enter_context(psycopg.connect(where.conninfo, autocommit=True)).execute("select")
        with (
            pytest.raises(
                TargetError, match=r"gave no session, nor one to anybody new; look at the pooler's size"
            ) as caught,
            connect.target(where),
        ):
            pass
        assert caught.value.retryable
