"""A run is resumed after its source has changed: what may say something else now is read again, the rest stays."""

import psycopg
import pytest

from config import settings as configuration
from config.errors import Interrupted
from engine import run
from engine.start.options import Options
from tests.histories.databases import filling
from tests.support import pictures
from tests.support.auditors import trusting
from tests.support.watches import Striking

pytestmark = pytest.mark.usefixtures("ddl_untried")
# The widest first: what is read again for one change would hide that it was not for an earlier one.
CHANGES = {
    "a table that rules look up": (
        "update users set status = 'suspended' where id in (select id from users order by id limit 9);"
        "delete from coupon_uses where id in (select id from coupon_uses order by id limit 2)"
    ),
    "tables that rules make": (
        "update tutor_profiles set bio = 'new' where id in (select id from tutor_profiles order by id limit 2);"
        "update payments set currency = 'EUR' where id in (select id from payments order by id limit 5);"
        "delete from portfolio_images where id in (select id from portfolio_images order by id limit 5)"
    ),
    "a copied table": (
        "update notifications set title = 'new' where id in (select id from notifications order by id limit 7);"
        "delete from email_logs where id in (select id from email_logs order by id limit 3)"
    ),
}
UNTOUCHED = "refresh_tokens"


def _stop() -> None:
    raise Interrupted("asked to stop")


@pytest.fixture(scope="module")
def seeded(module_database):
    url = module_database()
    filling.sample(url, rows=3_000)
    return url


@pytest.fixture
def legacy(seeded, database):
    """A source of its own."""
    return database(template=seeded)


def _settings(source: str, target: str) -> configuration.Settings:
    urls = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}
    return configuration.load("demo", urls).model_copy(update={"frame_chunk_bytes": 1 << 16})


def _ask(url: str, query: str, *parameters: object) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as conn:
        found = conn.execute(query, parameters or None)
        return found.fetchall() if found.description else []


def _stopped(settings, stage: str) -> str:
    watch = Striking(stage, _stop)
    with pytest.raises(Interrupted):
        run.migrate(settings, Options(auditor=trusting, watch=watch))
    return next(text for text in watch.messages if text.startswith("run ")).removeprefix("run ")


def _pictured(target: str, run_id: str) -> pictures.Picture:
    found = pictures.of(target, run_id=run_id)
    return {name: lines for name, lines in found.items() if name != "migration.chunks"}


def test_only_what_may_have_changed_is_read_again_and_the_end_is_as_of_a_new_run(legacy, database):
    target, other = database(), database()
    settings = _settings(legacy, target)
    run_id = _stopped(settings, "after wave 1")
    for what, changes in CHANGES.items():
        moved = _moved(target)
        _ask(legacy, changes)
        watch = Striking("after wave 1", _stop)
        with pytest.raises(Interrupted):
            run.migrate(settings, Options(auditor=trusting, run_id=run_id, watch=watch))
        (said,) = [text for text in watch.messages if "these are read again" in text]
        assert said.startswith("the source has changed in ") and UNTOUCHED not in said, what
        assert UNTOUCHED in {route for route, _ in moved & _moved(target)}, what
    summary = run.migrate(settings, Options(auditor=trusting, run_id=run_id))
    assert (summary.run_id, summary.state) == (run_id, "published")
    fresh = run.migrate(_settings(legacy, other), Options(auditor=trusting))
    assert pictures.differences(_pictured(other, fresh.run_id), _pictured(target, run_id)) == {}


def _moved(target: str) -> set[tuple]:
    return {*_ask(target, "select route, committed_at from migration.chunks")}


def test_once_something_was_judged_all_of_it_is_read_again(legacy, database):
    settings = _settings(legacy, database())
    run_id = _stopped(settings, "load, wave 2")
    _ask(legacy, CHANGES["a copied table"])
    watch = Striking()
    run.migrate(settings, Options(auditor=trusting, run_id=run_id, watch=watch))
    assert [text for text in watch.messages if text.startswith("beginning anew: the source has changed in ")]
