"""Masked copies: what is masked and what is not, what refuses one, and a rehearsal that says what the real run says."""

import json
import re
from pathlib import Path

import pytest

from checks.scan.scan import scan
from config import settings as configuration
from config.errors import ConfigError, MigrateError, PlanRefused, VerificationFailed
from engine import run, staging
from engine.session.execution import Silent
from engine.start.options import Options
from flows.local import staging_copy
from flows.runs import work
from tests.histories.databases import filling
from tests.support import copies
from tests.support.copies import ask, do
from transforms.masks import Masker

KEY = "0123456789abcdef"

BOOKS = {
    "rejects": "select legacy_table, legacy_key, target_table, reason from migration.rejects",
    "notes": "select legacy_table, legacy_key, target_table, target_column, note from migration.notes",
    "id_map": "select legacy_table, legacy_id, target_table, target_id, why from migration.id_map",
    "links": "select legacy_table, legacy_column, user_role_profile_id from migration.removed_links",
    "balance": "select legacy_table, source_rows, loaded, merged, rejected, archived from migration.balance",
}


def settings(source: str, copy: str, masking_key: str | None = KEY):
    return copies.settings(source, copy, masking_key=masking_key)


class Hearing(Silent):
    """Keeps the stages and messages that it is told."""

    def __init__(self):
        self.heard: list[str] = []

    def stage(self, name: str) -> None:
        self.heard.append(name)

    message = stage


