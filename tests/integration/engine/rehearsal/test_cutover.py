"""A rehearsed cut-over: what it writes to and what it leaves, what its certificate says, and what keeps it from one."""

import secrets
import threading
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from config import settings as configuration
from config.errors import ConfigError, TargetError, VerificationFailed
from engine import rehearsal, staging
from engine.books import bookkeeping, cutovers
from engine.changes import rounds
from engine.gates import rehearsed
from engine.rehearsal import Rehearsing, copies
from engine.session import connect
from engine.session.execution import Silent
from engine.session.stop import STOP
from engine.staging.writer import Writer
from engine.staging.writer.written import Acknowledged, Key
from flows.runs import work
from tests.support.auditors import trusting
from tests.support.copies import AS_IT_IS, ask, do

SOURCE = """
    create table users (id uuid primary key, email text);
    insert into users select gen_random_uuid(), 'u' || n || '@example.com' from generate_series(1, 30) n;
    create table customer_profiles (id uuid primary key, user_id uuid not null, status text);
    insert into customer_profiles select gen_random_uuid(), id, 'wobbly' from users limit 20;
    create table tasks (id bigint generated always as identity primary key, note text);
    insert into tasks (note) select 'note ' || n from generate_series(1, 30) n
"""
pytestmark = pytest.mark.story  # the first finds the copy as it was made
STRICT = {"default_tolerance": 0, "tolerance": {}}


@pytest.fixture(scope="module")
def copied(module_database, postgres_url):
    """A copy that a plain role owns, and an empty target."""
    source, target, copy, role = module_database(), module_database(), module_database(), f"r{secrets.token_hex(4)}"
    do(postgres_url, f"create role {role} login")
    do(source, SOURCE)
    do(copy, f"grant create, usage on schema public to {role}", f"grant create on database {name(copy)} to {role}")
    urls = {"SOURCE_URL": source, "TARGET_URL": target, "STAGING_URL": make_conninfo(copy, user=role)}
    given = configuration.load("demo", {f"NXTGAUGE_{each}": url for each, url in urls.items()})
    staging.refresh(given, AS_IT_IS, None)
    yield given
    for url in (copy, source, target):
        do(url, f"drop owned by {role} cascade")
    do(postgres_url, f"drop role {role}")


def name(url: str) -> str:
    return psycopg.conninfo.conninfo_to_dict(url)["dbname"]


def rehearse(settings, **parties):
    with work.delta_auditor(copies.in_place_of_the_source(settings), STOP) as judge:
        given = {"auditor": trusting, "delta_auditor": judge, "rate": 40, "budget": 120} | parties
        return rehearsal.rehearse(settings, Rehearsing(**given))


def standing(settings) -> tuple[list, list]:
    """Schemas of the target, and whether the copy's own role may write to each of its tables."""
    target, copy = (getattr(settings, url).get_secret_value() for url in ("target_url", "staging_url"))
    schemas = ask(target, "select nspname from pg_namespace where nspname !~ '^(pg_|information)' order by 1")
    writable = "select relname, has_table_privilege(oid, 'insert, delete') from pg_class where relkind = 'r'"
    return schemas, ask(copy, f"{writable} and relnamespace = to_regnamespace('public') order by 1")


@pytest.fixture
def hasty(monkeypatch):
    """No rounds but those of the cut-over itself."""
    monkeypatch.setattr("engine.rehearsal.cutover.ROUNDS", 0)


OPEN = [("customer_profiles", True), ("tasks", True), ("users", True)]


def test_it_writes_follows_cuts_over_and_leaves_a_certificate_and_nothing_else(copied):
    summary = rehearse(copied)
    assert (summary.state, summary.dry_run, summary.schema) == ("discarded", True, "nxtgauge")
    assert standing(copied) == ([("migration",), ("public",)], OPEN)
    told = summary.issued["parts"]["cutover"]
    assert [step["step"] for step in told["steps"]] == [
        "lock", "snapshot", "round", "verification", "publish", "fence"
    ]  # fmt: skip
    assert told["lost"] == 0 and told["judged"] > 20 and sum(told["written"].values()) >= told["judged"]
    assert told["followed"] > 10 and told["rounds"] == len(summary.rounds) >= rehearsal.cutover.ROUNDS + 3
    assert 0 < told["pause_seconds"] < 120 and told["predicted_seconds"] > 0 and told["writer_seconds"] > 0
    assert set(told["errors"]) <= {"42501"} and told["errors"]  # the fence, and nothing else
    assert (told["fence"], told["profile"], told["rate"], told["percent"]) == ("revoke", "demo", 40, None)
    assert told["written_before"] is None and copies.written_at(copied) is not None
    assert told["versions"]["source"] and told["rehearsed"] and told["not_rehearsed"]
    parts = summary.issued["parts"]
    assert parts["rows"]["users"]["source_rows"] == 30 and parts["rejects"] == {
        "customer_profiles": {"unknown_status": 20}
    }, "the rows are those before the writer"
    (attempt,) = summary.cutovers
    assert (attempt["outcome"], "give the writers back" in attempt["detail"]) == (cutovers.REHEARSED, True)
    with connect.target(copied.target) as conn:
        found = rehearsed.latest(conn, "public")
        assert found.run_id == summary.run_id == summary.certificate["run_id"]
        assert bookkeeping.schemas(conn) == {}
        assert len(rounds.latest(conn, summary.run_id, 100)) == told["rounds"]
    assert "holds what a rehearsed cut-over has written" in staging.require(copied)


