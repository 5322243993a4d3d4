"""After every round of a random history build and books are those of a fresh build of the same snapshot.

`make rounds` plays many histories; the suite plays a few.
"""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import conninfo, sql

from checks.verdict import FAIL, PASS
from config.errors import ConfigError, SourceError, VerificationFailed
from config.settings import Settings
from engine import run as runs
from engine import sync
from engine.books import bookkeeping
from engine.changes import rounds
from engine.following import apply as applying
from engine.following import round as one_round
from engine.following import units as all_units
from engine.following.apply import Changed
from engine.following.delta import Delta
from engine.following.round import Anew
from engine.planning.plan import Plan
from engine.start import begin, preflight
from engine.start.options import Options
from tests.histories.databases import filling
from tests.histories.databases.followed import Followed, followed
from tests.histories.playing import compared, following, play, settings_of
from tests.support.auditors import Saying, saying

ROUNDS, STEPS = 2, 9
Database = Callable[..., str]
Patch = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def reference(module_database: Database) -> Followed:
    url = module_database()
    filling.reference(url)
    return followed(url, module_database())


@pytest.fixture(scope="module")
def odd(module_database: Database) -> Followed:
    url = module_database()
    filling.odd(url)
    return followed(url, module_database())


def _source(settings: Settings) -> psycopg.Connection[Any]:
    """A session of the application."""
    return psycopg.connect(settings.source.conninfo, autocommit=True)


@pytest.mark.parametrize("number", range(2))
def test_a_build_follows_an_odd_database(odd: Followed, database: Database, monkeypatch: Patch, number: int) -> None:
    if number:  # tables with as many rows to derive in every round are derived whole
        monkeypatch.setattr(one_round, "MOST_AGAIN", 1)
    played = play(odd.copy(database), database, number, ROUNDS, STEPS)
    assert played.faults == [] and played.rounds


@pytest.mark.parametrize("is_partly", [False, True])
def test_a_build_follows_the_reference_database(reference: Followed, database: Database, is_partly: bool) -> None:
    played = play(reference.copy(database), database, 7, ROUNDS, STEPS, is_partly=is_partly)
    assert played.faults == [] and played.rounds


# What has to be followed, each statement by a round of its own.
SWAP = """
    do $$ declare one record; other record; begin
        select id, code into one from coupons order by id limit 1;
        select id, code into other from coupons order by id offset 1 limit 1;
        update coupons set code = 'PARKED1' where id = one.id;
        update coupons set code = one.code where id = other.id;
        update coupons set code = other.code where id = one.id;
    end $$
"""
APPEAR = """
    insert into users select (jsonb_populate_record(u, jsonb_build_object(
        'id', (select user_id from notifications order by id limit 1),
        'email', 'late@example.org', 'phone', null, 'referral_code', 'LATE'))).* from users u limit 1
"""
# An application names a job, whose company is a profile, and a job seeker, who is one, too.
SPOIL = """
    do $$ declare one record; begin
        select j.id, j.company_id, s.id as seeker into one
        from applications a join jobs j on j.id = a.job_id join company_profiles c on c.id = j.company_id
        join job_seeker_profiles s on {} order by a.id limit 1;
        perform set_config('session_replication_role', 'replica', true);
        update company_profiles set user_id = gen_random_uuid() where id = one.company_id;
        update job_seeker_profiles set status = 'no such status' where id = one.seeker;
    end $$
"""
OF_ANOTHER = "not exists (select from applications b where b.job_id = j.id and b.job_seeker_profile_id = s.id)"
NAMED = """
    update applications as a set job_seeker_profile_id = s.id
    from jobs as j, company_profiles as c, job_seeker_profiles as s
    where a.id = (select min(b.id::text)::uuid from applications b where b.job_id = j.id) and c.id = j.company_id
        and not exists (select from users u where u.id = c.user_id) and s.status = 'no such status'
"""
CHANGES = {
    "two parents go at once": [SPOIL.format("s.id = a.job_seeker_profile_id")],
    "a row whose one parent has gone names another that has gone": [SPOIL.format(OF_ANOTHER), NAMED],
    "a parent that appears brings its children back": [
        "update notifications set user_id = gen_random_uuid() where id in "
        "(select id from notifications order by id limit 2)",
        APPEAR,
    ],
    "unique values change places": [SWAP],
    "profiles are spoiled and mended": [
        "update photographer_profiles set status = 'no such status' where id in "
        "(select id from photographer_profiles order by id limit 2)",
        "update photographer_profiles set status = 'approved' where status = 'no such status'",
    ],
    "a table is emptied": ["truncate refresh_tokens"],
}


