"""The verification of a small migrated database: all is well, a side changes, something cannot be looked at."""

import contextlib
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from checks.compare import comparison, hashing, law_files
from checks.expectations import runner
from checks.reading import connect
from checks.reporting import terminal
from checks.verdict import ERROR, FAIL, PASS, Check, Verdict
from checks.verify import jobs, verify
from config import settings as configuration
from config.errors import ConfigError, SourceError, TargetError, VerificationFailed
from engine.start.options import Options
from tests.support.auditors import reconciling, seal_again, trusting
from tests.support.patience import allowed
from tests.support.places import GOLDEN

ENDING = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and application_name = 'nxtgauge-migrate'
"""
CASE = GOLDEN / "finance" / "payments_to_orders" / "source.sql"


def _settings(source: str, target: str) -> configuration.Settings:
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})


@pytest.fixture(scope="module")
def original(module_database) -> tuple[str, str]:
    """URLs of a small legacy database and of what was published of it, as everybody's copies are made of them."""
    from engine.run import migrate

    source, target = module_database(), module_database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(CASE.read_text())
    migrate(_settings(source, target), Options(auditor=trusting))
    return source, target


@pytest.fixture
def migrated(database, original) -> tuple[configuration.Settings, str, str]:
    """Settings, and the URLs of the two databases, which are the test's own."""
    source, target = (database(template=url) for url in original)
    return _settings(source, target), source, target


def _published(settings, **options) -> Verdict:
    return verify.published(settings, **{"level": "content", **options})


def _statuses(verdict: Verdict) -> dict[str, str]:
    return {check.name: check.status for check in verdict.checks}


