"""What faults and questions of the plan say is to be done works, from the mapping to the verified target."""

import tomllib

import psycopg
import pytest

from config import mapping
from config.errors import ConfigError
from engine import run
from engine.start import survey
from engine.start.options import Options
from tests.support.auditors import reconciling

SOURCE = """
    create table users (id uuid primary key);
    create table payments (id uuid primary key, user_id uuid references users, amount numeric,
                           status text);
    create table coupon_uses (id uuid primary key, user_id uuid references users, payment_id uuid references payments,
                              order_id text, used_at timestamptz);
    create table orders (id serial primary key, user_id uuid references users, "no" text unique, placed_at timestamptz);
    create index orders_user_id_placed_at_idx on orders (user_id, placed_at);
    create table order_lines (id int primary key, order_id int references orders on delete cascade);
    create table leads (id int primary key);
    create table requirements (id uuid primary key, user_id uuid references users);
    create table tax_rules (id int primary key, rate numeric);
    create type kb_sections as enum ('a');
    create table sections (id int primary key, kind kb_sections);
    create table foo (id int constraint order_items_pkey primary key);
    create table helpers (id uuid primary key);
    create table visits (id int primary key, helper_id uuid, user_id uuid references users);
    create table customer_profiles (id uuid primary key, user_id uuid references users, status text, website text,
                                    blog text, sites text[]);
    insert into users values ('00000000-0000-4000-8000-000000000001');
    insert into helpers select id from users;
    insert into visits select 1, id, id from users union all select 2, gen_random_uuid(), id from users;
    insert into customer_profiles
        select id, id, 'active', 'https://example.org', 'www.example.org', array['www.a.example']
        from users;
    insert into payments select id, id, 5, 'paid' from users;
    insert into coupon_uses select id, id, id, 'A-17', now() from users;
    insert into orders (user_id, "no") select id, 'first' from users;
    insert into order_lines values (1, 1);
"""
ANSWERS = """
    [orders]
    disposition = "rename"
    target = "legacy_orders"
    names = { orders_pkey = "legacy_orders_pkey", orders_user_id_placed_at_idx = "legacy_orders_placed_idx" }
    [leads]
    disposition = "rename"
    target = "old_leads"
    [foo]
    disposition = "copy"
    names = { order_items_pkey = "foo_pkey" }
    [tax_rules]
    disposition = "archive"
    [sections]
    disposition = "archive"
"""


@pytest.fixture
def answered(monkeypatch):
    """The mapping with what the faults ask for."""
    read = mapping._parse

    def parse(name: str, text: str) -> dict:
        found = read(name, text)
        if name == "finance":
            found |= tomllib.loads(ANSWERS)
            found["coupon_uses"]["renamed"]["legacy_order_id"] = ["order_id"]
            found["coupon_uses"]["settled"] = ["order_id"]
        elif name == "profiles":
            found["customer_profiles"] |= {
                "removed": {"website": "external_link", "sites": "external_link"}, "settled": ["blog"],
            }  # fmt: skip
        elif name == "common":
            found["references"]["helper_id"] = {"to": "helpers", "in": ["visits"]}
        return found

    monkeypatch.setattr(mapping, "_parse", parse)
    mapping.load.cache_clear()
    yield
    mapping.load.cache_clear()


def test_each_name_that_is_taken_is_a_fault_with_its_ways_out(settings):
    found = {fault.partition(":")[0]: fault for fault in survey.survey(settings).faults}
    assert found.keys() == {
        "orders", "leads", "tax_rules", "type kb_sections", "foo.order_items_pkey", "coupon_uses.order_id",
    }  # fmt: skip
    assert all("archive the table" in fault for fault in found.values())
    for said in ('"rename" and target = "legacy_orders"', '"orders_pkey" = "legacy_orders_pkey"', "a new [orders]"):
        assert said in found["orders"]
    assert 'renamed = { legacy_order_id = ["order_id"] }' in found["coupon_uses.order_id"]
    assert 'names = { "order_items_pkey" = "legacy_order_items_pkey" }' in found["foo.order_items_pkey"]


def test_each_question_names_its_answers(settings):
    asked = {question.split(" ")[0]: question for question in survey.survey(settings).plan.questions}
    assert asked.keys() == {
        "visits.helper_id", "customer_profiles.website", "customer_profiles.blog", "coupon_uses.order_id",
        "customer_profiles.sites",
    }  # fmt: skip
    assert 'helper_id = { to = "helpers", in = ["visits"] } to [references]' in asked["visits.helper_id"]
    assert 'website = "external_link" to removed under [customer_profiles]' in asked["customer_profiles.website"]
    assert 'add "blog" to settled there' in asked["customer_profiles.blog"]


def test_the_answers_work(settings, target, answered):
    found = survey.survey(settings)
    assert (found.faults, found.plan.questions) == ((), ())
    assert {t.name: t.targets for t in found.plan.tables if t.name in ("orders", "leads", "tax_rules")} == {
        "orders": ("legacy_orders",), "leads": ("old_leads",), "tax_rules": (),
    }  # fmt: skip
    summary = run.migrate(settings, Options(auditor=reconciling(settings)))
    assert summary.state == "published" and all(table["balanced"] for table in summary.tables)
    target.execute("set search_path to nxtgauge")
    assert target.execute('select "no" from legacy_orders').fetchall() == [("first",)]
    assert target.execute("select total from orders").fetchall() == [(5,)]
    uses = target.execute("select legacy_order_id, order_id = (select id from orders) from coupon_redemptions")
    assert uses.fetchall() == [("A-17", True)]
    assert target.execute("select id, helper_id is null from visits order by id").fetchall() == [(1, False), (2, True)]
    links = target.execute("select legacy_table, legacy_column, url from migration.removed_links").fetchall()
    assert sorted(links) == [
        ("customer_profiles", "sites", "{www.a.example}"),
        ("customer_profiles", "website", "https://example.org"),
    ]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        target.execute("insert into order_lines values (3, 99)")
    rows = target.execute("select to_regclass('old_leads'), to_regclass('leads'), to_regclass('tax_rules')")
    assert None not in rows.fetchone()


def test_a_name_that_postgres_would_cut_is_no_answer(monkeypatch):
    read = mapping._parse
    cut = {"orders": {"disposition": "rename", "target": "ü" * 32}}
    monkeypatch.setattr(mapping, "_parse", lambda name, text: read(name, text) | (cut if name == "finance" else {}))
    mapping.load.cache_clear()
    with pytest.raises(ConfigError, match=r"finance.toml: \[orders\]: target: .* 1 to 63 bytes"):
        mapping.load()
    mapping.load.cache_clear()


def test_a_reference_to_a_table_that_is_nowhere_is_a_fault_of_the_mapping(settings, monkeypatch):
    read = mapping._parse

    def parse(name: str, text: str) -> dict:
        found = read(name, text)
        if name == "common":
            found["references"]["helper_id"] = {"to": "helpers", "in": ["visit"]}
            found["references"]["x_id"] = {"to": "helprs", "in": ["visits"]}
        return found

    monkeypatch.setattr(mapping, "_parse", parse)
    mapping.load.cache_clear()
    said = (
        r"common.toml: \[references\] helper_id: in: there is no table visit .* visits\?; and .* x_id: to: .* helpers\?"
    )
    with pytest.raises(ConfigError, match=said):
        survey.survey(settings)
    mapping.load.cache_clear()
