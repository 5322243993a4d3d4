"""The rehearsal certificate: who issues one, who is held to it, and how drift from it is told."""

import json
import re

import psycopg
import pytest

from checks.verdict import ERROR, FAIL
from config import mapping, origins
from config import settings as configuration
from config.errors import ConfigError, PlanRefused, VerificationFailed
from engine import operations, run
from engine.books import bookkeeping
from engine.gates import certificate
from engine.session.execution import Silent
from engine.start import survey
from engine.start.options import Options
from flows.runs import work
from tests.support.auditors import saying, trusting
from tests.support.places import PROJECT

SOURCE = """
    create type mood as enum ('good', 'bad');
    create table users (id uuid primary key, name text, age int, height int, mood mood, shoe int,
                        constraint adult check (age > 17), constraint tall check (height > 9));
    insert into users select gen_random_uuid(), 'Canary Name ' || n, 20, 170 from generate_series(1, 9) n;
    create index by_name on users (name);
    create index by_age on users (age);
    create table fewer (id int);
    create table customer_profiles (id uuid primary key, user_id uuid not null, status text);
    insert into customer_profiles select gen_random_uuid(), id, 'wobbly' from users limit 3;
    create table extra (id bigserial primary key, "Full Name" text);
"""


@pytest.fixture
def strict(settings):
    """As production is, but for its tolerance."""
    return settings.model_copy(update={"require_certificate": True})


def rehearse(settings) -> dict:
    """A dry-run that passes; its certificate."""
    return run.migrate(settings, Options(auditor=trusting, dry_run=True)).issued


@pytest.fixture(scope="module")
def original(module_database) -> dict[str, str]:
    """A legacy database and a target in which it was rehearsed once for all, as everybody's copies are made of them."""
    urls = {"NXTGAUGE_SOURCE_URL": module_database(), "NXTGAUGE_TARGET_URL": module_database()}
    with psycopg.connect(urls["NXTGAUGE_SOURCE_URL"], autocommit=True) as conn:
        conn.execute(SOURCE)
    return urls


@pytest.fixture(scope="module")
def issued(original) -> dict:
    """The certificate of that rehearsal."""
    return rehearse(configuration.load("demo", original))


class Rehearsed:
    """Tests that begin after the rehearsal: with copies of both databases."""

    @pytest.fixture
    def environ(self, database, original, issued) -> dict[str, str]:
        return {name: database(template=url) for name, url in original.items()}


def refused(settings, **options) -> str:
    with pytest.raises(PlanRefused) as caught:
        run.migrate(settings, Options(auditor=trusting, **options))
    assert caught.value.exit_code == 3 and "Canary" not in str(caught.value)
    return str(caught.value)


def test_production_requires_one_and_no_other_profile_does():
    required = {name: configuration.load(name, {}).require_certificate for name in origins.profiles()}
    assert required == {"demo": False, "staging": False, "production": True}


