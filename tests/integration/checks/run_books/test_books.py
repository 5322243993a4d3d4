"""The books are judged: right ones pass, whatever kinds of entries they hold, and each wrong entry is named."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from checks.reading import addresses, many, statements
from checks.run_books import rejects
from checks.verdict import FAIL, PASS, Check, Verdict
from checks.verify import hidden, verify
from config import settings as configuration
from config.settings import Settings
from engine.run import migrate
from engine.start.options import Options
from tests.support.auditors import trusting
from tests.support.places import GOLDEN

AWKWARD = Path(__file__).parents[2] / "awkward_books.sql"
REJECTED = """
    insert into migration.rejects (run_id, legacy_table, legacy_key, target_table, reason, detail, legacy_row)
    values (%s, %s, %s, %s, %s, %s, '{}')
    on conflict (run_id, legacy_table, legacy_key) do update set reason = excluded.reason, detail = excluded.detail
"""

# Values that their domain takes no more: what is split off from these reviews cannot be made.
UNFIT = """
    create function fine(n int) returns boolean language sql immutable as 'select true';
    create domain checked as int check (fine(value));
    create table reviews (id text primary key, rating int, display_order checked);
    insert into reviews values ('r1', 5, 13), ('r2', 4, 1), ('r3', 4, 2), ('r4', 3, 13);
    create or replace function fine(n int) returns boolean language sql immutable as 'select n <> 13';
