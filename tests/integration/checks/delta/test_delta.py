"""The verification of a delta: a faultless build passes, each planted fault that it is to find is found, and what it
does not look at it says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import psycopg
import pytest

from checks.delta.delta import Delta
from checks.reading import many
from checks.verdict import CRITICAL, FAIL, PASS, Check, Verdict
from config import settings as configuration
from config.errors import SourceError, TargetError, VerificationFailed
from config.settings import Settings
from engine.start.options import Options
from tests.support.auditors import saying

ROWS = 10_000
SCHEMA, ARCHIVE = "nxtgauge__build", "legacy_archive__build"
FEW = 12
ENDING = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and application_name = 'nxtgauge-migrate'
"""
KEYS = """
    select c.relname, array_agg(a.attname::text order by n.place) from pg_constraint k
    join pg_class c on c.oid = k.conrelid, unnest(k.conkey) with ordinality as n (number, place)
    join pg_attribute a on a.attnum = n.number
    where a.attrelid = k.conrelid and k.contype = 'p' and k.connamespace = 'public'::regnamespace group by 1
"""
Touched = Mapping[str, list[str] | None]


@dataclass(frozen=True)
class Build:
    """A legacy database and what was built of it, not published."""

    source: str
    target: str
    run_id: str

    def settings(self, target: str) -> Settings:
        return configuration.load("demo", {"NXTGAUGE_SOURCE_URL": self.source, "NXTGAUGE_TARGET_URL": target})


@pytest.fixture(scope="module")
def build(module_database: Callable[[], str]) -> Build:
    from engine.run import migrate
    from flows.demo.seed import seed

    source, target = module_database(), module_database()
    seed(source, rows=ROWS)
    found = Build(source, target, "")
    with pytest.raises(VerificationFailed):  # so that it is not published
        migrate(found.settings(target), Options(auditor=saying(law__none=FAIL)))
    with psycopg.connect(target) as conn:
        row = conn.execute("select run_id from migration.schemas where role = 'build' limit 1").fetchone()
    assert row
    return Build(source, target, row[0])


@pytest.fixture
def delta(build: Build, database: Callable[..., str]) -> Iterator[tuple[Delta, str]]:
    """A delta verification, prepared, and the URL of the build that it is of."""
    url = database(template=build.target)
    with Delta(build.settings(url)) as found:
        found.prepare(build.run_id, SCHEMA, ARCHIVE)
        yield found, url


@pytest.fixture
def mutant(build: Build, database: Callable[..., str]) -> Callable[..., Verdict]:
    """Plants a fault in a copy of the build; the verdict on it, nothing of which was prepared."""

    def judged(fault: str, touched: Touched) -> Verdict:
        url = database(template=build.target)
        _do(url, fault)
        with Delta(build.settings(url)) as found:
            return found.judge(build.run_id, SCHEMA, ARCHIVE, snapshot=None, touched=touched)

    return judged