class TestIssued:
    def test_a_dry_run_that_passes_ends_in_one(self, settings, target):
        summary = run.migrate(settings, Options(auditor=trusting, dry_run=True))
        issued = summary.issued
        assert issued["run_id"] == summary.run_id and summary.certificate["hash"] == issued["hash"]
        assert summary.certificate["role"] == "issued" and summary.state == "discarded"
        parts = issued["parts"]
        assert parts["rows"]["users"] == {
            "source_rows": 9, "loaded": 9, "merged": 0, "rejected": 0, "archived": 0
        }  # fmt: skip
        assert parts["rejects"] == {"customer_profiles": {"unknown_status": 3}}
        assert parts["source"]["tables"]["users"]["columns"]["id"] == "uuid not null"
        assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{12}", parts["code_version"])
        (row,) = target.execute("select hash, run_id, source_schema, target_schema from migration.certificates")
        assert row == (issued["hash"], summary.run_id, "public", "nxtgauge")
        assert json.loads(json.dumps(summary.to_dict()))["issued"] == issued

    def test_what_is_published_stays_and_the_build_goes(self, settings, target):
        run.migrate(settings, Options(auditor=trusting))
        schemas = "select to_regnamespace('nxtgauge')::oid, to_regnamespace('nxtgauge__build')::oid"
        ((live, _),) = before = target.execute(schemas).fetchall()
        rehearse(settings)
        assert live and target.execute(schemas).fetchall() == before == [(live, None)]

    def test_it_holds_no_value_of_a_row(self, issued):
        assert "Canary" not in json.dumps(issued) and "wobbly" not in json.dumps(issued)

    def test_the_same_rehearsal_has_the_same_hash_and_other_rows_another(self, issued, settings, source):
        first, again = issued, rehearse(settings)
        assert first["hash"] == again["hash"] == certificate.digest(first["parts"])
        source.execute("insert into users (id, name) values (gen_random_uuid(), 'x')")
        assert rehearse(settings)["hash"] != first["hash"]

    def test_who_was_not_verified_gets_none(self, settings, target):
        assert run.migrate(settings, Options(dry_run=True)).issued is None
        with pytest.raises(VerificationFailed) as caught:
            run.migrate(settings, Options(auditor=saying(content__users=FAIL), dry_run=True))
        assert caught.value.summary.issued is None
        with pytest.raises(VerificationFailed):
            run.migrate(settings, Options(auditor=saying(level="counts"), dry_run=True))
        assert run.migrate(settings, Options(auditor=trusting)).issued is None  # no rehearsal
        assert target.execute("select count(*) from migration.certificates").fetchone() == (0,)


class TestWithout:
    def test_nothing_is_begun(self, strict, target):
        message = refused(strict)
        assert "profile demo requires a rehearsal's certificate" in message and "--dry-run" in message
        assert target.execute("select to_regnamespace('migration')").fetchone() == (None,)

    def test_a_target_whose_books_are_older_has_none(self, strict, target):
        target.execute(bookkeeping.SCRIPTS[0].read_bytes())
        assert "requires a rehearsal's certificate" in refused(strict)


class TestRequired(Rehearsed):
    def test_a_rehearsal_permits_what_follows(self, issued, strict, source):
        source.execute("insert into users (id, name) values (gen_random_uuid(), 'one more')")
        summary = run.migrate(strict, Options(auditor=trusting))
        assert summary.state == "published"
        told = summary.certificate
        assert (told["role"], told["hash"], told["run_id"]) == ("in force", issued["hash"], issued["run_id"])
        assert told["changes"] == ["users: loaded was 9, is 10", "users: source_rows was 9, is 10"]

    def test_other_reject_reasons_are_told(self, strict, source):
        source.execute("update customer_profiles set status = 'DRAFT'")
        changes = run.migrate(strict, Options(auditor=trusting)).certificate["changes"]
        assert "customer_profiles: unknown_status is gone (was 3)" in changes

    def test_one_of_another_source_schema_does_not_count(self, strict, source):
        source.execute("create schema other; create table other.users (id uuid primary key)")
        assert "for source schema other" in refused(strict.model_copy(update={"source_schema": "other"}))

    def test_the_latest_counts(self, strict, source):
        source.execute("alter table users add nickname text")
        rehearse(strict)
        assert run.migrate(strict, Options(auditor=trusting)).state == "published"

    def test_where_none_is_required_none_is_looked_at(self, settings, source):
        source.execute("alter table users add nickname text")
        summary = run.migrate(settings, Options(auditor=trusting))
        assert summary.state == "published" and summary.certificate is None

    def test_a_resumed_run_is_held_to_it_too(self, strict, source):
        with pytest.raises(VerificationFailed) as caught:
            run.migrate(strict, Options(auditor=saying(content__users=FAIL)))
        assert caught.value.summary.certificate["role"] == "in force"
        source.execute("alter table users add nickname text")
        assert "users.nickname" in refused(strict, run_id=caught.value.summary.run_id)


