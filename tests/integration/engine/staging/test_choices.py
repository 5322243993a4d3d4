"""Which column of a copy gets which mask, by the catalogue and masks.toml; what does not fit is a fault."""

import psycopg
import pytest

from config import mapping, masks
from config import settings as configuration
from engine.reflect import catalog
from engine.staging import columns
from tests.support.copies import do


class TestChoices:
    LEGACY = """
        create extension hstore;
        create type mood as enum ('a');
        create domain short as varchar(9);
        create domain shorter as short;
        create table users (id integer primary key, handle text unique, note text, mood mood);
        create table greetings (id integer primary key, handle varchar(40) references users (handle), user_id integer,
            "Full Name" shorter, tags varchar(7)[], said text check (said in ('hello', 'bye')),
            wrote text check (wrote <> ''), email text check (email <> 'nobody@example.com'), spoken text, heard text,
            shouted text generated always as (case when heard = 'no' then 'x' else upper(said) end) stored);
        create index on greetings (id) where lower(spoken) = 'a';
        create table owners (title text primary key, boss text references owners);
        create table cards (id text primary key, slug text unique, kind text,
            shout text generated always as (kind) stored);
        create table badges (holder text, n integer, primary key (holder, n));
        create table numbered (number float8 primary key);
        create table measured (number numeric references numbered);
        create domain code as text check (value in ('a', 'b'));
        create table words (id integer primary key, about text check (about <> 'n/a'),
            opening text check (opening in ('a', 'b') or length(opening) > 9), first text check (left(first, 1) = 'a'),
            alike text check (alike like 'a%'), cut text check (cut::char(1) = 'a'),
            negated text check (not negated = 'a'), empty text,
            bare text check (bare = 'a' or bare is null), shaped text check (shaped ~ '^a' and shaped <> 'b'),
            spelled varchar(9) check (lower(spelled) in ('a (b)', 'c') and id > 0), "Of One" code, read text,
            hashed text, sort text, amount integer,
            check (sort = 'a' and amount > 1 or sort = 'b' and amount is null),
            is_read boolean generated always as (read in ('a', 'b') and md5(hashed) = 'x' and about <> 'x'
                and empty = '') stored);
        create table events (id integer, place text, story text, extras hstore, more hstore) partition by list (place);
        create table hashed (id integer, story text) partition by hash (story);
    """

    @pytest.fixture(scope="class")
    @classmethod
    def found(cls, module_database):
        url = module_database()
        do(url, cls.LEGACY)
        with psycopg.connect(url, autocommit=True) as conn:
            return catalog.reflect(conn, "public")

    def chosen(self, found, given: masks.Masks):
        choices, faults = columns.choose(found, given, mapping.load(), configuration.load("demo", {}))
        return {(one.table, one.column): one for one in choices}, faults

    def test_what_holds_the_copy_together_is_kept(self, found):
        choices, _ = self.chosen(found, masks.load())
        why = {place: one.why for place, one in choices.items() if one.kind == "keep"}
        assert why["users", "id"] == "key" and why["greetings", "user_id"] == "reference to users"
        assert why["events", "place"] == "decides the partition"
        assert why["greetings", "shouted"] == "generated: computed anew"
        assert ("users", "mood") in why

    def test_a_key_that_is_personal_by_its_name_is_masked_on_both_sides(self, found):
        """One of text that is not holds codes; what decides a partition stays."""
        choices, _ = self.chosen(found, masks.load())
        here, there = choices["users", "handle"], choices["greetings", "handle"]
        assert (here.kind, there.kind, here.limit, there.limit) == ("text", "text", 40, 40)
        assert here.why == there.why == "[names] handle"
        keys = [choices[place] for place in (("owners", "title"), ("owners", "boss"), ("badges", "holder"))]
        assert [one.kind for one in keys] == ["text", "text", "code"]
        assert [choices["cards", name].kind for name in ("id", "slug", "kind")] == ["code", "text", "code"]

    def test_a_code_is_kept_and_a_person_is_not(self, found):
        choices, _ = self.chosen(found, masks.load())
        kinds = {column: one.kind for (table, column), one in choices.items() if table == "greetings"}
        assert [kinds[name] for name in ("said", "heard")] == ["keep"] * 2
        assert [kinds[name] for name in ("wrote", "email", "Full Name", "tags")] == ["text", "email", "name", "text"]
        assert kinds["spoken"] == "text"
        assert choices["hashed", "story"].kind == "text"

    def test_a_code_is_what_the_definitions_list(self, found):
        choices, _ = self.chosen(found, masks.load())
        kept = {column for (table, column), one in choices.items() if table == "words" and one.why.startswith("a code")}
        assert kept == {"bare", "spelled", "Of One", "read", "sort"}

    def test_how_much_a_column_takes(self, found):
        choices, _ = self.chosen(found, masks.load())
        assert (choices["greetings", "Full Name"].limit, choices["greetings", "tags"].limit) == (9, 7)
        assert choices["users", "note"].limit is None

    def test_what_no_mask_knows_is_emptied(self, found):
        choices, faults = self.chosen(found, masks.load())
        assert faults == [] and choices["events", "extras"].kind == choices["events", "more"].kind == "null"

    def test_what_a_column_cannot_bear_is_named_at_once(self, found, told):
        _, faults = self.chosen(found, told(events={"extras": "name"}, greetings={"shouted": "text"}))
        assert [fault.split(":")[0] for fault in faults] == ["greetings.shouted", "events.extras"]
        assert "is generated" in faults[0] and "mask what it is made of" in faults[0]
        assert 'say extras = "keep" or "null"' in faults[1]

    def test_a_rule_of_a_key_goes_along_its_references(self, found, told):
        choices, _ = self.chosen(found, told(users={"handle": "name"}))
        here, there = choices["users", "handle"], choices["greetings", "handle"]
        assert (here.kind, there.kind, here.limit, there.limit) == ("name", "name", 40, 40)
        assert there.why == "joined to users.handle, which masks.toml names"

    def test_a_rule_that_does_not_fit_a_reference_is_a_fault(self, found, told):
        _, faults = self.chosen(found, told(measured={"number": "number"}))
        assert any("measured.number (numeric), numbered.number (float8): references" in fault for fault in faults), (
            faults
        )

    def test_two_rules_of_joined_columns_are_a_fault(self, found, told):
        _, faults = self.chosen(found, told(users={"handle": "name"}, greetings={"handle": "email"}))
        assert any(fault.startswith("greetings.handle, users.handle: references join them") for fault in faults)
