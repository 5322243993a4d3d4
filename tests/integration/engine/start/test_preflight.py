"""What `migrate` refuses before its first row, `plan` refuses: the same faults, all at once, and nothing is written."""

import contextlib
import json
import re

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from config import settings as configuration
from config.errors import PlanRefused, SourceError, TargetBusy
from engine import describe, operations, run
from engine.books import bookkeeping, lease
from engine.session import connect, servers
from engine.start import survey
from flows.cli import main as cli

SOURCE = """
    create extension citext;
    create table users (id uuid primary key default gen_random_uuid(), email citext);
    create table roles (id text primary key, key text);
    create table coupons (id serial primary key, code text);
    create table developer_profiles (id uuid primary key, user_id uuid references users, status text, website text,
                                     gibberish text, blog text, sites text[], found jsonb);
    create table tutor_profiles (id uuid primary key, user_id uuid references users, role text);
    create table professionals (id uuid primary key, user_id uuid, profession text);
    create index by_role on tutor_profiles (user_id, role);
    create table tips (id int primary key, professional_id uuid references professionals);
    create table payments (id uuid primary key, user_id uuid references users, amount numeric, helper_id uuid);
    create table helpers (id uuid primary key);
    insert into roles select gen_random_uuid()::text, 'k' || n from generate_series(1, 5) n;
    insert into users select gen_random_uuid(), 'u' || n from generate_series(1, 3) n;
    insert into developer_profiles
    select gen_random_uuid(), id, 'approved', 'https://example.org/' || email, email, 'example.org/x',
           array['https://a.example'], '["www.b.example"]' from users;
    create role reader login; create role migrator login;
    grant usage on schema public to reader; grant select on all tables in schema public to reader;
"""
# name → what is done to the source, to the target, what undoes either, beginnings of the faults.
CASES = {
    "the source's shape": (
        "create table parent (a int primary key); create table child () inherits (parent);"
        "create view jobs as select 1 as id; create materialized view coupon_uses as select 1 as id;"
        "create table services (id uuid primary key, __origin text);"
        "create schema aside; create type aside.mood as enum ('a');"
        "create table moods (id int primary key, m aside.mood);"
        "create function asked(int) returns boolean language sql immutable as 'select exists (select from users)';"
        "create table asking (id int primary key, n int check (asked(n)))",
        "",
        "drop table asking, moods, services, child, parent; drop schema aside cascade; drop view jobs;"
        "drop function asked; drop materialized view coupon_uses",
        "",
        ["child: takes part in", "parent: takes part in", "jobs: is a view", "coupon_uses: is a materialized view",
         "services.__origin: is a name", "moods.m: has a type of schema aside", "asking: constraint"],
    ),
    "rights of the source's role": (
        "revoke select on roles, payments from reader; grant select (id, key) on roles to reader;"
        "alter table helpers enable row level security",
        "",
        "grant select on roles, payments to reader; alter table helpers disable row level security",
        "",
        ["no privilege to read payments, roles", "helpers: has row-level security",
         "no privilege to read the position of sequence coupons_id_seq"],
    ),
    "a schema that may not be looked into": (
        "revoke usage on schema public from public, reader; revoke select on roles from reader", "",
        "grant usage on schema public to public; grant select on roles to reader", "",
        ['no privilege to look into schema public; GRANT USAGE ON SCHEMA "public" TO "reader"',
         'no privilege to read roles, whole; GRANT SELECT ON TABLE "public"."roles" TO "reader"',
         'no privilege to read the positions of sequences coupons_id_seq; GRANT SELECT ON SEQUENCE "public"."coup'],
    ),
    "rights of the target's role": (
        "", "revoke create, temporary on database {target} from public, migrator", "", "",
        ["the target's role may not create schemas", "the target's role may not create temporary tables"],
    ),
    "schemas that others made": (
        "",
        "create schema nxtgauge; create schema nxtgauge__previous; create schema legacy_archive__build;"
        "create schema migration; create schema elsewhere; create extension citext schema elsewhere",
        "",
        "drop schema nxtgauge, nxtgauge__previous, legacy_archive__build, migration; drop schema elsewhere cascade",
        ["the target has a schema migration that this tool did not make", "schema nxtgauge exists",
         "schema nxtgauge__previous exists", "schema legacy_archive__build exists",
         "extension citext stands in schema elsewhere"],
    ),
    "what only the target knows": (
        "",
        "create function refuse() returns event_trigger language plpgsql as $$ begin"
        " if exists (select from pg_event_trigger_ddl_commands() where object_identity ~ '(coupons|tax_rules|roles)$')"
        " then raise 'not here'; end if; end $$;"
        "create event trigger refuse on ddl_command_end when tag in ('CREATE TABLE') execute function refuse()",
        "",
        "drop event trigger refuse; drop function refuse",
        ["the target refuses the table coupons: not here", "the target refuses the table roles: not here",
         "the target refuses the table tax_rules: not here"],
    ),
}  # fmt: skip
AS_ROLE = {"rights of the source's role", "a schema that may not be looked into"}