class TestDrift(Rehearsed):
    CHANGES = {
        "alter table users add nickname text not null default ''": "column users.nickname has appeared (text not null)",
        "alter table users drop shoe": "column users.shoe is gone (was integer)",
        "alter table users alter height type bigint": "column users.height was integer, is bigint",
        "alter table users alter name set not null": "column users.name was text, is text not null",
        "alter table users alter mood set default 'good'":
            "column users.mood has another default, identity, expression or collation",
        'alter table extra rename "Full Name" to "x""; drop"': 'column extra.x"; drop has appeared (text)',
        "": "column extra.Full Name is gone (was text)",
        "create table more (id int)": "table more has appeared",
        "drop table fewer": "table fewer is gone",
        "alter table users drop constraint adult": "constraint adult of users is gone",
        "alter table users drop constraint tall, add constraint tall check (height > 20)":
            "constraint tall of users is another",
        'alter table extra add constraint once unique (id)': "constraint once of extra has appeared",
        "drop index by_name": "index by_name of users is gone",
        "drop index by_age": "index by_age of users is another",
        "create index by_age on users (age, name)": None,
        "alter type mood add value 'so so'": "type mood is another",
        "alter sequence extra_id_seq increment 5": "sequence extra_id_seq is another",
    }  # fmt: skip

    def test_of_the_source_is_shown(self, issued, strict, source):
        for statement in filter(None, self.CHANGES):
            source.execute(statement)
        message = refused(strict)
        wanted = [f"not as rehearsed by run {issued['run_id']}: {said}" for said in self.CHANGES.values() if said]
        told = [line.removeprefix("  - ") for line in message.splitlines()[1:]]
        again = "rehearse again: `nxtgauge-migrate migrate --dry-run` issues another certificate"
        assert sorted(told) == sorted([*wanted, again])
        rehearse(strict)
        assert run.migrate(strict, Options(auditor=trusting)).state == "published"

    def test_what_is_no_schema_of_the_data_is_no_drift(self, strict, source):
        for statement in (
            "comment on table users is 'x'",
            "comment on column users.name is 'y'",
            "comment on constraint adult on users is 'z'",
            "comment on index by_name is 'z'",
            "select setval('extra_id_seq', 99)",
            "create view names as select name from users",
            "grant select on users to public",
            "update users set age = 77",
            "analyze users",
        ):
            source.execute(statement)
        assert run.migrate(strict, Options(auditor=trusting)).state == "published"

    def test_of_the_mapping_is_shown(self, strict, monkeypatch):
        other = mapping.load().model_copy(update={"digest": "f" * 64})
        monkeypatch.setattr(mapping, "load", lambda: other)
        assert re.search(r"the mapping \(config/mapping\) was [0-9a-f]{12}, is ffffffffffff", refused(strict))

    def test_of_the_target_ddl_is_shown(self, strict, monkeypatch, tmp_path):
        (tmp_path / "tables.sql").write_text("-- other")
        monkeypatch.setattr(certificate.target, "FOLDER", tmp_path)
        assert "the target DDL (config/target) was " in refused(strict)

    def test_of_the_program_is_shown(self, issued, strict, monkeypatch):
        monkeypatch.setattr(certificate, "code_version", lambda: "9.9.9+abc")
        assert f"the program was {issued['parts']['code_version']}, is 9.9.9+abc" in refused(strict)

    def test_of_settings_that_decide_what_becomes_of_rows_is_shown(self, strict):
        other = strict.model_copy(update={"time_zone": "Asia/Kolkata"})
        message = refused(other)
        assert "time_zone was UTC, is Asia/Kolkata" in message
        assert "`nxtgauge-migrate --profile demo migrate --dry-run` issues another" in message
        workers = strict.model_copy(update={"workers": 7, "allow_dependants": True, "profile": "production"})
        assert run.migrate(workers, Options(auditor=trusting)).state == "published"  # of another profile, and alike

    def test_the_documents_name_the_settings_that_decide(self):
        told = (PROJECT / "docs" / "operating.md").read_text().split("The settings that decide are ")[1].split(":")[0]
        assert tuple(re.findall(r"`(\w+)`", told)) == certificate.RULES
        alike = [[getattr(configuration.load(name, {}), key) for key in certificate.RULES] for name in
                 ("staging", "production")]  # fmt: skip
        assert alike[0] == alike[1]

    def test_all_of_it_is_told_at_once_with_the_other_faults(self, strict, source, monkeypatch):
        source.execute("alter table users add nickname text; alter table users drop age")
        monkeypatch.setattr(certificate, "code_version", lambda: "9.9.9+abc")
        source.execute("alter table users add __origin text")
        message = refused(strict)
        for part in ("users.nickname", "users.age", "9.9.9+abc", "is a name that the tool needs"):
            assert part in message


