"""What passes by itself: a run whose sessions are ended, on either side and at any stage, goes on by itself."""

import threading

import psycopg
import pytest

from config import settings as configuration
from config.errors import SourceError, TargetError
from engine.books import bookkeeping
from engine.run import migrate
from engine.session.execution import Silent
from engine.session.patience import Patience
from engine.start import trials
from engine.start.options import Options
from tests.histories.databases import filling
from tests.support.auditors import trusting
from tests.support.proxies import between
from tests.support.watches import Striking

pytestmark = pytest.mark.usefixtures("ddl_untried")
OURS = "application_name = 'nxtgauge-migrate' and datname = current_database()"
END = f"select count(pg_terminate_backend(pid)) from pg_stat_activity where {OURS}"
ROWS = """
    select 'root', id::text, role, status from nxtgauge.user_role_profiles
    union all select 'item', id::text, user_role_profile_id::text, '' from nxtgauge.portfolio_items
    union all select 'image', id::text, portfolio_item_id::text, '' from nxtgauge.portfolio_images
    union all select 'reject', legacy_table, legacy_key, reason from migration.rejects
    order by 1, 2, 3
"""


@pytest.fixture(scope="module")
def source(module_database):
    url = module_database()
    filling.sample(url, rows=5_000)
    return url


@pytest.fixture(scope="module")
def whole(source, module_database):
    """What an undisturbed run makes."""
    target = module_database()
    migrate(_settings(source, target), Options(auditor=trusting))
    return _asked(target, ROWS)


def _settings(source: str, target: str, **changes) -> configuration.Settings:
    urls = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}
    return configuration.load("demo", urls).model_copy(update=changes)


def _asked(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as conn:
        found = conn.execute(query)
        return found.fetchall() if found.description else []


ENDED = {
    "schema": "target",
    "load, wave 1": "source",
    "judge wave 2": "target",
    "load, wave 3": "target",
    "judge": "source",
    "constraints: index": "target",
    "publish": "target",
    "statistics": "target",
}


class Ending(Striking):
    """Ends the sessions of one side at each of these stages, once. left: those that have not come."""

    def __init__(self, left: dict[str, str]):
        super().__init__()
        self.left = dict(left)

    def stage(self, name: str) -> None:
        if url := self.left.pop(name, None):
            _asked(url, END)


def test_a_run_whose_sessions_are_ended_at_one_stage_after_the_other_goes_on_by_itself_and_ends_the_same(
    source, whole, database, monkeypatch
):
    monkeypatch.setattr(Patience, "next_wait", lambda *_: 0.5)  # else the waits grow from stage to stage
    urls = {"source": source, "target": database()}
    target, watch = urls["target"], Ending({stage: urls[side] for stage, side in ENDED.items()})
    summary = migrate(_settings(source, target), Options(auditor=trusting, watch=watch))
    assert summary.state == "published" and _asked(target, ROWS) == whole
    assert not watch.left and 0 < len(watch.waits) <= len(ENDED)  # none where nobody used those sessions any more
    assert len(_asked(target, "select run_id from migration.runs")) == 1
    assert not _asked(target, f"select pid from pg_stat_activity where {OURS}")


def test_what_does_not_pass_ends_the_run_and_it_can_be_resumed(source, database):
    target = database()
    name, admin = psycopg.conninfo.conninfo_to_dict(source)["dbname"], target

    def shut() -> None:
        _asked(admin, f"alter database {name} allow_connections false")
        _asked(admin, f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")

    settings, watch = _settings(source, target, retry_seconds=2), Striking("load, wave 3", shut)
    with pytest.raises(SourceError) as caught:
        migrate(settings, Options(auditor=trusting, watch=watch))
    _asked(admin, f"alter database {name} allow_connections true")
    with psycopg.connect(target) as conn:
        (run,) = bookkeeping.runs(conn)
    assert (run.state, len(watch.waits) > 0) == ("failed", True)
    assert f"`nxtgauge-migrate migrate --run {run.run_id}`" in str(caught.value)
    again = Striking("", None)
    summary = migrate(settings, Options(auditor=trusting, resume=True, watch=again))
    assert (summary.run_id, summary.state) == (run.run_id, "published")
    assert any("chunks are loaded, and stay" in text for text in again.messages), again.messages


@pytest.mark.parametrize("seconds", [6, 60], ids=["a moment", "too long"])
def test_a_published_run_is_told_of_once_its_server_is_back_or_said_to_be_published(
    source, whole, database, monkeypatch, seconds
):
    target = database()
    monkeypatch.setattr(trials, "TOLD_SECONDS", 2)

    def lose() -> None:
        proxy.refuses = True
        _asked(target, END)
        back = threading.Timer(seconds, setattr, (proxy, "refuses", False))
        back.daemon = True
        back.start()

    with between(target) as proxy:
        settings = _settings(source, proxy.url, retry_seconds=30 if seconds == 6 else 1)
        options = Options(auditor=trusting, watch=Striking("statistics", lose))
        if seconds == 6:
            assert migrate(settings, options).state == "published"
        else:
            with pytest.raises(TargetError, match=r"run \S+ has ended well all the same"):
                migrate(settings, options)
    assert _asked(target, "select state from migration.runs") == [("published",)] and _asked(target, ROWS) == whole


def test_a_run_that_fails_while_it_begins_does_not_count_as_running(source, database):
    class Failing(Silent):
        def message(self, text: str) -> None:
            if text.startswith("run "):
                raise ValueError("nobody listens")

    target = database()
    with pytest.raises(ValueError, match="nobody listens"):
        migrate(_settings(source, target), Options(auditor=trusting, watch=Failing()))
    assert _asked(target, "select state from migration.runs") == [("failed",)]
