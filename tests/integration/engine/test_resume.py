"""A run that is stopped: what it leaves, and what becomes of it when it is resumed."""

import psycopg
import pytest

from config import settings as configuration
from config.errors import ConfigError, Interrupted
from engine import operations, run
from engine.quarantine import records
from engine.session.execution import Silent, Threads
from engine.session.stop import Stop
from engine.start.options import Options
from flows.demo.seed import seed
from tests.support.auditors import trusting

CONTENT = """
    select 'root', id::text, role, status from nxtgauge.user_role_profiles
    union all select 'item', id::text, user_role_profile_id::text, '' from nxtgauge.portfolio_items
    union all select 'request', id::text, request_type, status from nxtgauge.verification_requests
    union all select 'image', id::text, portfolio_item_id::text, '' from nxtgauge.portfolio_images
    union all select 'reject', legacy_table, legacy_key, reason from migration.rejects where run_id = %(run)s
    order by 1, 2, 3
"""


class Breaking(Silent):
    """Asks the run to stop when it comes to a stage; hears what it says."""

    def __init__(self, stage: str | None = None):
        self._stage, self.messages = stage, []

    def stage(self, name: str) -> None:
        if name == self._stage:
            run.STOP.set()

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture(autouse=True)
def stop(monkeypatch):
    """A request to stop lasts as long as the process; here it lasts one attempt."""

    def anew() -> None:
        monkeypatch.setattr(run, "STOP", Stop())

    anew()
    return anew


@pytest.fixture
def settings(database):
    source = database()
    seed(source, rows=5_000)
    return lambda: _settings(source, database())


def _settings(source: str, target: str) -> configuration.Settings:
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})


def _content(settings, run_id: str) -> list:
    with psycopg.connect(settings.target.conninfo) as conn:
        return conn.execute(CONTENT, {"run": run_id}).fetchall()


def _with_options(settings) -> list:
    """Published tables that still have storage parameters of the build's."""
    query = "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where reloptions is not null"
    with psycopg.connect(settings.target.conninfo) as conn:
        return conn.execute(f"{query} and nspname in ('nxtgauge', 'legacy_archive', 'pg_toast')").fetchall()


def _stopped(settings, stage: str) -> str:
    watch = Breaking(stage)
    with pytest.raises(Interrupted, match="--run"):
        run.migrate(settings, Options(auditor=trusting, watch=watch))
    return next(text for text in watch.messages if text.startswith("run ")).removeprefix("run ")


@pytest.fixture(scope="module")
def whole(module_database) -> tuple[str, list]:
    """A legacy database, and what a run that nobody stops makes of it."""
    source = module_database()
    seed(source, rows=5_000)
    given = _settings(source, module_database())
    return source, _content(given, run.migrate(given, Options(auditor=trusting)).run_id)


@pytest.mark.parametrize(
    "stage", ["load, wave 1", "judge wave 1", "judge wave 3", "constraints: index", "analyze", "verify", "publish"]
)
def test_a_stopped_run_goes_on_where_it_stopped_and_ends_the_same(whole, database, stop, stage):
    source, expected = whole
    broken = _settings(source, database())
    run_id = _stopped(broken, stage)
    stop()
    watch = Breaking()
    summary = run.migrate(broken, Options(auditor=trusting, run_id=run_id, watch=watch))
    assert summary.state == "published" and all(table["balanced"] for table in summary.tables)
    assert not any("anew" in text for text in watch.messages)
    assert _content(broken, run_id) == expected
    assert _with_options(broken) == []


class StoppingAfter(Threads):
    """Asks the run to stop when some work has been shared out this often."""

    def __init__(self, work: str, times: int):
        super().__init__(2)
        self._work, self._left = work, times

    def map(self, name, function, items):
        results = super().map(name, function, items)
        self._left -= name == self._work
        if not self._left:
            run.STOP.set()
        return results