def _do(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set search_path = nxtgauge, public")
        conn.execute(statement)


def test_all_is_well(migrated) -> None:
    verdict = _published(migrated[0])
    assert set(_statuses(verdict).values()) == {PASS}
    assert verdict.passed and len(verdict.checks) > 50


def test_the_suites_are_part_of_the_whole(migrated) -> None:
    heard: list[tuple[int, int, float]] = []
    verdict = _published(migrated[0], level="full", tell=lambda *said: heard.append(said))
    assert verdict.passed
    done, totals, shares = zip(*heard, strict=True)
    assert len(set(totals)) == 1 and list(done) == sorted(done) and list(shares) == sorted(shares)
    assert heard[0][0] == 0 and heard[-1][0] == totals[0] and heard[-1][2] == pytest.approx(1)
    assert 0.8 < heard[-2][2] < 1  # the suites are yet to come
    assert Counter(check.kind for check in verdict.checks)["suite"] > 50


def test_a_source_whose_schema_a_fence_has_renamed_is_judged_and_one_without_it_is_told(migrated) -> None:
    settings, source, _ = migrated
    _do(source, "alter schema public rename to public__retired; create schema public")
    verdict = _published(settings)
    assert set(_statuses(verdict).values()) == {PASS} and not verdict.changes
    _do(source, "drop schema public; alter schema public__retired rename to elsewhere")
    with pytest.raises(SourceError, match="no schema public, nor one called public__retired"):
        _published(settings)


def test_what_cannot_be_looked_at_is_an_error_and_no_pass(migrated) -> None:
    settings, _, target = migrated
    _do(target, "alter table orders rename to orders_of_old")
    verdict = _published(settings)
    found = {check.name: check for check in verdict.checks}
    assert found["law/orders/orders"].status == ERROR
    assert found["catalog/tables"].status == FAIL
    assert not verdict.passed


def test_a_check_that_was_not_made_is_an_error(migrated, monkeypatch) -> None:
    made = verify._in_one_session
    monkeypatch.setattr(verify, "_in_one_session", lambda *arguments: dict(list(made(*arguments).items())[1:]))
    verdict = _published(migrated[0])
    lost = [check for check in verdict.checks if check.status == ERROR]
    assert lost and all(check.detail == "was not executed" for check in lost)
    assert not verdict.passed


def test_two_checks_of_one_name_do_not_hide_each_other(migrated, monkeypatch) -> None:
    draft = Check("one", "law", "", None, "a rule", ERROR)
    twins = [jobs.Job(draft, lambda *_, status=status: replace(draft, status=status)) for status in (FAIL, PASS)]
    monkeypatch.setattr(jobs, "planned", lambda *_: twins)
    assert [check.status for check in _published(migrated[0]).checks][:2] == [FAIL, PASS]


def test_the_source_is_read_as_the_run_saw_it(database) -> None:
    """What changes between the snapshot and the verification is no fault of the build."""
    from engine.run import migrate

    source, target = database(), database()
    _do(source, CASE.read_text())
    settings = _settings(source, target)

    def late(case) -> dict:
        _do(source, "update public.payments set amount = amount + 1; delete from public.coupon_uses")
        return reconciling(settings)(case)

    assert migrate(settings, Options(auditor=late)).verdict["passed"]


def test_neither_side_can_be_written(migrated) -> None:
    settings = migrated[0]
    for session in (connect.source(settings.source), connect.target(settings.target)):
        with pytest.raises((SourceError, TargetError), match="ReadOnlySqlTransaction"), session as conn:
            conn.execute("create table public.written ()")


def test_who_asks_to_stop_does_not_wait_for_the_suites(migrated) -> None:
    @contextlib.contextmanager
    def reaching(cancel):
        if isinstance(getattr(cancel, "__self__", None), runner.Child):
            cancel()
        yield

    found = {check.name: check.status for check in _published(migrated[0], level="full", reaching=reaching).checks}
    assert found["suite"] == ERROR


@pytest.mark.parametrize(("side", "kind"), [("source", SourceError), ("target", TargetError)])
def test_a_session_that_is_ended_is_no_verdict_and_is_told_of_by_its_side(migrated, side, kind) -> None:
    settings, *urls = migrated
    opened = []

    @contextlib.contextmanager
    def reaching(cancel):
        opened.append(cancel)
        if len(opened) == 10:  # the sessions in which checks are made
            _do(urls[side == "target"], ENDING)
        yield

    with pytest.raises(kind, match=r"AdminShutdown|has ended") as caught:
        _published(settings, reaching=reaching)
    assert caught.value.retryable and caught.value.exit_code == {"source": 4, "target": 5}[side]


def test_without_a_publish_there_is_nothing_to_judge(database) -> None:
    source, target = database(), database()
    settings = _settings(source, target)
    verdict = _published(settings)
    assert [check.status for check in verdict.checks] == [FAIL]
    assert not verdict.passed


def test_counts_alone_see_a_lost_row_and_no_changed_value(migrated) -> None:
    settings, _, target = migrated
    _unstale(target, "update payments set gateway_payment_id = 'another'")
    verdict = _published(settings, level="counts")
    assert verdict.passed
    assert any("no value was compared" in sentence for sentence in verdict.not_looked_at)
    _unstale(target, "delete from order_items")
    assert _statuses(_published(settings, level="counts"))["law/order_items/items"] == FAIL


def _unstale(target: str, fault: str) -> None:
    """Plants a fault that the seal does not know of."""
    _do(target, f"set session_replication_role = replica; {fault}")
    seal_again(target)


def test_a_sample_says_so(migrated) -> None:
    verdict = _published(migrated[0], sample=10)
    assert any("10% of the key ranges" in sentence for sentence in verdict.not_looked_at)
    assert verdict.sample == 10


@pytest.mark.parametrize("options", [{"level": "all"}, {"sample": 0}, {"sample": 101}])
def test_nonsense_is_refused(migrated, options) -> None:
    with pytest.raises(ConfigError):
        _published(migrated[0], **options)


@pytest.mark.parametrize("hashed", hashing.HASHES)
def test_either_hash_finds_and_names_the_same(migrated, hashed: str) -> None:
    settings, _, target = migrated
    _do(target, "set session_replication_role = replica; update coupons set code = code || '.' where code = 'DIWALI'")
    name = "select t.id::text as key, t.code as code from {}.coupons as t"
    one = comparison.Comparison("c", "content", "", "coupons", "", name.format("public"), name.format("nxtgauge"))
    with connect.source(settings.source) as left, connect.target(settings.target) as right:
        found = comparison.compare(one, left, right, comparison.Look(hashed))
    assert [(row.what, row.columns) for row in found.rows(["differs"])] == [("differs", ("code",))]
    assert found.counts == {"differs": 1}


def test_a_column_called_like_the_query_is_one_of_several(migrated) -> None:
    settings = migrated[0]
    query = "select 'k' as key, 1 as x, {} as y"
    one = comparison.Comparison("c", "content", "", "t", "", query.format(1), query.format(2))
    with connect.source(settings.source) as left, connect.target(settings.target) as right:
        found = comparison.compare(one, left, right, comparison.Look())
    assert [(row.what, row.columns) for row in found.rows(["differs"])] == [("differs", ("y",))]


@pytest.fixture
def counted(monkeypatch) -> Callable[[], Counter]:
    """Counts the statements of the auditor that read each table, by side."""
    statements: list[str] = []
    execute = psycopg.Connection.execute
    monkeypatch.setattr(
        psycopg.Connection, "execute",
        lambda self, query, *rest, **more: (statements.append(str(query)), execute(self, query, *rest, **more))[1],
    )  # fmt: skip
    return lambda: statements


def test_statements_do_not_grow_with_the_rows_that_differ(migrated, counted) -> None:
    """A comparison costs one statement a side where all agrees, and at most four where something differs."""
    settings, _, target = migrated
    _published(settings)
    agreeing = len(counted())
    counted().clear()
    _unstale(target, "update payments set currency = 'XXX'")
    counted().clear()
    verdict = _published(settings)
    failed = [check for check in verdict.checks if check.status == FAIL]
    assert failed
    assert len(counted()) - agreeing <= 8 * len(failed)


def test_each_table_is_read_a_bounded_number_of_times(migrated, counted) -> None:
    settings, _, _ = migrated
    _published(settings)
    text = [s for s in counted() if re.search(r'from "public"."users"', s)]
    assert 0 < len(text) <= 12, len(text)


def test_a_law_that_is_added_reads_no_table_once_more(migrated, monkeypatch) -> None:
    """On either side, however many laws there are."""
    settings, *urls = migrated
    once = _scans(settings, urls)
    twins = [replace(law, name=f"{law.name}_again") for law in law_files.load() if law.target]
    laws = (*law_files.load(), *twins)
    monkeypatch.setattr(law_files, "load", lambda: laws)
    assert len(twins) > 20
    assert _scans(settings, urls) == once


def _scans(settings, urls: list[str]) -> list[dict[str, int]]:
    """How often a verification reads each table of source and target. A session counts what it has read as it ends."""
    for url in urls:
        _wait_until_alone(url)
        _do(url, "select pg_stat_reset()")
    assert _published(settings).passed
    query = "select concat(schemaname, '.', relname), seq_scan from pg_stat_user_tables where seq_scan > 0"
    found = []
    for url in urls:
        _wait_until_alone(url)
        with psycopg.connect(url, autocommit=True) as conn:
            found.append(dict(conn.execute(query).fetchall()))
    return found


def _wait_until_alone(url: str) -> None:
    query = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    until = time.monotonic() + allowed(30)
    with psycopg.connect(url, autocommit=True) as conn:
        while conn.execute(query).fetchall():
            assert time.monotonic() < until, "other sessions stay in the database"
            time.sleep(0.05)


def test_rows_of_one_range_that_have_swapped_their_values_differ(migrated) -> None:
    """A sum over rows must not be one over columns: then each column of a range would add up as it did."""
    settings, place = migrated[0], "hash_record_extended(row(g::text), 0) & 1023"
    rows = f"""
        select g::text as key, g::text as value,
            row_number() over (partition by {place} order by g) as up,
            row_number() over (partition by {place} order by g desc) as down,
            {place} as place
        from generate_series(1, 5000) as g
    """
    left = f"select key, value from ({rows}) as r"
    right = f"select r.key, o.value from ({rows}) as r join ({rows}) as o on o.place = r.place and o.up = r.down"
    one = comparison.Comparison("c", "content", "", "t", "", left, right)
    with connect.source(settings.source) as source, connect.target(settings.target) as target:
        found = comparison.compare(one, source, target, comparison.Look())
    assert found.counts["differs"] > 4000


def test_ranges_are_summed_only_where_two_sides_differ(migrated, monkeypatch) -> None:
    """They take a second hash of each row; rows and columns are named all the same."""
    settings, asked = migrated[0], list[str]()
    summed = comparison.sums
    monkeypatch.setattr(
        comparison, "sums", lambda conn, one, *shown: asked.append(one.query) or summed(conn, one, *shown)
    )
    rows = "select g::text as key, g % 7 as value from generate_series(1, 500) as g"
    one = comparison.Comparison("c", "content", "", "t", "", rows, rows)
    other = replace(one, target=rows.replace("g % 7", "g % 7 + (g = 33)::int"))
    with connect.source(settings.source) as source, connect.target(settings.target) as target:
        alike = comparison.compare(one, source, target, comparison.Look())
        assert (alike.compared, alike.counts, asked) == (500, Counter(), [])
        found = comparison.compare(other, source, target, comparison.Look())
    assert found.columns == {"33": ("value",)} and asked == [other.source, other.target]


def test_one_worker_finds_what_two_find(migrated, monkeypatch) -> None:
    """Two begin with what needs no relation that is asked once, while that is asked."""
    settings, began, evaluated = migrated[0], threading.Event(), jobs.evaluate
    one = _published(settings.model_copy(update={"workers": 1}))
    monkeypatch.setattr(jobs, "evaluate", lambda *given: began.wait(allowed(30)) and evaluated(*given))
    two = _published(
        settings.model_copy(update={"workers": 2}), tell=lambda done, *_: began.set() if done > 20 else None
    )
    assert began.is_set() and len(one.checks) > 100
    assert [replace(check, seconds=0) for check in one.checks] == [replace(check, seconds=0) for check in two.checks]


def test_replacing_keeps_a_verdict_frozen() -> None:
    verdict = Verdict(None, "nxtgauge", "full", None, ())
    assert not verdict.passed  # nothing was checked
    assert replace(verdict, level="content").level == "content"


def test_a_key_that_may_hold_somebody_is_told_by_a_digest_that_leads_to_the_row(database, tmp_path) -> None:
    """In the verdict, so in every report; at a terminal its reader finds the row again."""
    from checks.verify import show
    from engine.run import migrate
    from flows.local import report as files

    source, target = database(), database()
    keys = {
        "by_mail (mail text": "'asha@example.org'",
        "by_both (no int, handle varchar(9)": "1, 'asha-rao'",
        "by_number (no bigint": "9876543210",
        "by_day (day date": "'2001-02-03'",
        "by_phone (phone text": "'98765 43210'",
        "by_word (word text": "'ok'",
    }
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute("create table users (id uuid primary key)")
        for table, key in keys.items():
            names = ", ".join(part.split()[0] for part in table.partition("(")[2].split(", "))
            conn.execute(f"create table {table}, note text, primary key ({names}))")
            conn.execute(f"insert into {table.split()[0]} values ({key}, 'then')")
    settings = _settings(source, target)

    def tampering(case) -> dict:
        with psycopg.connect(target, autocommit=True) as conn:
            for table in keys:
                conn.execute(f"update {case.schema}.{table.split()[0]} set note = 'now'")
        return reconciling(settings)(case)

    with pytest.raises(VerificationFailed) as refused:
        migrate(settings, Options(auditor=tampering))
    made = files.of(refused.value.summary.to_dict())
    told = {
        check["table"]: check["rows"][0]["key"] for check in made["checks"] if check["name"].startswith("content/by_")
    }
    assert told["by_number"] == "9876543210" and told["by_day"] == "2001-02-03"
    assert all(re.fullmatch("#[0-9a-f]{12}", told[name]) for name in ("by_mail", "by_both", "by_phone", "by_word"))
    text = "".join(Path(path).read_text() for path in files.write(made, tmp_path)) + terminal.render(made)
    assert told["by_mail"] in text and not re.search("asha|98765 ", text)
    shown = {each.key for each in show.values(settings, made)}
    assert {"asha@example.org", '["1", "asha-rao"]', "98765 43210"} <= shown
    with psycopg.connect(target) as conn:
        query = """select mail from by_mail, migration.digest_key
                   where '#' || left(encode(sha256(key || convert_to(mail, 'UTF8')), 'hex'), 12) = %s"""
        conn.execute("set search_path = nxtgauge__build")
        assert conn.execute(query, [told["by_mail"]]).fetchone() == ("asha@example.org",)
