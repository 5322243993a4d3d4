"""The suites on a migrated database: nothing critical fails; of faults planted in it each is found by its own check.

One copy of the database has all faults at once, so that one judgement finds them and finds nothing else.
"""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from checks.expectations import runner
from checks.verdict import CRITICAL, ERROR, FAIL, INFO, PASS, WARNING, Check
from config import settings
from config.errors import TargetError
from config.postgres import connection
from config.postgres.connection import Connection
from engine.start.options import Options
from tests.support.auditors import trusting
from tests.support.places import PROJECT

SCHEMA = "nxtgauge"
ROWS = 20_000
CANARIES = ("canary.keeper@leak.example", "+49 171 0000042")

# SQL that plants a fault, and the checks that find it: name → (status, severity).
FAULTS: list[tuple[str, dict[str, tuple[str, str]]]] = [
    (
        """alter table orders drop constraint orders_status_check;
        update orders set status = 'canary.keeper@leak.example' where id = (select min(id::text)::uuid from orders)""",
        {"suite/orders/values/status": (FAIL, CRITICAL), "suite/payment_transactions/status": (FAIL, WARNING)},
    ),
    (
        """alter table orders drop constraint orders_check;
        update orders set total = total + 0.01 where id = (select max(id::text)::uuid from orders)""",
        {"suite/orders/total": (FAIL, CRITICAL), "suite/orders/transaction": (FAIL, CRITICAL)},
    ),
    (
        """alter table order_items drop constraint order_items_quantity_check;
        update order_items set quantity = 0 where id = (select min(id::text)::uuid from order_items)""",
        {"suite/order_items/range/quantity": (FAIL, CRITICAL), "suite/order_items/line-total": (FAIL, CRITICAL)},
    ),
    (
        """alter table verification_requests alter request_type drop not null;
        update verification_requests set request_type = null
        where id = (select min(id::text)::uuid from verification_requests where status = 'DRAFT')""",
        {"suite/verification_requests/required": (FAIL, CRITICAL)},
    ),
    (
        """update verification_requests r set user_id = (select id from users where id <> r.user_id limit 1)
        where id = (select min(id::text)::uuid from verification_requests where user_role_profile_id is not null)""",
        {"suite/verification_requests/same-user": (FAIL, CRITICAL)},
    ),
    (
        """update approval_requests set decided_at = null
        where id = (select min(id::text)::uuid from approval_requests where status = 'APPROVED')""",
        {"suite/approval_requests/decided-at": (FAIL, WARNING)},
    ),
    (
        """update verification_documents set file_url = ' '
        where id = (select min(id::text)::uuid from verification_documents)""",
        {"suite/verification_documents/file-url": (FAIL, WARNING)},
    ),
    (
        """alter table job_applications drop constraint applications_job_id_fkey;
        update job_applications set job_id = gen_random_uuid()
        where id = (select min(id::text)::uuid from job_applications)""",
        {"suite/job_applications/job": (FAIL, CRITICAL)},
    ),
    ("alter table developer_profiles add github_url text", {"suite/developer_profiles/gone": (FAIL, CRITICAL)}),
    ("update tutor_profiles set teaching_mode = 'https://t.example'", {"suite/tutor_profiles/links": (FAIL, INFO)}),
    (
        """update photographer_profiles e set user_role_profile_id = (
            select min(id::text)::uuid from user_role_profiles where role = 'tutor'
        ) where id = (select min(id::text)::uuid from photographer_profiles)""",
        {"suite/photographer_profiles/root": (FAIL, CRITICAL), "suite/user_role_profiles/extension": (FAIL, CRITICAL)},
    ),
    (
        "delete from role_permissions where ctid = (select min(ctid) from role_permissions)",
        {"suite/role_permissions/rows": (FAIL, CRITICAL)},
    ),
    ("alter table kb_sections alter position type bigint", {"suite/kb_sections/types": (FAIL, CRITICAL)}),
    (
        """update kb_articles a set category_id = (select id from kb_categories where id <> a.category_id limit 1)
        where id = (select min(id::text)::uuid from kb_articles where category_id is not null)""",
        {"suite/kb_articles/section": (FAIL, CRITICAL)},
    ),
    ("alter table audit_logs drop column user_agent", {"suite/audit_logs/columns": (FAIL, CRITICAL)}),
    (
        """update audit_log_changes set new_value = old_value
        where id = (select min(id::text)::uuid from audit_log_changes)""",
        {"suite/audit_log_changes/differs": (FAIL, CRITICAL)},
    ),
    ("drop table tax_rules", {"suite/tax_rules/table": (FAIL, CRITICAL)}),
    (
        """alter table tracecoin_wallets drop constraint tracecoin_wallets_balance_check;
        update tracecoin_wallets set balance = -1 where id = (select min(id::text)::uuid from tracecoin_wallets)""",
        {"suite/tracecoin_wallets/balance": (FAIL, INFO)},
    ),
    (
        """alter table support_ticket_messages drop constraint if exists support_ticket_messages_ticket_id_fkey;
        update support_ticket_messages set ticket_id = gen_random_uuid()
        where id = (select min(id::text)::uuid from support_ticket_messages)""",
        {"suite/support_ticket_messages/ticket": (FAIL, CRITICAL)},
    ),
    (  # the server's message quotes the value
        """alter table payments alter amount type text;
        update payments set amount = '+49 171 0000042'
        where id = (select min(payment_id::text)::uuid from payment_transactions)""",
        {"suite/payment_transactions/payment": (ERROR, CRITICAL)},
    ),
    (  # no rule reckons with a text
        """alter table leads drop constraint requirements_budget_check;
        alter table leads alter budget_min type text;
        update leads set budget_min = 'from 500'""",
        {},
    ),
    ("update users set full_name = '+49 171 0000042', email = 'canary.keeper@leak.example'::text || id", {}),
]
EXPECTED = {name: said for _, checks in FAULTS for name, said in checks.items()}