class TestForeseen:
    """What the rehearsal of this very source found closed is told before anything is built."""

    @pytest.fixture
    def environ(self, database, original, issued) -> dict[str, str]:
        return original | {"NXTGAUGE_TARGET_URL": database(template=original["NXTGAUGE_TARGET_URL"])}

    def test_rows_over_the_tolerance_are_told_with_every_remedy(self, issued, strict, target):
        production = strict.model_copy(update={"default_tolerance": 2})
        message = refused(production)
        told = f"tolerance/unknown_status: rehearsal {issued['run_id']} rejected 3 rows of customer_profiles for it"
        assert told in message and "[tolerance] unknown_status = 3 in config/profiles/demo.toml" in message
        assert "`nxtgauge-migrate --profile demo migrate --verify-anyway`" in message
        assert target.execute("select count(*) from migration.runs where not dry_run").fetchone() == (0,)
        assert any(told in fault for fault in survey.survey(production).faults)

        with pytest.raises(VerificationFailed) as caught:
            run.migrate(production, Options(auditor=trusting, verify_anyway=True))
        run_id = caught.value.summary.run_id
        assert "tolerance/unknown_status (failed)" in str(caught.value) and caught.value.summary.verdict
        operations.waive(production, run_id, "tolerance/unknown_status", "test accounts", "Asha")
        assert run.migrate(production, Options(auditor=trusting, run_id=run_id)).state == "published"


class TestForeseenLater(Rehearsed):
    """What another rehearsal found, later: it counts if it was of this source, by this mapping, into this schema."""

    def test_what_is_tolerated_or_drifted_is_not_told(self, strict, source):
        source.execute("alter table users add nickname text")
        message = refused(strict.model_copy(update={"default_tolerance": 2}))
        assert "users.nickname" in message and "tolerance/" not in message
        rehearse(strict)
        tolerant = strict.model_copy(update={"default_tolerance": 2, "tolerance": {"unknown_status": 3}})
        assert run.migrate(tolerant, Options(auditor=trusting)).state == "published"

    def test_a_later_rehearsal_that_failed_speaks(self, issued, strict, source):
        source.execute("insert into customer_profiles select gen_random_uuid(), id, 'woozy' from users limit 2")
        with pytest.raises(VerificationFailed) as caught:
            run.migrate(strict, Options(auditor=saying(content__users=FAIL, law__roots=ERROR), dry_run=True))
        later = caught.value.summary.run_id
        message = refused(strict.model_copy(update={"default_tolerance": 4}))
        assert f"content/users: it failed in rehearsal {later} (1 of 12 rows differs in name)" in message
        assert f"rehearsal {later} rejected 5 rows" in message and "law/roots" not in message
        assert issued["run_id"] not in message
        rehearse(strict)
        assert run.migrate(strict, Options(auditor=trusting)).state == "published"

    def test_one_of_another_database_or_by_another_mapping_does_not(self, strict, database, tmp_path, monkeypatch):
        other = strict.model_copy(update={"source_url": type(strict.source_url)(database())})
        with psycopg.connect(other.source_url.get_secret_value()) as conn:
            conn.execute(SOURCE)
        self._fail_rehearsing(other)
        common = origins.read("common").replace('"migrations"', '"tried"')
        (tmp_path / "common.toml").write_text(common)
        with monkeypatch.context() as trial:
            trial.setenv("NXTGAUGE_MAPPING", str(tmp_path))
            mapping.load.cache_clear()
            self._fail_rehearsing(strict)
        mapping.load.cache_clear()
        self._fail_rehearsing(strict.model_copy(update={"target_schema": "elsewhere"}))
        assert run.migrate(strict, Options(auditor=trusting)).state == "published"

    def _fail_rehearsing(self, settings):
        with pytest.raises(VerificationFailed):
            run.migrate(settings, Options(auditor=saying(content__users=FAIL), dry_run=True))