def test_what_the_profile_does_not_tolerate_of_the_copy_and_a_write_that_is_nowhere_are_refused(
    copied, hasty, monkeypatch
):
    class Boasting(Writer):
        def stop(self):
            found = super().stop()
            made_up = Acknowledged("tasks", "insert", Key(("999999999",), "999999999"), 1, found.began)
            return replace(found, acknowledged=(*found.acknowledged, made_up))

    monkeypatch.setattr("engine.rehearsal.cutover.Writer", Boasting)
    with pytest.raises(VerificationFailed) as caught:
        rehearse(copied.model_copy(update=STRICT))
    shut, lost = caught.value.faults
    assert "tolerance/unknown_status" in shut and "rehearsal/lost" in lost and "1 of tasks missing" in lost
    summary = caught.value.summary
    assert (summary.issued, summary.state) == (None, "failed")
    assert [one["outcome"] for one in summary.cutovers] == [cutovers.REHEARSED]
    assert "999999999" not in str(caught.value) + str(summary)
    assert standing(copied)[1] == OPEN


def test_one_that_breaks_off_under_the_fence_leaves_the_copy_open_and_its_run_failed(copied, hasty, monkeypatch):
    def breaks(*_):
        raise TargetError("the books are gone")

    monkeypatch.setattr("engine.cutover.afterwards.late_writes", breaks)
    with pytest.raises(TargetError, match="the books are gone"):
        rehearse(copied)
    schemas, open_ = standing(copied)
    assert open_ == OPEN and ("nxtgauge__build",) in schemas and ("nxtgauge",) not in schemas
    with connect.target(copied.target) as conn:
        (latest, *_) = bookkeeping.runs(conn)
        assert (latest.state, latest.error) == ("failed", "the books are gone")


def test_the_copy_is_opened_once_its_writer_has_ended(copied, hasty, monkeypatch):
    undo, writing = copies.undo, []

    def looking(*given):
        writing.extend(each.name for each in threading.enumerate() if each.name.startswith("writer "))
        undo(*given)

    def stays(*_):
        raise TargetError("the commit was lost")

    monkeypatch.setattr("engine.rehearsal.copies.undo", looking)
    monkeypatch.setattr("engine.cutover.afterwards.late_writes", stays)
    with pytest.raises(TargetError, match="the commit was lost"):
        rehearse(copied, rate=400)
    assert writing == [] and standing(copied)[1] == OPEN


def test_one_that_is_gone_on_with_certifies_the_settings_it_began_with(copied, hasty, monkeypatch):
    with monkeypatch.context() as broken, pytest.raises(TargetError, match="in the middle"):
        broken.setattr("engine.rehearsal.cutover._Rehearsal._judge_as_it_is", breaks_off)
        rehearse(copied)
    other = copied.model_copy(update={"profile": "production", "is_profile_given": False, "unmapped_tables": "refuse"})
    parts = rehearse(other, resume=True).issued["parts"]
    assert parts["cutover"]["profile"] == "demo"
    assert parts["settings"]["unmapped_tables"] == "carry"


def breaks_off(_):
    raise TargetError("it ends in the middle")


@pytest.mark.parametrize(
    "closing",
    ["revoke insert, update, delete, truncate on all tables in schema public from current_user",
     "alter schema public rename to public__retired"],
)  # fmt: skip
def test_what_one_that_was_killed_has_closed_is_opened_by_the_next(copied, postgres_url, closing):
    copy = copied.staging_url.get_secret_value()
    if "schema public rename" in closing:
        role = psycopg.conninfo.conninfo_to_dict(copy)["user"]
        do(make_conninfo(copy, user="postgres"), f"alter schema public owner to {role}")
    do(copy, closing)
    copies.name_again(copied)
    Writer(copied, 1, STOP).proven()
    copies.open_again(copied)
    assert standing(copied)[1] == OPEN


def test_nothing_is_written_to_what_is_no_copy_of_ours_nor_by_whom_no_fence_binds(copied, database):
    url = database()
    do(url, SOURCE)
    role = psycopg.conninfo.conninfo_to_dict(copied.staging_url.get_secret_value())["user"]
    secret = type(copied.staging_url)
    do(url, f"alter table users owner to {role}", f"revoke insert on users from {role}")
    with pytest.raises(ConfigError, match="is no copy that `nxtgauge-migrate stage` made"):
        rehearse(copied.model_copy(update={"staging_url": secret(make_conninfo(url, user=role))}))
    assert ask(url, f"select has_table_privilege('{role}', 'users', 'insert')") == [(False,)], "it is no copy to open"
    powerful = make_conninfo(copied.staging_url.get_secret_value(), user="postgres")
    unbound = copied.model_copy(update={"staging_url": secret(powerful)})
    copies_made = ask(powerful, "select * from nxtgauge_staging.copies")
    for begin in (rehearse, lambda settings: work.rehearsing(settings, True, 100, Silent(), is_cut_over=True)):
        with pytest.raises(ConfigError, match="role postgres of NXTGAUGE_STAGING_URL may write whatever is revoked"):
            begin(unbound)
    assert ask(powerful, "select * from nxtgauge_staging.copies") == copies_made, "none is made in vain"
    assert ask(url, "select count(*) from users") == [(30,)]