@pytest.mark.parametrize("what", [*CHANGES])
def test_a_build_follows(reference: Followed, database: Database, what: str) -> None:
    settings = reference.copy(database)
    with _source(settings) as conn, following(settings, reference.run_id) as session:
        for statement in CHANGES[what]:
            assert conn.execute(statement).rowcount
            told, found = compared(session, database)
            assert found == []
            assert told.read or told.inserted or told.updated or told.deleted


# What changes the catalogue, and no version of a row.
ALTERED = {
    "a column made again": "alter table keyless drop column note, add column note text",
    "a label more": "alter type mood add value 'new'",
    "a check of a domain": "alter domain share add constraint big check (value < 5000000)",
    "a domain's default": "alter domain share set default 4",
    "a sequence's step": "alter sequence children_id_seq increment by 5",
    "an identity's step": "alter table numbered alter id set increment by 5",
    "a sequence's owner": "alter sequence children_id_seq owned by none",
    "a sequence more": "create sequence free",
    "a type's comment": "comment on type mood is 'how it is'",
}


def test_a_build_is_made_anew_whatever_changes_the_catalogue(odd: Followed, database: Database) -> None:
    settings, unnoticed = odd.copy(database), list[str]()
    with _source(settings) as conn, following(settings, odd.run_id) as session:
        for what, change in ALTERED.items():
            with session.snapshot() as held:
                before = preflight.planned(settings, held, "", session.conn.info.server_version)
            conn.execute(change)
            with session.snapshot() as held:
                after = preflight.planned(settings, held, "", session.conn.info.server_version)
            if begin.fingerprint(before, settings) == begin.fingerprint(after, settings):
                unnoticed.append(what)
        with session.snapshot() as held, pytest.raises(Anew):
            session.round(held)
    assert unnoticed == []


def test_a_round_in_which_nothing_was_written_changes_nothing(odd: Followed, database: Database) -> None:
    settings = odd.copy(database)
    with following(settings, odd.run_id) as session, session.snapshot() as held:
        _, first = session.round(held)
        _, second = session.round(held)
    assert (second.inserted, second.updated, second.deleted, second.behind) == (0, 0, 0, 0)
    assert (first.number, second.number) == (0, 1)


def test_rounds_in_a_row_share_sessions_with_a_plan_each(odd: Followed, database: Database, monkeypatch: Patch) -> None:
    settings, made, planned = odd.copy(database), list[Plan](), preflight.planned

    def counted(*given: Any) -> Plan:
        made.append(planned(*given))
        return made[-1]

    monkeypatch.setattr(preflight, "planned", counted)
    query = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    with _source(settings) as conn, following(settings, odd.run_id) as session:
        seen: list[set[int]] = []
        for _ in range(2):
            conn.execute("update users set full_name = 'again' where id in (select id from users order by id limit 1)")
            with session.snapshot() as held:
                session.round(held)
                seen.append({pid for (pid,) in conn.execute(query)} - {held.holder.info.backend_pid})
    assert len(made) == 2 and seen[0] & seen[1]


def test_a_round_that_fails_leaves_the_last_one(odd: Followed, database: Database, monkeypatch: Patch) -> None:
    settings = odd.copy(database)
    with _source(settings) as conn, following(settings, odd.run_id) as session:
        with session.snapshot() as held:
            session.round(held)
        conn.execute("delete from children where id in (select id from children order by id limit 1)")

        def fails(*_: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError), session.snapshot() as held:
            patched.setattr(rounds, "add", fails)
            session.round(held)
        last = rounds.last(session.conn, odd.run_id)
        assert last is not None and last.number == 0
        told, found = compared(session, database)
        assert found == [] and told.gone == {"children": 1}


LEFT = """
    select nspname::text from pg_namespace where nspname ~ '__delta$'
    union all select 'chunks' from migration.chunks where run_id ~ '__delta$'
    union all select 'rejects' from migration.rejects where run_id ~ '__delta$'
"""