@pytest.fixture(scope="module")
def urls(module_database):
    """Of source and target, which all cases share; the roles go with them."""
    source, target = module_database(), module_database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(SOURCE)
        yield source, target
        conn.execute("drop owned by reader cascade; drop role reader")
        conn.execute("drop role migrator")


@pytest.fixture
def settings(urls):
    return _settings(*urls)


def _settings(source: str, target: str | None, profile: str = "demo", **users: str):
    given = {"NXTGAUGE_SOURCE_URL": _as(source, users.get("reader"))}
    given |= {"NXTGAUGE_TARGET_URL": _as(target, users.get("migrator"))} if target else {}
    return configuration.load(profile, given)


def _as(url: str, user: str | None) -> str:
    return make_conninfo(url, user=user) if user else url


@contextlib.contextmanager
def _done(urls, before: tuple[str, str], after: tuple[str, str]):
    """Both statements done, and undone afterwards; the databases are called {source} and {target}."""
    with contextlib.ExitStack() as stack:
        conns = [stack.enter_context(psycopg.connect(url, autocommit=True)) for url in urls]
        names = dict(zip(("source", "target"), (conn.info.dbname for conn in conns), strict=True))
        for conn, text in zip(conns, before, strict=True):
            conn.execute(text.replace("{target}", names["target"]) or "select")
        try:
            yield
        finally:
            for conn, text in zip(conns, after, strict=True):
                conn.execute(text or "select")


def _schemas(url: str) -> set[str]:
    with psycopg.connect(url) as conn:
        return {name for (name,) in conn.execute("select nspname from pg_namespace where nspname !~ '^pg_'")}


@pytest.mark.parametrize("case", CASES)
def test_plan_refuses_what_migrate_refuses_all_at_once(urls, case):
    on_source, on_target, off_source, off_target, wanted = CASES[case]
    users = {"reader": "reader"} if case in AS_ROLE else {}
    users |= {"migrator": "migrator"} if "target's role" in case else {}
    with _done(urls, (on_source, on_target), (off_source, off_target)):
        settings, before = _settings(*urls, **users), _schemas(urls[1])
        found = survey.survey(settings).faults
        with pytest.raises(PlanRefused) as refused:
            run.migrate(settings)
        assert refused.value.faults == list(found)
        assert _schemas(urls[1]) == before
    for beginning in wanted:
        assert any(fault.startswith(beginning) for fault in found), (beginning, found)
    assert len(found) == len(wanted), "\n".join(found)


def test_a_profile_that_wants_a_rehearsal_and_newer_books_are_refused_by_both(urls):
    strict = _settings(*urls, profile="production")
    found = survey.survey(strict).faults
    with pytest.raises(PlanRefused) as refused:
        run.migrate(strict)
    assert list(found) == refused.value.faults and "requires a rehearsal's certificate" in found[0]
    with psycopg.connect(urls[1], autocommit=True) as conn:
        bookkeeping.ensure(conn)
        conn.execute("insert into migration.version (version) values (99)")
        found = survey.survey(strict).faults
        with pytest.raises(PlanRefused) as refused:
            run.migrate(strict)
        assert list(found) == refused.value.faults and "is version 99" in found[0] and len(found) == 1
        conn.execute("drop schema migration cascade")


def test_a_target_that_another_run_holds_is_told_of(settings):
    with lease.hold(settings.target):
        found = survey.survey(settings)
        assert found.faults == () and isinstance(survey.busy(found), TargetBusy)
        with pytest.raises(TargetBusy):
            run.migrate(settings)
    assert survey.busy(survey.survey(settings)) is None


