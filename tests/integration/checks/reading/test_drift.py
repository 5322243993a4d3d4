"""A published target in use: what is compared of it, what cannot be, and what is a fault whoever wrote it."""

import subprocess
from collections.abc import Callable

import psycopg
import pytest

from checks.reading import drift
from checks.verdict import ERROR, FAIL, PASS, STALE, Verdict
from checks.verify import verify
from config import settings as configuration
from engine.staging.programs import binary
from engine.start.options import Options
from flows.cli.main import main
from flows.local import report
from tests.support.auditors import seal_again, trusting
from tests.support.places import GOLDEN

CASE = (GOLDEN / "finance" / "payments_to_orders" / "source.sql").read_text()
SOURCE = (
    CASE
    + """
    alter table users add name text;
    insert into users select ('00000000-0000-0000-0001-' || to_char(n, 'FM000000000000'))::uuid, 'user ' || n
    from generate_series(1, 50) as n;
    create table tutor_profiles (id uuid primary key, user_id uuid, status text, bio text, subject text);
    insert into tutor_profiles select id, id, 'draft', 'bio', 'maths' from users where name is not null;
    create table activity_logs (id bigserial primary key, user_id uuid, action text, created_at timestamptz);
    insert into activity_logs (user_id, action) select id, 'login' from users;
    create table tracecoin_wallets (id uuid primary key, user_id uuid, balance numeric(20,2) not null);
    insert into tracecoin_wallets select id, id, 7 from users;
    create table tracecoin_ledger (id bigserial primary key, wallet_id uuid not null, delta numeric);
    insert into tracecoin_ledger (wallet_id, delta) select id, 7 from users;
    insert into tracecoin_ledger (wallet_id, delta) values ('00000000-0000-0000-0000-0000000000ff', 1);
    create table notifications (user_id uuid, body text);
    insert into notifications select id, 'hi' from users, generate_series(1, 2);
"""
)
ONE, TWO, THREE = (f"00000000-0000-0000-0001-00000000000{n}" for n in (1, 2, 3))


@pytest.fixture(scope="module")
def migrated(module_database) -> tuple[str, str]:
    """URLs of a small legacy database and of what was published of it."""
    from engine.run import migrate

    source, target = module_database(), module_database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(SOURCE)
    migrate(_settings(source, target), Options(auditor=trusting))
    return source, target


def _settings(source: str, target: str):
    return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target})


@pytest.fixture
def used(database, migrated) -> Callable[..., Verdict]:
    """The verdict on a copy of the target in which something was done, which keeps oids and transactions.

    before: what was done before the build was sealed.
    """
    source, target = migrated

    def judged(*statements: str, level: str = "content", before: str = "") -> Verdict:
        url = database(template=target)
        if before:
            _do(url, before)
            seal_again(url)
        _do(url, *statements)
        return verify.published(_settings(source, url), level=level)

    return judged