Judged = tuple[list[Check], list[str]]


@pytest.fixture(scope="module")
def copies(postgres_url: str) -> Iterator[Callable[[], str]]:
    """A function that copies a migrated database; all copies are dropped with the module."""
    from engine.run import migrate
    from flows.demo.seed import seed

    names: list[str] = []

    def make(template: str = "template0") -> str:
        names.append(f"suites_{secrets.token_hex(6)}")
        statement = sql.SQL("create database {} template {}")
        administer(statement.format(sql.Identifier(names[-1]), sql.Identifier(template)))
        return make_conninfo(postgres_url, dbname=names[-1])

    def administer(statement: sql.Composed) -> None:
        with psycopg.connect(postgres_url, autocommit=True) as conn:
            conn.execute(statement)

    source, target = make(), make()
    migrated = names[-1]
    seed(source, rows=ROWS)
    urls = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target}
    migrate(settings.load("demo", urls), Options(auditor=trusting))
    yield lambda: make(migrated)
    for name in names:
        administer(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def sound(copies) -> tuple[Judged, dict[str, int]]:
    """The judgement of a database without faults, and its numbers of rows."""
    url = copies()
    rows = counts(url)
    return runner.judge(parsed(url), SCHEMA, rows), rows


@pytest.fixture(scope="module")
def faulty(copies, sound, tmp_path_factory) -> tuple[Judged, str, str]:
    """The judgement of a database with all faults, its URL, and all text of the Data Docs."""
    url, docs = copies(), tmp_path_factory.mktemp("docs")
    with psycopg.connect(url, autocommit=True, options=f"-c search_path={SCHEMA},public") as conn:
        for fault, _ in FAULTS:
            conn.execute(fault)
    judged = runner.judge(parsed(url), SCHEMA, sound[1], docs=docs)
    return judged, url, "".join(page.read_text("utf-8") for page in docs.rglob("*.html"))


def parsed(url: str) -> Connection:
    return connection.parse(url, "NXTGAUGE_TARGET_URL")


def counts(url: str, schema: str = SCHEMA) -> dict[str, int]:
    with psycopg.connect(url) as conn:
        names = [name for (name,) in conn.execute("select tablename from pg_tables where schemaname = %s", [schema])]
        count = sql.SQL("select count(*) from {}")
        return {name: conn.execute(count.format(sql.Identifier(schema, name))).fetchone()[0] for name in names}


def not_passed(checks: list[Check]) -> dict[str, tuple[str, str]]:
    return {check.name: (check.status, check.severity) for check in checks if check.status != PASS}


def test_a_sound_database_passes(sound) -> None:
    (checks, not_looked_at), rows = sound
    assert [check for check in checks if check.is_closing] == []
    assert not_looked_at == []
    assert {check.name for check in checks if check.name.endswith("/rows")} == {f"suite/{name}/rows" for name in rows}
    assert len({check.name for check in checks}) == len(checks) > 300
    assert all(
        check.status in (PASS, FAIL) and check.kind == "suite" and (check.domain or check.name == "suite")
        for check in checks
    )
    assert all(check.compared == rows[check.table] for check in checks if check.name.endswith("/required"))


def test_every_fault_is_found_and_nothing_else(sound, faulty) -> None:
    before, after = not_passed(sound[0][0]), not_passed(faulty[0][0])
    new = {name: said for name, said in after.items() if before.get(name) != said}
    assert new == EXPECTED


def test_rows_are_named_by_key(faulty) -> None:
    (checks, _), url, _ = faulty
    found = {check.name: check for check in checks}
    with psycopg.connect(url) as conn:
        last = conn.execute(f"select max(id::text) from {SCHEMA}.orders").fetchone()[0]
        first = conn.execute(f"select min(id::text) from {SCHEMA}.orders").fetchone()[0]
    total, status = found["suite/orders/total"], found["suite/orders/values/status"]
    assert ([row.key for row in total.rows], total.rows_total, total.detail) == ([last], 1, "1 rows")
    assert [(row.key, row.columns) for row in status.rows] == [(first, ("status",))]
    required = found["suite/verification_requests/required"]
    assert (required.rows_total, required.detail) == (1, "request_type: 1 rows")
    assert found["suite/kb_sections/types"].detail == "position is bigint, integer expected"
    assert found["suite/developer_profiles/gone"].detail == "github_url still there"
    assert "teaching_mode" in found["suite/tutor_profiles/links"].detail
    lost = found["suite/role_permissions/rows"]
    assert lost.detail == f"{lost.compared - 1} rows, {lost.compared} expected"


def test_an_expectation_that_raised_says_only_what_it_raised(faulty) -> None:
    (checks, _), _, _ = faulty
    reads = "payment_transactions.id (uuid), payment_transactions.order_id (uuid), "
    said = f"was not looked at: it ended with InvalidTextRepresentation, and reads {reads}"
    (detail,) = [check.detail for check in checks if check.status == ERROR]
    assert detail.startswith(said) and "payments.amount (text)" in detail


def test_a_rule_is_not_applied_to_a_type_that_it_cannot_reckon_with(faulty) -> None:
    (_, not_looked_at), _, _ = faulty
    assert not_looked_at == ["suite/leads/budget: leads.budget_min is text, a number is wanted"]


def test_no_value_of_a_row_leaves_the_database(faulty) -> None:
    (checks, not_looked_at), _, docs = faulty
    said = json.dumps([asdict(check) for check in checks]) + "".join(not_looked_at)
    for canary in CANARIES:
        assert canary not in said
        assert canary not in docs
    assert "canary" not in docs


def test_data_docs_fetch_nothing(faulty) -> None:
    _, _, docs = faulty
    assert "an order&#x27;s total is its subtotal" in docs or "an order's total is its subtotal" in docs
    for fetching in ("<script", "@import", 'rel="stylesheet" href="http', "cdn."):
        assert fetching not in docs


def test_tables_are_scanned_a_bounded_number_of_times(copies) -> None:
    """Once for the count, once for what is asked of all columns together, once for each rule that reads them; three
    times for one that fails: it is counted, and its keys are fetched."""
    from checks.expectations.suites import rules

    url = copies()
    names = ["orders", "order_items", "payment_transactions", "job_applications", "audit_log_changes", "departments"]
    rows = counts(url)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("select pg_stat_reset()")
        runner.judge(parsed(url), SCHEMA, rows, tables=set(names))
        scans = dict(conn.execute("select relname, seq_scan from pg_stat_user_tables").fetchall())
        query = "select xact_commit from pg_stat_database where datname = current_database()"
        statements = conn.execute(query).fetchone()[0]
    applied = [rule for name in names for rule in rules().get(name, [])]
    assert statements <= 10 + 4 * len(names) + 3 * len(applied)
    for name in names:
        assert 1 <= scans[name] <= 2 + 3 * sum(name in rule.reads for rule in applied)
    assert scans["departments"] <= 2  # none for what PostgreSQL knows to be never null


def test_a_schema_of_odd_names_is_judged_as_far_as_it_goes(database) -> None:
    url, schema, table = database(), "Nxt Gauge", 'Full "Name" {x}'
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        conn.execute(sql.SQL("set search_path = {}").format(sql.Identifier(schema)))
        name = sql.Identifier(table)
        conn.execute(
            sql.SQL(
                """create table {} ("x""; drop table users; --" text not null, "a:b" int, "100 %" int not null,
                "Id" int not null default 1, "Order" text not null default '',
                created_at timestamptz, updated_at timestamptz, primary key ("100 %", "x""; drop table users; --"))"""
            ).format(name)
        )
        conn.execute(sql.SQL("insert into {} values ('a', null, 1), ('b', 2, 2)").format(name))
        conn.execute("create table coupons (id int primary key, created_at date, updated_at date)")
        conn.execute('create table "a:b" (created_at date, updated_at date)')
        conn.execute('create table "50%" (created_at date, updated_at date)')
        conn.execute('create table ":x" (created_at date, updated_at date)')
        conn.execute("create extension citext schema public; create table kb_categories (id public.citext primary key)")
        conn.execute("create table kb_sections (category_id public.citext); insert into kb_categories values ('KB')")
        conn.execute("insert into kb_sections values ('kb')")
        conn.execute("create table orders (id int primary key, user_id int); insert into orders values (1, 1)")
        conn.execute("create table payments (id int primary key, amount real, user_id int)")
        conn.execute("create table payment_transactions (id int, payment_id int, order_id int, amount numeric)")
        conn.execute("insert into payments values (1, 12345.67, 1)")
        conn.execute("insert into payment_transactions values (1, 1, 1, 12345.67)")
    wanted = {table, "coupons", "a:b", "50%", ":x", "order_items", "kb_categories", "payment_transactions"}
    checks, not_looked_at = runner.judge(parsed(url), schema, {table: 3, "coupons": 0}, tables=wanted)
    found = {check.name: check for check in checks}
    assert found[f"suite/{table}/rows"].detail == "2 rows, 3 expected"
    assert found[f"suite/{table}/required"].status == PASS
    assert found["suite/coupons/rows"].status == PASS
    assert found["suite/order_items/table"].is_closing
    assert found["suite/kb_categories/section"].status == PASS
    assert found["suite/payment_transactions/payment"].status == PASS
    assert "suite/coupons/max-uses: coupons has no column max_uses" in not_looked_at
    assert (
        "numbers of rows of payment_transactions, kb_categories, 50%, :x, a:b: the suites did not count them; "
        "laws compare rows one by one" in not_looked_at
    )
    assert "suite/coupons/max-uses" not in found
    assert found["suite/a:b/columns"].status == PASS
    for unsayable in ("50%", ":x"):
        assert f"table {unsayable}: Great Expectations cannot say its name" in not_looked_at
        assert f"suite/{unsayable}/columns" not in found


def test_a_process_that_dies_is_an_error_of_the_verdict(database) -> None:
    started = runner.start(parsed(database()), SCHEMA, {})
    started.process.kill()
    checks, _ = started.result()
    assert [(check.name, check.status, check.is_closing) for check in checks] == [("suite", ERROR, True)]


def test_a_session_that_is_not_had_or_lost_is_no_verdict_and_may_be_asked_for_again(database) -> None:
    unreachable = connection.parse("postgresql://auditor:s3cret@127.0.0.1:9/none", "NXTGAUGE_TARGET_URL")
    with pytest.raises(TargetError, match=r"127\.0\.0\.1:9") as caught:
        runner.judge(unreachable, SCHEMA, {})
    assert caught.value.retryable and "s3cret" not in str(caught.value)
    url = database()
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as conn:
        conn.execute("create table users (id int)")
        holder.execute("lock table users")  # so that the suites wait
        started = runner.start(parsed(url), "public", {})
        _await(conn, 1)
        conn.execute(
            "select pg_terminate_backend(pid) from pg_locks where relation = 'users'::regclass and not granted"
        )
        with pytest.raises(TargetError, match="lost its session") as caught:
            started.result()
        assert caught.value.retryable


def test_suites_under_way_end_with_whoever_asked_for_them(database) -> None:
    """A parent that is killed leaves no session behind."""
    url = database()
    code = f"""
from checks.expectations import runner
from config.postgres.connection import parse
runner.start(parse({url!r}, "NXTGAUGE_TARGET_URL"), "public", {{}})
input()
"""
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as conn:
        conn.execute("create table users (id int)")
        holder.execute("lock table users")  # so that they wait
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, cwd=PROJECT) as parent:
            _await(conn, 1)
            parent.kill()
        _await(conn, 0)


def _await(conn: psycopg.Connection, waiting: int) -> None:
    """Until so many sessions wait for the table."""
    query = """
        select count(*) from pg_locks l join pg_database d on d.oid = l.database
        where d.datname = current_database() and l.relation = 'users'::regclass and not l.granted
    """
    deadline = time.monotonic() + 120
    while conn.execute(query).fetchone() != (waiting,):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_schema_that_is_not_there_does_not_pass(database) -> None:
    checks, not_looked_at = runner.judge(parsed(database()), "nowhere", {"users": 1})
    assert {check.status for check in checks if check.name != "suite"} == {FAIL}
    assert "suite/users/table" in {check.name for check in checks}
    assert not_looked_at