@pytest.mark.parametrize("follows", [True, False])
def test_what_a_round_that_was_broken_off_has_left_goes_with_what_comes_next(
    odd: Followed, database: Database, monkeypatch: Patch, follows: bool
) -> None:
    settings = odd.copy(database)

    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    with _source(settings) as conn, following(settings, odd.run_id) as session:
        conn.execute("update children set id = id")
        with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError), session.snapshot() as held:
            patched.setattr(applying, "apply", fails)
            session.round(held)
    with psycopg.connect(settings.target.conninfo, autocommit=True) as target:
        left = {name for (name,) in target.execute(LEFT)}
        assert left >= {"nxtgauge__delta", "chunks"}
        if follows:
            with following(settings, odd.run_id):
                pass
        else:  # nor do the books stay where whoever looked after the database has dropped what he did not know
            for schema in ("nxtgauge__delta", "legacy_archive__delta"):
                target.execute(f"drop schema {schema} cascade")
            begin.drop_builds(target, settings)
        assert target.execute(LEFT).fetchall() == []


def test_what_comes_out_the_same_is_derived_once(reference: Followed, database: Database, monkeypatch: Patch) -> None:
    settings, derive, attempts = reference.copy(database), Delta.derive, list[set[str]]()

    def recorded(delta: Delta) -> None:
        attempts.append({name for unit in delta.derived for _, name in all_units.filled_by(unit)})
        derive(delta)

    monkeypatch.setattr(Delta, "derive", recorded)
    with _source(settings) as conn, following(settings, reference.run_id) as session:
        conn.execute(
            "update notifications set title = 'new' where id in (select id from notifications limit 1); "
            "delete from portfolio_items where id in (select i.portfolio_item_id from portfolio_images as i "
            "join portfolio_items as p on p.id = i.portfolio_item_id limit 1)"
        )
        _, found = compared(session, database)
    first, *wider = attempts
    assert found == [] and {"notifications", "portfolio_items", "portfolio_images"} <= first
    assert wider and all("portfolio_images" in d and not {"notifications", "portfolio_items"} & d for d in wider)


@pytest.mark.parametrize("is_partly", [False, True])
def test_a_row_loses_its_notes_with_its_rejection_and_gets_them_back(
    odd: Followed, database: Database, is_partly: bool
) -> None:
    """Of the seventh user's payment no order is made, which is a note; the orders' group has nothing else of it."""
    theirs, settings = "email = 'user7@example.com'", odd.copy(database)
    with (
        _source(settings) as conn,
        following(settings, odd.run_id, is_partly=is_partly) as session,
        session.snapshot() as held,
    ):
        session.round(held)
        conn.execute(f"create temporary table kept as select * from users where {theirs}")
        for statement in (f"delete from users where {theirs}", "insert into users select * from kept"):
            assert conn.execute(statement).rowcount
            assert compared(session, database)[1] == []


def test_of_a_table_without_a_key_the_rows_that_differ_change(odd: Followed, database: Database) -> None:
    with _source(settings := odd.copy(database)) as conn, following(settings, odd.run_id) as session:
        conn.execute("insert into keyless select k.* from keyless as k limit 1")
        told, found = compared(session, database)
        assert found == [] and (told.inserted, told.deleted) == (1, 0)
        some = "keyless {} where ctid in (select ctid from keyless limit {})"
        conn.execute(f"delete from {some.format('', 2)}; update {some.format('set note = 12', 1)}")
        told, found = compared(session, database)
        assert found == [] and (told.inserted, told.updated, told.deleted) == (1, 0, 3)


def test_what_the_session_deleted_before_is_not_counted(odd: Followed, database: Database, monkeypatch: Patch) -> None:
    settings, apply = odd.copy(database), applying.apply

    def deletes_before(delta: Delta, *given: Any) -> Changed:
        children = sql.Identifier(delta.main.schema, "children")
        with delta.target.transaction(force_rollback=True):
            assert delta.target.execute(sql.SQL("delete from {}").format(children)).rowcount
        return apply(delta, *given)

    monkeypatch.setattr(applying, "apply", deletes_before)
    with _source(settings) as conn, following(settings, odd.run_id) as session:
        conn.execute("delete from children where id in (select id from children order by id limit 1)")
        told, found = compared(session, database)
        assert found == [] and told.gone == {"children": 1}


def test_a_source_that_no_build_can_follow_is_refused_after_one_more_build(odd: Followed, database: Database) -> None:
    source, role = database(template=odd.source), "reader_of_no_identifier"
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute("revoke execute on function pg_control_system() from public")
        conn.execute(f"create role {role} login")
        try:
            conn.execute(f"grant pg_read_all_data to {role}")
            settings = settings_of(conninfo.make_conninfo(source, user=role), database())
            with pytest.raises(SourceError, match="no build of this source can follow it"):
                sync.sync(settings, sync.Following(rounds=1))
        finally:
            conn.execute(f"drop role {role}")