def _do(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set search_path = nxtgauge, public; set session_replication_role = replica")
        for statement in statements:
            conn.execute(statement)


def _of(verdict: Verdict, status: str) -> dict[str, str]:
    return {check.name: check.detail for check in verdict.checks if check.status == status}


def _check(verdict: Verdict, name: str):
    return next(check for check in verdict.checks if check.name == name)


def _changes(verdict: Verdict) -> dict[str, tuple[int, int, int]]:
    return {f"{c.side} {c.table}": (c.changed, c.added, c.gone) for c in verdict.changes}


def _told(verdict: Verdict) -> tuple[str, int, int]:
    """The report's first word, and the exit code, strict and not."""
    made = report.of({"state": "published", "verdict": verdict.to_dict()}, kind="verify")
    return made["headline"]["word"], report.exit_code(made), report.exit_code(made, is_strict=True)


@pytest.mark.parametrize(
    ("since", "running", "now", "old", "new"),
    [
        (1_000, (), 2_000, (2, 3, 999, 2_500, 2**32 - 1), (1_000, 1_999)),
        (1_000, (990, 995), 2_000, (989, 991), (990, 995, 1_000)),
        (2**32 - 10, (), 2**32 + 10, (2**32 - 11, 11, 500), (2**32 - 10, 2**32 - 1, 3, 9)),
        (5 * 2**32 + 7, (5 * 2**32 + 3,), 6 * 2**32 + 2, (6,), (3, 7, 2**32 - 1, 1)),
        (1_000, (), 2**32 + 1_000, (), (5, 1_000, 2**32 - 1)),  # a whole round later nothing is known to be old
    ],
)
def test_transactions_count_round(postgres_url, since, running, now, old, new) -> None:
    later = drift.written(since, running, now=str(now))
    with psycopg.connect(postgres_url) as conn:
        query = f"select int8in(xidout(xmin)) from unnest(%s::xid[]) as t (xmin) where {later}"
        assert {xmin for (xmin,) in conn.execute(query, [[str(each) for each in (*old, *new)]])} == set(new)


def test_what_was_seen_is_old_though_it_came_late(postgres_url) -> None:
    later = drift.written(2**32 - 2, seen="{[4294967295,4294967296),[5,8)}", now=str(2**32 + 100))
    with psycopg.connect(postgres_url) as conn:
        query = "select int8in(xidout(xmin)) from unnest('{9,4294967294,4294967295,5,7,8,200}'::xid[]) as t (xmin)"
        assert {xmin for (xmin,) in conn.execute(f"{query} where {later}")} == {2**32 - 2, 8, 9}


def test_nothing_was_written(used) -> None:
    verdict = used(
        "vacuum (full, freeze) users", "cluster orders using orders_pkey", "reindex table tracecoin_ledger", "analyze",
        "select from users for update", "select nextval('tracecoin_ledger_id_seq')",
        "alter table users set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01)",
        "alter table users alter name set statistics 500, alter name set storage external",
        "cluster legacy_archive.activity_logs using activity_logs_pkey",
        level="full",
    )  # fmt: skip
    assert verdict.is_whole and not verdict.changes and not _of(verdict, STALE), _of(verdict, STALE)
    assert list(_of(verdict, FAIL)) == ["catalog/tuning"], _of(verdict, FAIL)
    rows = {(row.key, row.columns) for row in _check(verdict, "catalog/tuning").rows}
    assert rows == {
        ("table users", ("storage parameters",)), ("column name of users", ("statistics target", "storage")),
    }  # fmt: skip
    assert _told(verdict) == ("VERIFIED", 0, 0)
    assert _check(verdict, "seal/books").status == _check(verdict, "seal/archive").status == PASS


def test_rows_in_use_are_counted_and_all_others_compared(used) -> None:
    verdict = used(
        "update users set name = 'another' where name like 'user 4%'",
        "update tracecoin_wallets set balance = 0",
        f"insert into users (id, name) values (gen_random_uuid(), 'new'), ('{ONE[:-1]}f', 'newer')",
        f"delete from notifications where user_id = '{ONE}'",
        f"delete from tutor_profiles where id = '{TWO}'",
        f"delete from user_role_profiles where id = '{TWO}'",
        f"update user_role_profiles set updated_at = now(), bio = null where id = '{THREE}'",
        "update payments set amount = amount",
        "update orders set status = 'REFUNDED'",
        "delete from payment_transactions where amount = 500",
        "insert into tracecoin_ledger (wallet_id, delta) select id, 3 from tracecoin_wallets",
        "insert into tax_rules (id, name, rate) values (gen_random_uuid(), 'GST', 0.18)",
        level="full",
    )
    assert not _of(verdict, FAIL) | _of(verdict, ERROR)
    assert verdict.passed and not verdict.is_whole
    assert _changes(verdict) == {
        "target notifications": (0, 0, 2), "target orders": (2, 0, 0), "target payment_transactions": (0, 0, 1),
        "target tax_rules": (0, 1, 0), "target tracecoin_ledger": (0, 52, 0),
        "target tracecoin_wallets": (52, 0, 0), "target tutor_profiles": (0, 0, 1),
        "target user_role_profiles": (1, 0, 1), "target users": (11, 2, 0),
    }  # fmt: skip
    rows = {(row.key, row.what) for row in _check(verdict, "law/user_role_profiles/roots").rows}
    assert rows == {(TWO, "gone since"), (THREE, "changed since")}
    assert _check(verdict, "content/payments").status == PASS  # rewritten, and equal
    word, code, strict = _told(verdict)
    assert word.startswith("VERIFIED, but for 66 rows changed, 55 added and 5 gone since the publish")
    assert (code, strict) == (8, 6)


def test_a_fault_among_rows_in_use_is_found(used) -> None:
    """What nobody has touched since the seal is held to the source, whatever stands beside it."""
    verdict = used(
        "update users set name = 'another' where name like 'user 4%'",
        f"update user_role_profiles set bio = 'mine' where id = '{TWO}'",
        "update orders set status = 'REFUNDED' where total = 500",
        before="update orders set placed_at = now() where total <> 500; "
        f"update users set name = 'wrong' where id = '{ONE}'; "
        f"update user_role_profiles set bio = 'wrong' where id in ('{ONE}', '{THREE}'); "
        "delete from tracecoin_wallets where balance = 7 and id = (select max(id::text)::uuid from tracecoin_wallets)",
        level="full",
    )
    users, roots = _check(verdict, "content/users"), _check(verdict, "law/user_role_profiles/roots")
    assert (users.status, users.rows_total, users.rows[0].key, users.since) == (FAIL, 1, ONE, {"changed since": 11})
    assert users.detail == "1 of 52 rows differ; beside them 11 changed since"
    assert _check(verdict, "content/tracecoin_wallets").detail == "1 of 52 rows differ"
    assert (roots.status, [row.key for row in roots.rows]) == (FAIL, [ONE, THREE])
    assert _check(verdict, "content/tracecoin_wallets").status == FAIL
    assert _check(verdict, "law/orders/orders").rows_total == 1
    assert _told(verdict)[1] == 6


def test_no_more_rows_are_gone_than_were_lost(used) -> None:
    wallets = "(select id from tracecoin_wallets order by id limit {})"
    verdict = used(
        f"delete from tracecoin_wallets where id in {wallets.format(1)}",
        before=f"delete from tracecoin_wallets where id in {wallets.format(2)}",
    )
    assert _check(verdict, "content/tracecoin_wallets").status == FAIL


def test_tables_that_were_emptied(used) -> None:
    verdict = used(
        "truncate users, payments, orders, order_items, payment_transactions, user_role_profiles, tutor_profiles, "
        "tracecoin_wallets, tracecoin_ledger, invoices, coupon_redemptions, audit_logs, audit_log_changes cascade",
        level="full",
    )
    assert not _of(verdict, FAIL) | _of(verdict, ERROR)
    assert _changes(verdict)["target users"] == (0, 0, 52)
    users = _check(verdict, "content/users")
    assert {row.what for row in users.rows} == {"gone since"} and users.rows_total == 52
    assert _told(verdict)[1] == 8


def test_a_table_that_was_loaded_again_is_compared(used) -> None:
    again = "create temp table kept as select * from notifications; truncate notifications; insert into notifications "
    verdict = used(f"{again} select * from kept")
    assert verdict.passed and not _of(verdict, STALE) and not verdict.changes
    verdict = used(f"{again} select user_id, 'other' from kept limit 4")
    assert _changes(verdict) == {"target notifications": (0, 4, 104)}


@pytest.mark.parametrize(
    "fault",
    [
        "update legacy_archive.activity_logs set action = 'logout' where id = 1",
        "delete from legacy_archive.activity_logs where id = 1",
        "insert into legacy_archive.activity_logs values (999)",
        "drop table legacy_archive.activity_logs",
        "update migration.rejects set detail = 'none'",
        "delete from migration.rejects",
        "update migration.id_map set target_id = gen_random_uuid() where legacy_id = '1'",
        "insert into migration.notes (run_id, legacy_table, legacy_key, note) select run_id, 'users', 'x', 'y' "
        "from migration.runs",
        "drop table notifications",
        "drop table notifications; create table notifications (user_id uuid, body text)",
    ],
)
def test_what_nobody_may_change_is_a_fault_and_never_stale(used, fault: str) -> None:
    verdict = used(f"update users set name = 'x'; {fault}", level="counts" if "drop" in fault else "content")
    assert not verdict.passed
    assert [name for name in _of(verdict, FAIL) if name.startswith("seal/") or "notifications" in name]


def test_a_sequence_never_goes_back(used) -> None:
    """Neither behind where it was sealed, though the rows that it numbered are gone, nor behind the rows."""
    back = "delete from tracecoin_ledger where id > 10", "select setval('tracecoin_ledger_id_seq', 20)"
    assert "catalog/sequences" in _of(used(*back, level="counts"), FAIL)
    past = "insert into tracecoin_ledger (id, wallet_id, delta) select 1000, wallet_id, 0 from tracecoin_ledger limit 1"
    assert "catalog/sequences" in _of(used(past, level="counts"), FAIL)


def test_a_legacy_sequence_that_went_on_is_told(database, migrated) -> None:
    source = database(template=migrated[0])
    _do(source, "select setval('public.tracecoin_ledger_id_seq', 900)")
    verdict = verify.published(_settings(source, migrated[1]), level="content")
    assert not _of(verdict, FAIL) and list(_of(verdict, STALE)) == ["catalog/sequences"]
    (row,) = _check(verdict, "catalog/sequences").rows
    assert (row.key, row.what) == ("sequence tracecoin_ledger_id_seq", "changed in the source")
    word, code, strict = _told(verdict)
    assert word.startswith("VERIFIED, but for what was written since the publish") and (code, strict) == (8, 6)


def test_a_restored_copy_is_compared_whole(database, migrated, tmp_path) -> None:
    source, target = migrated
    copy = database()
    subprocess.run([binary("pg_dump"), "-Fc", "-f", tmp_path / "dump", target], check=True)
    subprocess.run([binary("pg_restore"), "-d", copy, tmp_path / "dump"], check=True)
    verdict = verify.published(_settings(source, copy), level="full")
    assert verdict.is_whole, _of(verdict, FAIL)
    assert any("rows of the target were written since" in sentence for sentence in verdict.not_looked_at)
    _do(copy, f"update users set name = 'x' where id = '{ONE}'; delete from tracecoin_ledger where id = 3")
    verdict = verify.published(_settings(source, copy), level="content")
    assert {"content/users", "content/tracecoin_ledger"} <= _of(verdict, FAIL).keys()


def test_a_savepoint_that_began_before_the_seal(database) -> None:
    """It is in no snapshot's list of transactions; and of all that began after its own the seal saw the rows."""
    from engine.run import migrate

    source, target = database(), database()
    _do(source, SOURCE)
    with psycopg.connect(target) as late:
        late.execute("create table public.at_work (id int)")
        with late.transaction():
            late.execute("insert into public.at_work values (1)")
            _do(target, "create table public.meanwhile (id int)")  # takes a number past the savepoint's
            migrate(_settings(source, target), Options(auditor=trusting))
            late.execute(f"update nxtgauge.users set name = 'late' where id = '{ONE}'")
        late.commit()
    verdict = verify.published(_settings(source, target), level="content")
    assert _changes(verdict) == {"target users": (1, 0, 0)} and not _of(verdict, FAIL) | _of(verdict, ERROR)


def test_a_source_in_use(database, migrated) -> None:
    url, target = (database(template=each) for each in migrated)
    with psycopg.connect(target, autocommit=True) as conn, psycopg.connect(url) as there:
        oid = there.execute("select oid::bigint from pg_database where datname = current_database()").fetchone()[0]
        conn.execute("update migration.runs set source_identity = source_identity || %s",
                     [psycopg.types.json.Jsonb({"database_oid": oid})])  # fmt: skip
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"""
            update users set name = 'later' where id in ('{ONE}', '{TWO}');
            insert into users values (gen_random_uuid());
            delete from notifications where user_id = '{ONE}';
            update payments set amount = amount + 1;
            delete from tracecoin_ledger where delta = 1;
            insert into tracecoin_ledger (wallet_id, delta) select id, 3 from tracecoin_wallets;
        """)
    verdict = verify.published(_settings(url, target), level="full")
    assert not _of(verdict, FAIL) | _of(verdict, ERROR)
    assert _changes(verdict) == {
        "source notifications": (0, 0, 2), "source payments": (2, 0, 0), "source tracecoin_ledger": (0, 52, 1),
        "source users": (2, 1, 0),
    }  # fmt: skip
    word, code, _ = _told(verdict)
    assert word.startswith("VERIFIED, but for 4 rows changed, 53 added and 3 gone in the source") and code == 8


def test_the_command_says_so_by_its_exit_code(database, migrated, monkeypatch, tmp_path, capsys) -> None:
    source, target = migrated
    url = database(template=target)
    _do(url, "delete from notifications")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NXTGAUGE_SOURCE_URL", source)
    monkeypatch.setenv("NXTGAUGE_TARGET_URL", url)
    command = ["--profile", "demo", "verify", "--level", "counts"]
    assert (main(command), main([*command, "--strict"])) == (8, 6)
    assert "VERIFIED, but for 104 rows gone since the publish" in capsys.readouterr().out
    _do(url, "delete from migration.rejects")
    assert main(command) == 6
