"""What a streamed table's columns refuse is rejected alike, whether parts go as frames or are halved to their rows."""

import psycopg
import pytest

from config import settings as configuration
from engine import run
from engine.load import stream
from engine.start.options import Options
from tests.support.auditors import trusting

# Functions that become stricter than what is stored: of a domain (alone, in an array, in a type, of a pointer that may
# be null), and of a generated column. Leaves of a partitioned table have rows at the same places.
SOURCE = """
    create function fine(n int) returns boolean language sql immutable as 'select true';
    create function inverse(n int) returns int language sql immutable as 'select n';
    create domain checked as int check (fine(value));
    create domain pointer as bigint check (fine(value::int));
    create type pair as (n checked, m int);
    create table users (id bigint primary key);
    create table coupons (id int primary key, n checked, several checked[], couple pair, filler text,
        created_at timestamptz, updated_at timestamptz default '2024-01-01');
    create table coupon_uses (id int primary key, coupon_id int references coupons, user_id pointer,
        inverse int generated always as (inverse(id % 3)) stored,
        used_at timestamptz, updated_at timestamptz default '2024-01-01');
    create table pricing_packages (id int, part int, n checked, created_at timestamptz default '2024-01-01',
        updated_at timestamptz default '2024-01-01', primary key (id, part)) partition by list (part);
    create table packages_1 partition of pricing_packages for values in (1);
    create table packages_2 partition of pricing_packages for values in (2);
    create table discounts (n checked, note text, created_at timestamptz default '2024-01-01',
        updated_at timestamptz default '2024-01-01');
    insert into users select generate_series(1, 9);
    insert into coupons select i, i, array[1, i], (i, i)::pair, repeat('x', 300), '2024-01-01'
    from generate_series(1, 90) as i;
    insert into coupons values (91, 1, '{7}', null, null, '2024-01-01'), (92, 1, '{1}', '(7,7)', null, '2024-01-01');
    insert into coupon_uses (id, coupon_id, user_id, used_at) select i, i, i % 9 + 1, '2024-01-01'
    from generate_series(1, 60) as i;
    insert into pricing_packages select i, 1 + i % 2, i from generate_series(1, 20) as i;
    insert into discounts select i, case when i % 2 = 0 then i end from generate_series(1, 40) as i;
    create or replace function fine(n int) returns boolean language sql immutable as 'select n % 7 <> 0';
    create or replace function inverse(n int) returns int language sql immutable as 'select 1 / n';
"""
REJECTED = """
    select legacy_table, legacy_key, target_table, reason, detail, legacy_row::text from migration.rejects order by 1, 2
"""
BOOKS = (
    REJECTED,
    "select distinct build_table, id from migration.gone order by 1, 2",
    "select legacy_table, legacy_key, target_table, note, legacy_value from migration.notes order by 1, 2, 4",
    "select route, rows_read, rejected from migration.chunks order by 1",
    *(f"select concat(t) from nxtgauge.{name} as t order by 1"
      for name in ("coupons", "coupon_redemptions", "pricing_packages", "discounts")),
)  # fmt: skip


@pytest.mark.parametrize("parts", ["whole", "halved"])
def test_frames_refuse_what_halving_does(environ, database, monkeypatch, parts):
    if parts == "halved":  # to small ones, before they go as frames
        monkeypatch.setattr(stream, "_is_small", lambda _, __, part: len(part.tids) in range(1, 4))
    found = _migrated(environ)
    monkeypatch.setattr(stream, "as_frame", lambda *_: None)
    assert found == _migrated(environ | {"NXTGAUGE_TARGET_URL": database()})
    refused = {(table, key): detail for table, key, *_, detail, _ in found[0]}
    assert refused["coupons", "91"] == "the value for several is not of its type"
    assert refused["coupons", "92"] == "the value for couple is not of its type"
    assert refused["coupon_uses", "3"] == "a value is not of the type that is wanted"


def _migrated(environ):
    settings = configuration.load("demo", environ)
    run.migrate(settings, Options(auditor=trusting))
    with psycopg.connect(settings.target.conninfo) as conn:
        return [conn.execute(query).fetchall() for query in BOOKS]
