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
from tests.histories.databases import filling
from tests.support.auditors import trusting

pytestmark = pytest.mark.usefixtures("ddl_untried")
CONTENT = """
    select 'root', id::text, role, status from nxtgauge.user_role_profiles
    union all select 'item', id::text, user_role_profile_id::text, '' from nxtgauge.portfolio_items
    union all select 'request', id::text, request_type, status from nxtgauge.verification_requests
    union all select 'image', id::text, portfolio_item_id::text, '' from nxtgauge.portfolio_images
    union all select 'reject', legacy_table, legacy_key, reason from migration.rejects where run_id = %(run)s
    union all select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'nxtgauge'::regnamespace
    union all select 'index', tablename, indexname, indexdef from pg_indexes where schemaname = 'nxtgauge'
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
    filling.sample(source, rows=5_000)
    given = _settings(source, module_database())
    return source, _content(given, run.migrate(given, Options(auditor=trusting)).run_id)


@pytest.fixture
def settings(whole, database):
    """The same legacy database, which the test leaves alone, and a target of its own."""
    return _settings(whole[0], database())


@pytest.fixture
def changing(whole, database):
    """The same with a legacy database of the test's own."""
    return _settings(database(template=whole[0]), database())


def _asked(settings, query: str) -> list[tuple]:
    with psycopg.connect(settings.target.conninfo) as conn:
        return conn.execute(query).fetchall()


def _gone_on(settings, run_id: str, stage: str | None = None) -> Breaking:
    """A further attempt, which is stopped where a stage is named; what it said."""
    watch = Breaking(stage)
    if stage is None:
        summary = run.migrate(settings, Options(auditor=trusting, run_id=run_id, watch=watch))
        assert summary.state == "published" and all(table["balanced"] for table in summary.tables)
    else:
        with pytest.raises(Interrupted):
            run.migrate(settings, Options(auditor=trusting, run_id=run_id, watch=watch))
    return watch


STAGES = ["load, wave 1", "judge wave 1", "judge wave 3", "constraints: index", "analyze", "verify", "publish"]
MOVED = "select route, number, committed_at from migration.chunks"
VISIBLE = "select from pg_namespace where nspname in ('nxtgauge', 'legacy_archive')"


def test_a_run_that_is_stopped_at_one_stage_after_the_other_goes_on_where_it_stopped_and_ends_the_same(
    whole, settings, stop
):
    """And nothing of it is visible before the end."""
    run_id, moved = _stopped(settings, STAGES[0]), set()
    for stage in (*STAGES[1:], None):
        assert _asked(settings, VISIBLE) == []
        stop()
        watch = _gone_on(settings, run_id, stage)
        assert not any("anew" in text for text in watch.messages), (stage, watch.messages)
        assert moved <= (moved := {*_asked(settings, MOVED)}), stage
    assert _content(settings, run_id) == whole[1]
    assert _with_options(settings) == []


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


def test_a_run_that_is_stopped_within_its_judgements_goes_on_and_ends_the_same(whole, settings, stop, monkeypatch):
    """Some constraints stand by then, and some of what violates the others has gone: a few rows at a time."""
    monkeypatch.setattr(records, "BATCH_ROWS", 2)
    for work, times in (("look for orphans", 1), ("look for orphans", 2), ("make keys", 4)):
        with pytest.raises(Interrupted):
            run.migrate(settings, Options(auditor=trusting, resume=True, workers=StoppingAfter(work, times)))
        stop()
    ((run_id,),) = _asked(settings, "select run_id from migration.runs")
    _gone_on(settings, run_id)
    assert _content(settings, run_id) == whole[1]


def test_a_run_begins_anew_when_the_source_has_changed_or_the_pages_of_a_table_are_not_what_they_were(changing, stop):
    """An insert that was rolled back changes no row, and lengthens the table's file.

    A vacuum would cut the file again: it does not while somebody else has a lock on the table.
    """
    given = changing.model_copy(update={"stream_chunk_bytes": 65536, "frame_chunk_bytes": 65536})
    run_id = _stopped(given, "judge wave 1")
    with psycopg.connect(given.source.conninfo, autocommit=True) as conn:
        conn.execute("update reviews set updated_at = updated_at where id = (select id from reviews limit 1)")
    stop()
    said = _gone_on(given, run_id, "judge wave 1").messages
    assert any("anew" in text and "reviews" in text for text in said), said
    with psycopg.connect(given.source.conninfo) as conn:
        conn.execute("create temp table more as select * from notifications")
        conn.execute("update more set id = gen_random_uuid()")
        for _ in range(3):
            conn.execute("insert into notifications select * from more")
            conn.execute("update more set id = gen_random_uuid()")
        conn.rollback()
        conn.execute("select from notifications limit 0")
        stop()
        said = _gone_on(given, run_id).messages
    assert any("anew" in text and "pages" in text for text in said), said


def test_a_run_knows_the_plan_that_it_began_anew_by(settings, stop):
    """Of two plans, neither goes on over the other's chunks; and each goes on over its own."""
    second = settings.model_copy(update={"frame_chunk_bytes": settings.frame_chunk_bytes // 2, "profile": "other"})
    run_id = _stopped(settings, "judge wave 1")
    for given, is_anew in ((second, True), (second, False), (settings, True)):
        stop()
        said = _gone_on(given, run_id, "judge wave 1").messages
        assert any("anew" in text for text in said) == is_anew, said
        assert operations.status(given)[0]["profile"] == given.profile


def test_a_dry_run_leaves_its_bookkeeping_alone(settings):
    summary = run.migrate(settings, Options(auditor=trusting, dry_run=True))
    assert summary.state == "discarded" and all(table["balanced"] for table in summary.tables)
    assert _asked(settings, "select nspname::text from pg_namespace where nspname ~ '^(nxtgauge|legacy)'") == []


def test_a_run_is_resumed_as_what_it_was(settings, stop):
    run_id = _stopped(settings, "load, wave 1")
    stop()
    with pytest.raises(ConfigError, match="without --dry-run"):
        run.migrate(settings, Options(run_id=run_id, dry_run=True))