class TestFile:
    """A rehearsal into another database leaves a file."""

    @pytest.fixture
    def file(self, issued, tmp_path):
        path = tmp_path / "certificate.json"
        path.write_text(json.dumps(issued, indent=2, ensure_ascii=False))
        return path

    def test_it_permits_what_follows(self, strict, file):
        refused(strict)
        summary = run.migrate(strict, Options(auditor=trusting, certificate=file))
        assert summary.state == "published" and summary.certificate["role"] == "in force"

    def test_a_resumed_run_is_held_to_it_without_being_told_again(self, strict, file, target):
        with pytest.raises(VerificationFailed):
            run.migrate(strict, Options(auditor=saying(content__users=FAIL), certificate=file))
        (run_id,) = target.execute("select run_id from migration.runs").fetchone()
        with pytest.raises(VerificationFailed):  # by its gate: the certificate is there
            run.migrate(strict, Options(auditor=trusting, run_id=run_id))

    def test_drift_from_it_is_refused_even_where_none_is_required(self, settings, file, source):
        source.execute("alter table users add nickname text")
        assert "users.nickname" in refused(settings, certificate=file)

    def test_it_goes_before_the_books(self, strict, file, source):
        source.execute("alter table users add nickname text")
        rehearse(strict)
        assert "users.nickname" in refused(strict, certificate=file)

    def test_a_dry_run_takes_none(self, strict, file):
        with pytest.raises(ConfigError, match="a dry-run issues a certificate and is held to none"):
            run.migrate(strict, Options(auditor=trusting, dry_run=True, certificate=file))

    DAMAGES = (
        lambda text: text.replace('"loaded": 9', '"loaded": 8'),
        lambda text: text.replace("uuid not null", "uuid"),
        lambda text: text[:-2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "{}",
        lambda text: text.replace('"hash"', '"hush"'),
        lambda text: json.dumps(json.loads(text) | {"parts": {}, "hash": certificate.digest({})}),
        lambda text: json.dumps(json.loads(text) | {"parts": None, "hash": certificate.digest(None)}),
    )

    def test_a_damaged_one_is_named(self, strict, file, target):
        whole = file.read_text()
        for damage in self.DAMAGES:
            assert damage(whole) != whole
            file.write_text(damage(whole))
            with pytest.raises(ConfigError, match="is no certificate, or a damaged one") as caught:
                run.migrate(strict, Options(auditor=trusting, certificate=file))
            assert str(file) in str(caught.value) and caught.value.exit_code == 2
        assert target.execute("select to_regnamespace('migration')").fetchone() == (None,)

    def test_one_that_is_not_there_is_named(self, strict, tmp_path):
        with pytest.raises(ConfigError, match=r"nowhere.json cannot be read: No such file"):
            run.migrate(strict, Options(auditor=trusting, certificate=tmp_path / "nowhere.json"))

    def test_bytes_that_are_no_text_are_no_certificate(self, strict, tmp_path):
        (tmp_path / "c.json").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(ConfigError, match="is no certificate"):
            run.migrate(strict, Options(auditor=trusting, certificate=tmp_path / "c.json"))

    def test_it_is_written_beside_the_reports(self, settings, monkeypatch, tmp_path, capsys):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(work, "auditor", lambda _, **__: trusting)
        done = work.migrate(settings, run_id=None, dry_run=True, watch=Silent())
        path = tmp_path / "reports" / done["run_id"] / "certificate.json"
        assert str(path.relative_to(tmp_path)) in done["reports"]
        found = certificate.read(path)
        assert found.hash == done["certificate"]["hash"] and found.run_id == done["run_id"]