def test_abort_leaves_nothing_but_the_books(odd: Followed, database: Database) -> None:
    settings, run_id = odd.copy(database), odd.run_id
    assert sync.abort(settings) == run_id
    with psycopg.connect(settings.target.conninfo) as conn:
        left = conn.execute("select nspname from pg_namespace where nspname ~ '__(build|delta)$'").fetchall()
        assert left == [] and bookkeeping.run(conn, run_id).state == "discarded"


@pytest.mark.parametrize("is_rehearsal", [True, False])
def test_no_other_run_drops_a_build_that_follows(odd: Followed, database: Database, is_rehearsal: bool) -> None:
    settings, run_id = odd.copy(database), odd.run_id
    sync.sync(settings, sync.Following(rounds=1, auditor=saying()))
    anew = Options(dry_run=is_rehearsal, auditor=saying())
    with pytest.raises(ConfigError, match=rf"cutover --run {run_id}(.|\n)*sync --abort --run {run_id}"):
        runs.migrate(settings, anew)
    assert sync.sync(settings, sync.Following(rounds=1, auditor=saying())).run_id == run_id
    sync.abort(settings, run_id)
    assert runs.migrate(settings, anew).run_id != run_id


def test_what_somebody_else_has_changed_in_the_build_is_answered_for_whatever_rounds_follow(
    odd: Followed, database: Database
) -> None:
    settings, run_id = odd.copy(database), odd.run_id
    sync.sync(settings, sync.Following(rounds=1, auditor=saying()))
    with psycopg.connect(settings.target.conninfo, autocommit=True) as target:
        build = bookkeeping.build(target, run_id).name
        target.execute(sql.SQL("update {} set full_name = full_name").format(sql.Identifier(build, "users")))
    with _source(settings) as conn:
        for _ in range(2):
            conn.execute("delete from children where id in (select id from children order by id limit 1)")
            with pytest.raises(VerificationFailed, match=r"build/unchanged \(failed\)"):
                sync.sync(settings, sync.Following(rounds=1, auditor=saying()))


def test_a_gate_that_failed_is_judged_again_once_a_round_has_changed_the_build(
    odd: Followed, database: Database
) -> None:
    settings, run_id = odd.copy(database), odd.run_id
    fails = saying(suite__users=FAIL, law__users=PASS)

    def follows(auditor: Saying) -> str:
        return sync.sync(settings, sync.Following(rounds=1, auditor=auditor)).run_id

    with _source(settings) as conn:
        with pytest.raises(VerificationFailed, match=rf"suite/users \(failed\)(.|\n)*sync --run {run_id}"):
            follows(fails)
        with pytest.raises(VerificationFailed, match=r"suite/users \(failed\)"):  # nothing was mended
            follows(saying())
        conn.execute("update users set full_name = 'mended' where id in (select id from users limit 1)")
        with pytest.raises(VerificationFailed, match=r"suite/users \(failed\)"):
            follows(fails)
        conn.execute("update users set full_name = 'mended' where id in (select id from users order by 1 desc limit 1)")
        assert follows(saying()) == run_id
        with pytest.raises(VerificationFailed, match=r"law/users"):
            follows(saying(law__users=FAIL))
        conn.execute("delete from keyless")
        assert follows(saying()) == run_id  # which does not ask it


def test_which_of_two_rivals_stays_is_not_said_by_when_a_parent_goes(reference: Followed, database: Database) -> None:
    """A fresh build judges all uniques together, so a parent may go by one of them after its child has won by another;
    a round would find the parent gone. So rivals for a row that is followed alone name one parent, wherever that or
    what it depends on may go so."""
    settings = reference.copy(database)
    with following(settings, reference.run_id) as session, session.snapshot() as held:
        plan = session.planned(held)
    judged = [rule for rule in plan.rules if rule.kind in "uix" and not rule.is_trusted]
    single = {table.name for unit in all_units.of(plan).rows for table in unit.tables if not table.is_archive}
    assert "applications" in single & {rule.table for rule in judged}
    for rule in (rule for rule in judged if rule.table in single):
        for named in (r for r in plan.rules if r.kind == "f" and r.table == rule.table):
            above = {named.parent}
            while more := {parent for name in above for parent in plan.parents.get(name, ())} - above:
                above |= more
            if above & {other.table for other in judged}:
                assert {*named.columns} <= {*rule.columns}, f"{rule.name}: {named.columns}"