def test_what_a_plan_says_and_asks(urls, settings):
    found = survey.survey(settings)
    told, text = describe.survey_json(found), describe.survey_text(found)
    assert found.faults == () and told["target"]["rehearsed"] and text.startswith("plan: READY: no fault, 5 questions")
    asked = {question.split(" ")[0]: question for question in told["questions"]}
    links = {f"developer_profiles.{name}" for name in ("website", "blog", "sites", "found")}
    assert asked.keys() == {"payments.helper_id", *links}
    assert 'helper_id = { to = "helpers", in = ["payments"] }' in asked["payments.helper_id"]
    assert 'website = "external_link" to removed under [developer_profiles]' in asked["developer_profiles.website"]
    assert all(question in text for question in told["questions"])
    new = {table["name"]: table for table in told["new_tables"]}
    assert new["orders"]["filled_by"] == ["payments"] and new["tax_rules"]["filled_by"] == []
    added = {(column["table"], column["column"]): column["filled_by"] for column in told["added_columns"]}
    assert added["payments", "updated_at"] == "created_at"
    assert added["developer_profiles", "user_role_profile_id"] == "the profile that the row belongs to"
    assert all("." in target for table in told["tables"] for way in table["columns"] for target in way["targets"])
    ways = {(table["legacy_table"], way["column"]): way for table in told["tables"] for way in table["columns"]}
    assert ways["professionals", "profession"]["targets"] == ["user_role_profiles.role"]
    followed = "the row of user_role_profiles that its row of professionals became"
    assert ways["tips", "professional_id"]["note"] == followed
    (role,) = [column for column in new["user_role_profiles"]["columns"] if column["column"] == "role"]
    assert role["filled_by"] == "professionals.profession, the role of its legacy table"
    full = describe.survey_text(found, is_full=True)
    assert "and 13 more" not in full and "user_id does not arrive in tutor_profiles as it was" in full
    source_only = survey.survey(_settings(urls[0], None))
    assert source_only.faults == () and "no DDL was rehearsed" in describe.survey_text(source_only).splitlines()[0]
    assert describe.survey_json(source_only)["target"]["looked_at"] is False


def test_a_column_that_the_target_adds_is_called_by_its_own_name_where_the_plan_is_refused(database):
    url = database()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "create table users (id int primary key); create table coupon_uses (id int primary key, order_id int)"
        )
    found = survey.survey(_settings(url, None))
    (fault,) = found.faults
    assert "order_id" in fault
    added = describe.survey_json(found)["added_columns"]
    assert added and not [column for column in added if column["column"].startswith("__")]


def test_a_table_that_another_session_has_locked_is_named(database, monkeypatch):
    monkeypatch.setitem(connect.OWN, "lock_timeout", "100ms")
    url = database()
    with psycopg.connect(url) as other:
        other.execute("create table users (id int primary key)")
        other.commit()
        other.execute("lock table users")
        with pytest.raises(SourceError, match=f"table users is locked by session {other.info.backend_pid} of"):
            survey.survey(_settings(url, None))


@pytest.fixture
def command(urls, monkeypatch, capsys):
    """Runs a command on the shared databases: its exit code and what it printed."""

    def call(*arguments: str, **environ: str) -> tuple[int, str, str]:
        known = {"NXTGAUGE_SOURCE_URL": urls[0], "NXTGAUGE_TARGET_URL": urls[1], "PREFECT_API_URL": ""}
        for name, value in (known | environ).items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = cli.main(list(arguments))
        return code, *capsys.readouterr()

    return call


OWN = {"visited": False, "billed": True}  # whether a reference that leads nowhere costs the row
UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]")
ODD = """
    create table "x\x1b[2J\n\u202e" (id int primary key, "a\r\u200b" int default 7);
    create function "f\x1b"(int) returns int language sql immutable as E'select\t$1';
    create table called (id int primary key, n int check ("f\x1b"(n) > 0));
    create view "v\x1b\u2028" as select 1 as one;
    comment on table called is E'\x1b';
    create table visited (id int primary key, user_id uuid);
    create table billed (id int primary key, user_id uuid not null);
"""