def _do(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set session_replication_role = replica")
        conn.execute(f"set search_path = {SCHEMA}")
        conn.execute(statement)


def _keys(build: Build, few: int = FEW) -> dict[str, list[str]]:
    """Some keys of every table that has any, as the books spell them."""
    found = {}
    with psycopg.connect(build.source) as conn:
        for table, names in conn.execute(KEYS).fetchall():
            key = f"{names[0]}::text" if len(names) == 1 else f"jsonb_build_array({', '.join(names)})::text"
            found[table] = [value for (value,) in conn.execute(f"select {key} from {table} order by md5({key})")][:few]
    return found


def _wrong(verdict: Verdict) -> dict[str, Check]:
    return {c.name: c for c in verdict.checks if c.status != PASS and c.severity == CRITICAL}


def _first(build: Build, query: str) -> str:
    with psycopg.connect(build.target if SCHEMA in query else build.source) as conn:
        return str((conn.execute(query).fetchone() or ("",))[0])


def test_a_faultless_build_passes(build: Build, delta: tuple[Delta, str]) -> None:
    touched = _keys(build)
    heard: list[tuple[int, int, float]] = []
    verdict = delta[0].judge(
        build.run_id, SCHEMA, ARCHIVE, snapshot=None, touched=touched, tell=lambda *said: heard.append(said)
    )
    assert not [(c.name, c.detail) for c in verdict.checks if c.status != PASS]
    assert verdict.passed and not verdict.is_whole and (verdict.level, verdict.run_id) == ("delta", build.run_id)
    assert heard[-1][0] == heard[-1][1] > 100
    names = {check.name for check in verdict.checks}
    assert {f"keys/{table}" for table in touched} <= names | {"keys/onboarding_submissions", "keys/verifications",
        "keys/onboarding_states"}  # fmt: skip
    assert {"law/user_role_profiles/roots", "law/orders/orders", "content/users", "catalog/sequences"} <= names
    told = " ".join(verdict.not_looked_at)
    assert "what they hold" in told and "audit_log_changes" in told and "user_roles" in told


def test_of_what_was_not_touched_keys_are_told_and_no_contents(build: Build, mutant: Callable[..., Verdict]) -> None:
    other = _first(build, "select max(id::text) from users")
    verdict = mutant(f"update users set full_name = 'Else' where id = '{other}'", {"users": _keys(build)["users"]})
    assert not _wrong(verdict)
    assert any("legacy rows in" in said and "not what they hold" in said for said in verdict.not_looked_at)
    nothing = mutant("select", {})
    assert not _wrong(nothing) and {"content/users"}.isdisjoint(c.name for c in nothing.checks)
    assert any("no row's contents were compared" in said and "users" in said for said in nothing.not_looked_at)


def test_a_whole_table_is_compared_whole(build: Build, mutant: Callable[..., Verdict]) -> None:
    fault = "update support_tickets set subject = 'Else' where id = (select max(id::text)::uuid from support_tickets)"
    verdict = mutant(fault, {"support_tickets": None})
    assert list(_wrong(verdict)) == ["content/support_tickets"]
    assert any("compared whole" in said and "support_tickets" in said for said in verdict.not_looked_at)


def test_a_table_without_a_key_is_compared_whole_if_it_was_touched(
    build: Build, mutant: Callable[..., Verdict]
) -> None:
    fault = "update user_roles set role_id = (select min(id) from roles) where ctid = '(0,1)'"
    assert list(_wrong(mutant(fault, {"user_roles": ["(0,1)"]}))) == ["content/user_roles"]


# Faults in rows that nobody has touched, all of a group planted at once: the check that finds each → what is done.
OF_MAX = "(select max(id::text)::uuid from {})"
UNTOUCHED: list[dict[str, str]] = [
    {
        "keys/notifications": f"delete from notifications where id = {OF_MAX.format('notifications')}",
        "keys/activity_logs in the archive": f"delete from {ARCHIVE}.activity_logs where id = "
        f"{OF_MAX.format(f'{ARCHIVE}.activity_logs')}",
        "keys/email_logs": "insert into email_logs select (jsonb_populate_record(e, '{\"id\": 999999}')).* "
        "from email_logs as e where id = (select min(id) from email_logs)",
        "keys/requirements": f"update leads set id = gen_random_uuid() where id = {OF_MAX.format('leads')}",
        "keys/role_permissions": """
            with two as (
                select p.role_id as left_role, p.permission as left_word, o.role_id as role, o.permission as word
                from role_permissions p join role_permissions o on o.role_id > p.role_id and not exists (
                    select from role_permissions x where (x.role_id, x.permission) = (p.role_id, o.permission)
                        or (x.role_id, x.permission) = (o.role_id, p.permission)
                ) limit 1
            )
            update role_permissions r set permission = case r.role_id when two.role then left_word else word end
            from two where (r.role_id, r.permission) in ((two.left_role, two.left_word), (two.role, two.word))""",
        "keys/tutor_profiles": f"delete from user_role_profiles where id = {OF_MAX.format('tutor_profiles')}",
        "keys/verification_requests": "delete from verification_requests where id = "
        f"{OF_MAX.format('verification_requests')}",
        "keys/activity_logs": f"delete from audit_logs where id = {OF_MAX.format('audit_logs')}",
        "keys/payment_transactions": "delete from payment_transactions where id = "
        f"{OF_MAX.format('payment_transactions')}",
        "keys/user_settings": "delete from user_settings where user_id = (select max(user_id::text)::uuid from "
        "user_settings)",
        "keys/portfolio_images": "delete from migration.rejects where legacy_table = 'portfolio_images' and legacy_key "
        "= (select max(legacy_key) from migration.rejects where legacy_table = 'portfolio_images')",
        "keys/professionals": "delete from migration.id_map where why = 'merged' and legacy_id = (select "
        "max(legacy_id) from migration.id_map where why = 'merged')",
        "keys/jobs": "update migration.tables set source_rows = source_rows + 1 where legacy_table = 'jobs'",
        "keys/tax_rules": "insert into tax_rules (id, name, rate) values (gen_random_uuid(), 'VAT', 0.2)",
        "catalog/users": "alter table users add constraint not_looked_at check (email <> '') not valid",
        "catalog/sequences": "select setval(pg_get_serial_sequence('email_logs', 'id'), 1)",
    },
    {
        "keys/roots of tutor": f"delete from tutor_profiles where id = {OF_MAX.format('tutor_profiles')}",
        "keys/developer_profiles": "update user_role_profiles set role = 'developer' where id = "
        f"{OF_MAX.format('photographer_profiles')}",
        "keys/orders of order_items": f"delete from orders where id = {OF_MAX.format('orders')}",
        "keys/portfolio_images": "update migration.rejects set legacy_key = gen_random_uuid() where legacy_table = "
        "'portfolio_images' and legacy_key = (select max(legacy_key) from migration.rejects where legacy_table = "
        "'portfolio_images')",
        "keys/user_roles": "delete from user_roles where ctid = (select min(ctid) from user_roles)",
        "catalog/orders": "alter table orders drop constraint orders_user_id_fkey",
    },
]


@pytest.mark.parametrize("faults", UNTOUCHED, ids=["first", "second"])
def test_faults_in_what_was_not_touched_are_found(faults: dict[str, str], mutant: Callable[..., Verdict]) -> None:
    wrong = _wrong(mutant(";".join(faults.values()), {}))
    told = {name: one.detail for name, one in wrong.items()}
    assert faults.keys() <= told.keys(), told
    beside = {"keys/roots of tutor", "keys/orders of payment_transactions", "keys/roots of photographer",
              "keys/photographer_profiles", "keys/roots of developer"}  # fmt: skip
    assert told.keys() - faults.keys() <= beside, told
    assert all(one.status == FAIL for one in wrong.values())


@pytest.mark.parametrize("name", ["a key that is not valid", "a sequence that is behind"])
def test_shape_that_was_judged_before_stands_or_is_judged_anew(
    name: str, build: Build, delta: tuple[Delta, str]
) -> None:
    verification, url = delta
    assert verification.judge(build.run_id, SCHEMA, ARCHIVE, snapshot=None, touched={}).passed
    check = {"a key that is not valid": "catalog/users", "a sequence that is behind": "catalog/sequences"}[name]
    _do(url, UNTOUCHED[0][check])
    wrong = _wrong(verification.judge(build.run_id, SCHEMA, ARCHIVE, snapshot=None, touched={}))
    assert list(wrong) == [check] and wrong[check].status == FAIL


# Faults in rows that were touched, all planted at once: the check that finds it → (legacy table, the key of the row,
# what is done to it).
TOUCHED = {
    "content/users": ("users", "select id from users where full_name is not null order by id limit 1",
                      "update users set full_name = full_name || ' ' where id = '{key}'"),
    "content/notifications": ("notifications", "select 'ffffffff-0000-4000-8000-000000000000'", "update notifications "
                              "set id = '{key}' where ctid = (select min(ctid) from notifications)"),
    "law/user_role_profiles/roots": ("company_profiles", "select id from company_profiles order by id limit 1",
                                     "update user_role_profiles set bio = 'Else' where id = '{key}'"),
    "law/orders/orders": ("invoices", "select i.id from invoices i join payments p on p.id = i.payment_id where "
                          "p.status = 'Success' and p.user_id is not null order by i.id limit 1",
                          "update orders set tax_amount = tax_amount + 1, subtotal = subtotal - 1 where id = (select "
                          "t.order_id from payment_transactions t join invoices i on i.payment_id = t.payment_id where "
                          "i.id = '{key}')"),
    "law/verification_requests/requests": ("onboarding_submissions", "select id from onboarding_submissions order by "
                                           "id desc limit 1", "update verification_requests set rejection_reason = "
                                           "'Else' where id = '{key}'"),
    "law/audit_log_changes/changes": ("activity_logs", "select id from activity_logs where metadata::text like "
                                      "'%\"changes\"%' order by id limit 1",
                                      "delete from audit_log_changes where audit_log_id = '{key}'"),
    "law/user_settings/settings": ("user_settings", "select user_id from user_settings order by user_id limit 1",
                                   "update user_settings set theme = 'else' where user_id = '{key}'"),
    "law/user_role_profiles/owners": ("services", f"select min(id) from {SCHEMA}.services",
                                      "update services s set user_role_profile_id = (select id from user_role_profiles "
                                      "where id <> s.user_role_profile_id order by id limit 1) where s.id = '{key}'"),
    "content/role_permissions": ("role_permissions", "select jsonb_build_array(role_id, permission)::text from "
                                 "role_permissions order by 1 limit 1", "update role_permissions set granted_at = "
                                 "granted_at + interval '1 day' where jsonb_build_array(role_id, permission)::text = "
                                 "'{key}'"),
    "books/notes/jobs": ("jobs", "select id from jobs order by id limit 1", "insert into migration.notes (run_id, "
                         "legacy_table, legacy_key, target_table, target_column, note, legacy_value) select run_id, "
                         "'jobs', '{key}', 'jobs', 'title', 'orphan: no such row in roles', 'x' from migration.runs "
                         "limit 1"),
}  # fmt: skip


@pytest.mark.parametrize("few", [0, many.FEW])
def test_faults_in_what_was_touched_are_found(
    build: Build, mutant: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """However many rows the books speak of: the sessions hold what they say, or the statements spell it."""
    monkeypatch.setattr(many, "FEW", few)
    monkeypatch.setattr(many, "PAGE_ROWS", 7)
    faults, touched = list[str](), dict[str, list[str]]()
    for table, query, fault in TOUCHED.values():
        key = _first(build, query)
        assert key, query
        touched.setdefault(table, []).append(key)
        faults.append(fault.format(key=key))
    wrong = _wrong(mutant(";".join(faults), touched))
    assert TOUCHED.keys() <= wrong.keys(), {name: one.detail for name, one in wrong.items()}
    assert wrong["content/users"].rows[0].columns == ("full_name",)
    assert (wrong["content/users"].rows_total, wrong["content/users"].compared) == (1, 2)


def test_without_preparation_it_judges_the_same(build: Build, database: Callable[..., str]) -> None:
    url = database(template=build.target)
    with Delta(build.settings(url)) as unprepared:
        verdict = unprepared.judge(build.run_id, SCHEMA, ARCHIVE, snapshot=None, touched=_keys(build))
    assert not _wrong(verdict)
    assert {"catalog/users", "catalog/schema", "catalog/sequences"} <= {check.name for check in verdict.checks}


def test_a_session_that_was_lost_is_opened_again(build: Build, delta: tuple[Delta, str]) -> None:
    _do(delta[1], ENDING)
    with pytest.raises((SourceError, TargetError)):
        delta[0].judge(build.run_id, SCHEMA, ARCHIVE, snapshot=None, touched={})
    assert delta[0].judge(build.run_id, SCHEMA, ARCHIVE, snapshot=None, touched={}).passed


def test_the_source_is_read_in_the_snapshot(build: Build, delta: tuple[Delta, str]) -> None:
    (key,) = _keys(build, 1)["departments"]
    with psycopg.connect(build.source) as conn:
        snapshot = conn.execute("select pg_export_snapshot()").fetchone()[0]
        with psycopg.connect(build.source, autocommit=True) as other:
            before = other.execute("select name from departments where id = %s", [key]).fetchone()[0]
            other.execute("update departments set name = 'Else' where id = %s", [key])
        try:
            then = delta[0].judge(build.run_id, SCHEMA, ARCHIVE, snapshot=snapshot, touched={"departments": [key]})
            now = delta[0].judge(build.run_id, SCHEMA, ARCHIVE, snapshot=None, touched={"departments": [key]})
        finally:
            with psycopg.connect(build.source, autocommit=True) as other:
                other.execute("update departments set name = %s where id = %s", [before, key])
    assert not _wrong(then) and list(_wrong(now)) == ["content/departments"]
    with pytest.raises(SourceError, match="snapshot"):
        delta[0].judge(build.run_id, SCHEMA, ARCHIVE, snapshot=snapshot, touched={})