@pytest.mark.parametrize(("work", "times"), [("look for orphans", 1), ("look for orphans", 3), ("make keys", 5)])
def test_a_run_that_stopped_within_a_judgement_goes_on_and_ends_the_same(
    whole, database, stop, monkeypatch, work, times
):
    """Some constraints stand by then, and some of what violates the others has gone: a few rows at a time."""
    monkeypatch.setattr(records, "BATCH_ROWS", 2)
    source, expected = whole
    broken, watch = _settings(source, database()), Breaking()
    with pytest.raises(Interrupted):
        run.migrate(broken, Options(auditor=trusting, watch=watch, workers=StoppingAfter(work, times)))
    stop()
    run_id = next(text for text in watch.messages if text.startswith("run ")).removeprefix("run ")
    summary = run.migrate(broken, Options(auditor=trusting, run_id=run_id))
    assert summary.state == "published" and all(table["balanced"] for table in summary.tables)
    assert _content(broken, run_id) == expected


def test_a_run_begins_anew_when_the_source_has_changed(settings, stop):
    given = settings()
    run_id = _stopped(given, "judge wave 1")
    with psycopg.connect(given.source.conninfo, autocommit=True) as conn:
        conn.execute("update reviews set updated_at = updated_at where id = (select id from reviews limit 1)")
    stop()
    watch = Breaking()
    assert run.migrate(given, Options(auditor=trusting, run_id=run_id, watch=watch)).state == "published"
    assert any("anew" in text and "reviews" in text for text in watch.messages)


def test_a_run_knows_the_plan_that_it_began_anew_by(settings, stop):
    """Of two plans, neither goes on over the other's chunks; and each goes on over its own."""
    first = settings()
    second = first.model_copy(update={"frame_chunk_bytes": first.frame_chunk_bytes // 2, "profile": "other"})
    run_id = _stopped(first, "judge wave 1")
    stop()
    for given, is_anew in ((second, True), (second, False), (first, True)):
        watch = Breaking("judge wave 1")
        with pytest.raises(Interrupted):
            run.migrate(given, Options(auditor=trusting, run_id=run_id, watch=watch))
        assert any("anew" in text for text in watch.messages) == is_anew, watch.messages
        stop()
        assert operations.status(given)[0]["profile"] == given.profile


def test_a_run_begins_anew_when_the_pages_of_a_table_are_not_what_they_were(settings, stop):
    """An insert that was rolled back changes no row, and lengthens the table's file.

    A vacuum would cut the file again: it does not while somebody else has a lock on the table.
    """
    given = settings().model_copy(update={"stream_chunk_bytes": 65536, "frame_chunk_bytes": 65536})
    run_id = _stopped(given, "judge wave 1")
    with psycopg.connect(given.source.conninfo) as conn:
        conn.execute("create temp table more as select * from notifications")
        conn.execute("update more set id = gen_random_uuid()")
        for _ in range(3):
            conn.execute("insert into notifications select * from more")
            conn.execute("update more set id = gen_random_uuid()")
        conn.rollback()
        conn.execute("select from notifications limit 0")
        stop()
        watch = Breaking()
        summary = run.migrate(given, Options(auditor=trusting, run_id=run_id, watch=watch))
    assert any("anew" in text and "pages" in text for text in watch.messages), watch.messages
    assert summary.state == "published" and all(table["balanced"] for table in summary.tables)


def test_nothing_is_visible_before_the_end(settings):
    given = settings()
    _stopped(given, "analyze")
    with psycopg.connect(given.target.conninfo) as conn:
        assert conn.execute("select to_regnamespace('nxtgauge'), to_regnamespace('legacy_archive')").fetchone() == (
            None,
            None,
        )


def test_a_dry_run_leaves_its_bookkeeping_alone(settings):
    given = settings()
    summary = run.migrate(given, Options(dry_run=True))
    assert summary.state == "discarded" and all(table["balanced"] for table in summary.tables)
    with psycopg.connect(given.target.conninfo) as conn:
        left = conn.execute("select nspname::text from pg_namespace where nspname ~ '^(nxtgauge|legacy)'").fetchall()
    assert left == []


def test_a_run_is_resumed_as_what_it_was(settings, stop):
    given = settings()
    run_id = _stopped(given, "judge wave 1")
    stop()
    with pytest.raises(ConfigError, match="without --dry-run"):
        run.migrate(given, Options(run_id=run_id, dry_run=True))