def test_the_command_ends_as_migrate_would_and_prints_no_odd_name_as_it_is(urls, command):
    undo = 'drop table visited, billed, "x\x1b[2J\n\u202e", called; drop view "v\x1b\u2028"; drop function "f\x1b"'
    with _done(urls, (ODD, ""), (undo, "")):
        name = "x\x1b[2J\n\u202e"
        printed = [command("plan"), command("plan", "--full"), command("plan", name), command("explain", name)]
        printed += [command("plan", "--json"), command("explain", "--json", name), command("plan", "nonsense\x1b[2J")]
        assert [code for code, *_ in printed] == [0, 0, 0, 0, 0, 0, 2]
        assert not [text for _, *texts in printed for text in texts if UNSEEN.search(text)]
        assert len(printed[0][1].splitlines()) < 100 < len(printed[1][1].splitlines())
        assert "x\\x1b[2J\\n\\u202e" in printed[0][1] and re.search(r"select +\$1", printed[1][1])
        told = json.loads(printed[4][1])
        assert name in {table["legacy_table"] for table in told["tables"]}
        assert [function["name"] for function in told["functions"]] == ["f\x1b(integer)"]
        reasons = {name: command("explain", name)[1].partition("a row is rejected for:")[2] for name in OWN}
        assert {name: "user_id_fkey" in said for name, said in reasons.items()} == OWN
        assert {name: "parent_rejected" in said for name, said in reasons.items()} == OWN
    with _done(urls, ("create view jobs as select 1 as id", ""), ("drop view jobs", "")):
        code, out, _ = command("plan", "--json")
        told = json.loads(out)
        assert code == 3 == told["error"]["exit_code"] and told["error"]["faults"] == told["faults"] and told["tables"]
        code, out, _ = command("plan", "payments")
        assert out.startswith("plan: REFUSED: 1 fault; nothing can be migrated before it is mended\n")
        assert code == 3 and "jobs: is a view" in out and "payments.amount" in out


def test_the_command_writes_a_page_and_shows_what_changes(urls, command, tmp_path):
    page = tmp_path / "plan.html"
    code, out, _ = command("plan", "--json", "--html", str(page), NXTGAUGE_TARGET_URL="")
    told, written = json.loads(out), page.read_text()
    assert code == 0 and told["html"] == str(page) and page.stat().st_mode & 0o777 == 0o600
    assert told["digest"] in written and not [word for word in ("host=", "://", urls[0]) if word in written]
    code, out, _ = command("plan", "--diff", "tutor_profiles", NXTGAUGE_TARGET_URL="")
    assert code == 0 and "-   user_id uuid → user_role_profiles.user_id  (rule profiles)" in out
    assert "payments" not in out.partition("\n--- ")[2]
    nowhere = tmp_path / "nowhere" / "plan.html"
    code, _, said = command("plan", "--html", str(nowhere), NXTGAUGE_TARGET_URL="")
    assert code == 2 and f"{nowhere} cannot be written: No such file or directory" in said


def test_the_command_ends_otherwise_where_the_target_cannot_be_had(settings, command):
    assert command("plan", NXTGAUGE_TARGET_URL="postgresql://localhost:1/none")[0] == 5
    with lease.hold(settings.target):
        code, out, _ = command("plan")
    assert code == 7 and out.startswith("plan: WAIT: another run holds this target")
    code, out, _ = command("plan", "--json", NXTGAUGE_TARGET_URL="")
    assert code == 0 and json.loads(out)["target"]["looked_at"] is False
    assert "did you mean payments?" in command("plan", "paymnts")[2]


def test_a_server_without_room_for_the_locks_of_so_many_tables_is_refused(module_database):
    """The refusal names a value that does; it is the smallest that does."""
    with psycopg.connect(module_database(), autocommit=True) as conn:
        each, processes = servers.lock_room(conn)
        assert processes > int(conn.execute("show max_connections").fetchone()[0])
        for side, locks in servers.LOCKS_A_TABLE.items():
            most = each * processes // locks
            assert servers.lock_faults(conn, side, most) == []
            (fault,) = servers.lock_faults(conn, side, most + 1)
            assert f"set max_locks_per_transaction = {each + 1} there (it is {each})" in fault


def test_a_table_that_would_get_too_many_columns_is_refused(database):
    source = database()
    columns = ", ".join(f"c{number} bool" for number in range(1599))
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(f"create table users (id uuid primary key); create table wide (id int, {columns})")
        settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": database()})
        (fault,) = operations.plan(settings).faults
        assert str(fault).startswith(
            "wide: needs 1,603 columns in the build, one of them for where each row comes from;"
        )
        conn.execute("alter table wide drop column c0, drop column c1, drop column c2")
        assert not operations.plan(settings).faults