"""
# Of activity_logs: an entry twice, one that is not there, one that leads nowhere or to no table, ids that no row has or
# that no other row keeps.
WRONG_IDS = [
    "insert into migration.id_map select * from migration.id_map where legacy_table = 'activity_logs' and "
    "legacy_id = '4'",
    "delete from migration.id_map where legacy_table = 'activity_logs' and legacy_id = '5'",
    "update migration.id_map set target_id = gen_random_uuid() where legacy_table = 'activity_logs' and "
    "legacy_id = '6'",
    "update migration.id_map set target_table = 'nowhere' where legacy_table = 'activity_logs' and legacy_id = '7'",
    *(
        f"insert into migration.id_map select run_id, legacy_table, '{id_}', target_table, target_id, why "
        "from migration.id_map where legacy_table = 'activity_logs' and legacy_id = '8'"
        for id_ in ("999", "00000000-0000-0000-0000-0000000000F1")
    ),
]


Original = tuple[str, str, str]


def _settings(source: str, target: str) -> Settings:
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})


@pytest.fixture(scope="module")
def original(module_database: Callable[..., str]) -> Original:
    """URLs of an awkward database and of what was migrated of it, and the run; tests write to copies."""
    source, target = module_database(), module_database()
    with psycopg.connect(source) as conn:
        conn.execute(AWKWARD.read_text(encoding="utf-8"))
        conn.execute(UNFIT)
    return source, target, migrate(_settings(source, target), Options(auditor=trusting)).run_id


@pytest.fixture
def migrated(original: Original, database: Callable[..., str]) -> tuple[Settings, str]:
    """Settings with a copy of the target, and the run."""
    source, target, run_id = original
    return _settings(source, database(template=target)), run_id


def _judged(settings: Settings, run_id: str) -> Verdict:
    return verify.judge(settings, run_id=run_id, schema="nxtgauge", archive="legacy_archive", level="content")


def _check(settings: Settings, run_id: str, name: str) -> Check:
    return next(check for check in _judged(settings, run_id).checks if check.name == name)


def test_books_of_every_kind_pass(migrated: tuple[Settings, str]) -> None:
    verdict = _judged(*migrated)
    assert not [(check.name, check.detail) for check in verdict.checks if check.is_closing]
    looked_at = {check.name for check in verdict.checks if check.status == PASS}
    rejected = {"notifications", "tickets", "bookings", "onboarding_submissions"}
    assert {f"books/reasons/{table}" for table in rejected} <= looked_at
    noted = {"books/notes/kb_articles", "books/notes/activity_logs", "books/notes/reviews"}
    assert {*noted, "books/id_map/activity_logs", "balance/run", "books/tables"} <= looked_at
    assert not [gap for gap in verdict.not_looked_at if "could not" in gap or "whether" in gap]


WRONG_REASONS = [
    ("tickets", "1", "tickets", "tickets_check", "a check that it keeps"),
    ("bookings", "(0,3)", "bookings", "bookings_kind_excl", "beside rows that are not there"),
    ("bookings", "(0,1)", "bookings", "bookings_user_id_fkey", "a parent that is there"),
    ("notifications", "00000000-0000-0000-0000-0000000000B2", "notifications", "parent_rejected", "none was"),
    ("onboarding_submissions", "s3", "verification_requests", "invalid_value",
     "the value for payload is not of its type"),
    ("onboarding_submissions", "s5", "verification_requests", "no_reason", "of no kind"),
    ("submission_documents", "2", "verification_documents", "verification_documents_file_url_not_null", "no"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(2), ids=["one reason of a table", "another one of it"])
def test_wrong_reasons_are_found(migrated, number: int) -> None:
    settings, run_id = migrated
    wrong: dict[str, tuple[str, ...]] = {}
    for each in WRONG_REASONS[:: 1 - 2 * number]:
        wrong.setdefault(each[0], each)
    with psycopg.connect(settings.target.conninfo) as conn:
        for each in wrong.values():
            conn.execute(REJECTED, [run_id, *each])
        secret = conn.execute("select key from migration.digest_key").fetchone()[0]
    checks = {check.name: check for check in _judged(settings, run_id).checks}
    for table, key, *_ in wrong.values():
        check, shown = checks[f"books/reasons/{table}"], hidden.digest(secret, key)
        wanted = shown if table == "onboarding_submissions" else key
        assert (check.status, [row.key for row in check.rows]) == (FAIL, [wanted])


def test_of_very_many_rows_the_session_holds_the_keys_and_judges_the_same(migrated, monkeypatch) -> None:
    def told() -> dict[str, tuple]:
        return {check.name: (check.status, check.compared, check.rows) for check in _judged(settings, run_id).checks}

    settings, run_id = migrated
    with psycopg.connect(settings.target.conninfo) as conn:  # so that there is something to tell
        conn.execute(REJECTED, [run_id, "tickets", "1", "tickets", "tickets_check", "a check that it keeps"])
        key = "00000000-0000-0000-0000-0000000000B2"
        conn.execute(REJECTED, [run_id, "notifications", key, "notifications", "parent_rejected", "none was"])
        for fault in WRONG_IDS:
            conn.execute(fault)
    of_few = told()
    monkeypatch.setattr(many, "FEW", 0)
    monkeypatch.setattr(many, "PAGE_ROWS", 2)
    of_many = told()
    assert of_many == of_few
    assert of_few["law/review_display_settings/display"][:2] == (PASS, 2)  # of four, two of which could not be made
    assert (of_few["books/reasons/tickets"][0], of_few["books/reasons/notifications"][0]) == (FAIL, FAIL)
    found = {(row.key, row.what) for row in of_few["books/id_map/activity_logs"][2]}
    assert found == {("4", "unexpected"), ("5", "missing"), ("6", "breaks the rule"), ("7", "differs"),
                     ("999", "unexpected"), ("00000000-0000-0000-0000-0000000000F1", "unexpected")}  # fmt: skip


def test_text_in_place_of_json_has_to_be_needed(migrated: tuple[Settings, str]) -> None:
    settings, run_id = migrated
    with psycopg.connect(settings.target.conninfo) as conn:
        conn.execute(
            "update migration.rejects set legacy_row = to_jsonb(legacy_row::text) "
            "where legacy_table = 'notifications' and legacy_key like '%b3'"
        )
    check = _check(settings, run_id, "books/rejects/notifications")
    assert (check.status, [row.key[-2:] for row in check.rows]) == (FAIL, ["b3"])


def test_older_servers_know_the_same_addresses(migrated: tuple[Settings, str]) -> None:
    settings, run_id = migrated
    sessions = verify.Readers(settings, None)
    facts = verify._facts(settings, sessions, run_id, "nxtgauge", "legacy_archive")
    older = replace(facts, source=replace(facts.source, version=140_000))
    column = facts.source.table("activity_logs").find_column("ip")
    with sessions.source() as conn:
        older = replace(older, addresses=addresses.accepted(conn, older))
        read = [
            conn.execute(f"select id, {addresses.spelled(one, column)} from public.activity_logs as t").fetchall()
            for one in (facts, older)
        ]
    assert older.addresses
    assert read[0] == read[1]
    assert {"10.0.0.0/8", "::ffff:1.2.3.4", None} <= {address for _, address in read[0]}


def test_a_server_may_keep_the_members_of_a_document_in_another_order(database, monkeypatch) -> None:
    """jsonb sorts them by their bytes, of which an encoding may need more; another value is found all the same."""
    monkeypatch.setattr(rejects, "LOOKED_UP", 2)
    source, target = database(encoding="LATIN1"), database()
    with psycopg.connect(source) as conn:
        conn.execute("create table users (id uuid primary key)")
        conn.execute("create table notifications (id int primary key, user_id uuid not null, data jsonb)")
        conn.execute(
            "insert into notifications select n, '00000000-0000-0000-0000-0000000000a9', '{\"éé\": 1.10, \"aaa\": 2}' "
            "from generate_series(1, 5) as n"
        )
    settings = _settings(source, target)
    run_id = migrate(settings, Options(auditor=trusting)).run_id
    check = _check(settings, run_id, "books/rejects/notifications")
    assert (check.status, check.compared) == (PASS, 5)
    with psycopg.connect(target) as conn:
        conn.execute("""update migration.rejects set legacy_row = jsonb_set(legacy_row, '{data,éé}', '1.1')
            where legacy_key = '4'""")
    check = _check(settings, run_id, "books/rejects/notifications")
    assert (check.status, [(row.key, row.columns) for row in check.rows]) == (FAIL, [("4", ("legacy_row",))])


def test_blank_times_are_told_in_batches(database, monkeypatch) -> None:
    monkeypatch.setattr(statements, "BATCH_ROWS", 1)
    source, target = database(), database()
    with psycopg.connect(source) as conn:
        conn.execute((GOLDEN / "verification" / "blank_times" / "source.sql").read_text(encoding="utf-8"))
    settings = _settings(source, target)
    run_id = migrate(settings, Options(auditor=trusting)).run_id
    assert _check(settings, run_id, "books/notes/tutor_profiles").status == PASS
    with psycopg.connect(target) as conn:
        conn.execute("delete from migration.notes where legacy_key like '%b1' and target_column = 'created_at'")
        conn.execute("""insert into migration.notes select run_id, legacy_table, replace(legacy_key, 'b1', 'b2'),
            target_table, target_column, note, legacy_value from migration.notes where legacy_key like '%b1'""")
    check = _check(settings, run_id, "books/notes/tutor_profiles")
    assert [(row.key[-2:], row.what) for row in check.rows] == [("b1", "missing"), ("b2", "breaks the rule")]