class TestCopies:
    LEGACY = r"""
        create table users (id integer primary key, email text unique, full_name text, phone varchar(20),
            shout text generated always as (upper(full_name)) stored, language text);
        insert into users (id, email, full_name, phone, language) values
            (1, 'anna@example.com', 'Anna Schmidt', '+49 170 1234567', e'a\tb\\c\n\r\\N'), (2, 'bob@example.org', 'Bob Ray', null, ''),
            (3, null, '', '', '\N'), (4, 'ANNA@example.com', 'Anna Schmidt', '+49 170 7654321', null);
        create table letters (id integer primary key, recipient_email text, body text not null, tags text[], extra jsonb,
            gone bytea not null);
        insert into letters values
            (1, 'anna@example.com', e'Dear\tAnna\\\n', '{"a b",NULL,"c\"d\\"}', '{"name": "Anna Schmidt", "n": [1, null]}', '\x00ff'),
            (2, 'bob@example.org', '', '{}', null, ''), (3, null, '\.', '[5:6]={x,y}', '"x"', '\x5c');
    """  # noqa: E501

    @pytest.fixture
    def source(self, database):
        url = database()
        do(url, self.LEGACY)
        return url

    def test_people_are_masked_and_all_else_is_as_it_was(self, source, database):
        copy = database()
        told = staging_copy.stage(settings(source, copy), staging_copy.wish())
        assert told["state"] == "proven" and told["scan"]["passed"]
        kept = "select id, language, full_name is null, email is null, shout = upper(full_name) from users order by id"
        assert ask(copy, kept) == ask(source, kept)
        for column, table in (("email", "users"), ("full_name", "users"), ("phone", "users"), ("body", "letters")):
            query = f"select {column} from {table} where {column} ~ '[[:alnum:]]'"
            assert not set(ask(copy, query)) & set(ask(source, query)), column
        joined = "select l.id, u.id from letters l join users u on u.email = l.recipient_email order by 1"
        assert ask(copy, joined) == ask(source, joined) == [(1, 1), (2, 2)]
        shapes = """select id, array_dims(tags), array_positions(tags, null), jsonb_typeof(extra), length(body) > 0
                    from letters order by id"""
        assert ask(copy, shapes) == ask(source, shapes)
        signs = r"select regexp_replace(body, '[^\t\n\\]', '', 'g') from letters where body ~ 'D|\t'"
        assert ask(copy, signs) == ask(source, signs) == [("\t\\\n",)]
        [first, second] = ask(copy, "select full_name from users where id in (1, 4)")
        assert first == second
        told_columns = ask(copy, "select kind from nxtgauge_staging.columns where column_name = 'email'")
        assert told_columns == [("email",)]

    def test_a_key_makes_the_same_copy_again(self, source, database):
        everything = "select u::text, l::text from users u full join letters l using (id) order by id"
        first, second, third, fourth = (database() for _ in range(4))
        for copy, key in ((first, KEY), (second, KEY), (third, KEY + "!"), (fourth, "")):
            told = staging_copy.stage(settings(source, copy, masking_key=key), staging_copy.wish())
            assert bool(told["remarks"]) == (not key)
        assert ask(first, everything) == ask(second, everything)
        assert len({str(ask(copy, everything)) for copy in (first, third, fourth)}) == 3

    def test_a_key_that_is_too_short(self, source, database):
        with pytest.raises(ConfigError, match="has 3 characters; wanted at least 16"):
            staging.refresh(settings(source, database(), masking_key="abc"), staging.Wish(), None)

    def test_types_that_no_mask_knows_and_texts_that_an_index_takes_compressed(self, database):
        """At the first try, all of it told; and the proof reads the names in documents, and the values made up."""
        url, copy = database(), database()
        do(url, (Path(__file__).parent / "unmaskable.sql").read_text())
        told = staging_copy.stage(settings(url, copy), staging_copy.wish())
        assert told["scan"]["passed"], told["scan"]["findings"]
        whole = ask(copy, "select u::text || t::text from users u join texts t using (id)")
        assert ask(copy, "select relispopulated from pg_class where relname = 'titles'") == [(False,)]
        assert not [row for (row,) in whole if re.search("Rao|Asha|Zebediah|1999|Dear|aaaa|bbbb", row)]
        assert ask(copy, "select count(point), count(point_), count(distinct point_::text) from users") == [(0, 3, 1)]
        assert ask(copy, "select count(distinct ltree), count(distinct title) from users join texts using (id)") == [
            (3, 3)
        ]
        assert ask(copy, "select count(distinct length(title)), min(length(tags[1])) from texts") == [(3, 220_000)]
        remark = next(text for text in told["remarks"] if text.startswith("emptied: "))
        assert "users.point (no mask knows type point: emptied)" in remark
        assert (
            "users.far_ (no mask knows type point: emptied; it takes no null, so '(0,0)' stands in all rows)" in remark
        )
        assert "users.at_all (no mask knows type point: emptied; it takes no null" in remark  # a check says so
        self.assert_awkward(copy, remark)
        assert any("texts.kind (2 cells; kept: kind; " in text for text in staging_copy.remarks(told))
        do(copy, "update users set point_ = '(1,2)' where id = 2")
        do(copy, """update texts set votes = '{"Asha Rao 1": 3}' where id = 1""")
        found = scan(settings(url, copy), told["copy_id"]).findings
        assert {(one.check, one.column): one.cells for one in found} == {
            ("unmasked", "point_"): 1,
            ("value", "votes"): 1,
        }

    def assert_awkward(self, copy: str, emptied: str) -> None:
        """A check that no mask satisfies empties its column, and what stands once is numbered; both are told."""
        assert ask(copy, "select a::text from awkward a where a::text ~ 'Rao|ABCDE'") == []
        counts = (
            "select count(distinct spot), count(distinct spots), count(distinct lists), count(tax_code) from awkward"
        )
        assert ask(copy, counts) == [(3, 3, 3, 0)]
        assert ask(copy, "select min(cardinality(lists)), count(distinct lists[1]) from awkward") == [(501, 1)]
        assert "awkward.tax_code (its checks do not take the mask of kind text: emptied)" in emptied
        assert "is unique, so '(#,)' with a number stands in each row" in emptied

    def test_a_generated_column_is_masked_by_what_it_is_made_of(self, database, told):
        told(logs={"kind": "keep"})
        url, copy = database(), database()
        do(
            url,
            "create table users (id int primary key, email text)", "insert into users values (1, 'asha@example.org')",
            "create table logs (id int primary key, kind text, shout text generated always as (upper(kind)) stored)",
            "insert into logs (id, kind) values (1, 'to asha@example.org')",
        )  # fmt: skip
        with pytest.raises(VerificationFailed) as refused:
            staging_copy.stage(settings(url, copy), staging_copy.wish())
        assert "logs.shout" in str(refused.value) and "mask what it is made of (logs.kind)" in str(refused.value)
        assert "[tables.logs] shout" not in str(refused.value)

    def test_null_is_an_empty_value_where_a_column_takes_none(self, source, database, told):
        told(letters={"gone": "null", "body": "null", "tags": "null", "extra": "null"})
        copy = database()
        staging_copy.stage(settings(source, copy), staging_copy.wish())
        assert set(ask(copy, "select gone, body, tags, extra from letters")) == {(b"", "", None, None)}

    def test_a_masked_row_that_a_check_refuses(self, source, database):
        do(source, "alter table letters add constraint polite check (id < 0 or body = '' or body ~ '^Dear|^[.\\\\]')")
        copy = database()
        with pytest.raises(PlanRefused) as refused:
            staging_copy.stage(settings(source, copy), staging_copy.wish())
        said = str(refused.value)
        assert "letters: a masked row does not fit the copy" in said and "constraint polite" in said
        assert "[tables.letters] in config/mapping/masks.toml" in said and "Anna" not in said
        assert ask(copy, "select to_regclass('letters')") == [(None,)]

    def test_a_masked_row_that_an_index_refuses(self, source, database):
        do(
            source,
            """create function known(name text) returns text immutable language plpgsql as
               $$ begin if name !~ '^(Anna|Bob|$)' then raise 'who is %?', name; end if; return name; end $$""",
            "create index who on users (known(full_name))",
        )
        with pytest.raises(PlanRefused) as refused:
            staging_copy.stage(settings(source, database()), staging_copy.wish())
        assert "the copy lacks index who of users" in str(refused.value)
        assert "the masks of full_name may be why" in str(refused.value)
        assert "who is" not in str(refused.value)

    def test_a_mask_that_fails_tells_no_value(self, source, database, monkeypatch):
        def failing(self, kind, limit=None):
            def mask(text: str) -> str:
                raise ValueError(text)

            return mask

        monkeypatch.setattr(Masker, "function", failing)
        with pytest.raises(MigrateError, match=r"masking (users|letters) met a fault of the program: ValueError$"):
            staging_copy.stage(settings(source, database()), staging_copy.wish())

    def test_what_the_scan_finds_does_not_stay(self, source, database, told):
        told(letters={"recipient_email": "keep"})
        copy = database()
        given = settings(source, copy)
        with pytest.raises(VerificationFailed, match=r"letters\.recipient_email") as failed:
            staging_copy.stage(given, staging_copy.wish())
        assert "example.com" not in str(failed.value)
        assert ask(copy, "select to_regclass('letters'), to_regclass('users')") == [(None, None)]
        [(state, scan)] = ask(copy, "select state, scan from nxtgauge_staging.copies")
        assert state == "failed" and not scan["passed"] and "anna" not in json.dumps(scan)
        with pytest.raises(ConfigError, match="is failed, not proven"):
            staging.require(given)

    def test_a_rehearsal_tells_of_the_copy_that_it_makes(self, source, database):
        given = settings(source, database(), masking_key=None)
        watch = Hearing()
        assert work.rehearsing(given, True, 100, watch, is_cut_over=False).source_url != given.source_url
        assert "prove" in watch.heard and any("NXTGAUGE_MASKING_KEY is not set" in text for text in watch.heard)
        with pytest.raises(ConfigError, match="percent is 5, and is of a new copy"):
            work.rehearsing(given, False, 5, watch, is_cut_over=False)

    def test_one_that_nobody_proved_is_not_read(self, source, database):
        given = settings(source, database())
        staging.refresh(given, staging.Wish(), None)
        with pytest.raises(ConfigError, match="is copied, not proven"):
            staging.require(given)
        staging_copy.stage(given, staging_copy.wish())
        staging.require(given)


def books(given, target: str) -> dict[str, list]:
    done = run.migrate(given.model_copy(update={"target_url": configuration.SecretStr(target)}), Options(dry_run=True))
    assert done.state == "discarded"
    return {name: sorted(ask(target, query), key=str) for name, query in BOOKS.items()}


def awkward(url: str) -> None:
    do(url, (Path(__file__).parents[2] / "awkward_books.sql").read_text())


def seeded(url: str) -> None:
    filling.sample(url, rows=1_500)


@pytest.mark.parametrize("fill", [awkward, seeded])
def test_a_rehearsal_on_the_copy_says_what_the_run_itself_says(database, fill):
    source, copy, real, rehearsed = (database() for _ in range(4))
    fill(source)
    given = settings(source, copy)
    staging_copy.stage(given, staging_copy.wish())
    wanted, found = books(given, real), books(given.on_staging(), rehearsed)
    assert wanted["rejects"] and wanted["notes"] and wanted["id_map"]
    for name in BOOKS:
        assert found[name] == wanted[name], name
