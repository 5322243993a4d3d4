"""Samples: the rows that should come, and no others, by an oracle of its own; and no reference that newly dangles."""

import hashlib
import hmac
from collections import defaultdict

import psycopg
import pytest
from psycopg import sql

from config import mapping
from config.errors import PlanRefused
from engine import staging
from engine.reflect import catalog
from engine.staging import links
from flows.demo.seed import seed
from tests.support import copies

KEY = "a key for samples"
LEGACY = """
create extension citext;
create table users (id uuid primary key, handle citext unique, referred_by uuid references users (id), team_id integer);
create table teams (id integer primary key, owner_id uuid references users (id));
alter table users add foreign key (team_id) references teams (id);
create table roles (id integer primary key, label text);
create table user_roles (user_id uuid, role_id integer references roles (id), note text);
create table professionals (id uuid primary key, user_id uuid references users (id));
create table developer_profiles (id uuid primary key, user_id text);
create table portfolio_items (id integer primary key, professional_id text, user_id uuid);
create table portfolio_images (id integer primary key, portfolio_item_id bigint);
create table "Odd; orders" (a integer, "B b" text, user_id uuid, primary key (a, "B b"));
create table "lines" (id integer primary key, order_a integer, order_b text, note text,
    foreign key (order_a, order_b) references "Odd; orders" (a, "B b"));
create table greetings (id integer primary key, from_handle citext references users (handle));
create table staff (id integer primary key, user_id uuid references users (id), boss integer references staff (id));
create table events (id integer, user_id uuid, year integer, primary key (id, year)) partition by list (year);
create table events_2023 partition of events for values in (2023);
create table events_2024 partition of events for values in (2024) partition by range (id);
create table events_2024_a partition of events_2024 for values from (0) to (50);
create table events_2024_b partition of events_2024 default;
create table settings_of_nobody (id integer primary key, name text);

create function u(n integer) returns uuid language sql as $$
    select ('00000000-0000-4000-8000-0000000abc' || lpad(n::text, 2, '0'))::uuid $$;
insert into users select u(n), 'Handle' || n, case when n % 4 = 0 then u(n - 1) end from generate_series(1, 60) n;
insert into teams select n, case when n % 3 > 0 then u(n * 5) end from generate_series(1, 10) n;
update users set team_id = right(handle::text, 1)::integer where handle::text ~ '[1-9]$' and referred_by is null;
insert into roles select n, 'r' || n from generate_series(1, 5) n;
insert into user_roles select u(n), n % 5 + 1, 'x' || n from generate_series(1, 90) n;  -- those past 60 are orphans
insert into professionals select gen_random_uuid(), u(n) from generate_series(1, 60, 2) n;
insert into developer_profiles select gen_random_uuid(), upper(u(n)::text) from generate_series(2, 60, 3) n;
insert into portfolio_items
select row_number() over (order by id), case when random() < 0.5 then upper(id::text) else id::text end, null
from (select id from professionals union all select id from developer_profiles) p;
insert into portfolio_items select 100 + n, null, case when n < 20 then u(n * 7) end from generate_series(1, 40) n;
insert into portfolio_items select 200 + n, gen_random_uuid(), u(70 + n % 5) from generate_series(1, 40) n;
insert into portfolio_images select n, n % 160 from generate_series(1, 400) n;
insert into "Odd; orders" select n, 'b' || n, u(n % 70) from generate_series(1, 100) n;
insert into "lines" select n, o, 'b' || o, 'l' from generate_series(1, 200) n, lateral (select n % 100 + 1 as o) x;
update "lines" set order_b = null where id % 10 = 0;
insert into greetings select n, 'hANDLE' || n from generate_series(1, 60) n;
insert into staff select n, case when n % 5 = 0 then u(n) end, null from generate_series(1, 60) n;
update staff set boss = case when id < 40 then id / 3 when id < 50 then (id - 39) % 10 + 40 else id end where id > 3;
update staff set user_id = null where id between 40 and 49;
insert into events select n, case when n % 9 > 0 then u(n % 80) end, 2023 + n % 2 from generate_series(1, 160) n;
insert into settings_of_nobody values (1, 'a'), (2, 'b');
delete from events where id % 11 = 0;
"""
# child, its columns, parent, its columns: what is declared and what the mapping knows of these tables, by hand.
LINKS = [
    ("users", "referred_by", "users", "id"),
    ("users", "team_id", "teams", "id"),
    ("teams", "owner_id", "users", "id"),
    ("user_roles", "user_id", "users", "id"),
    ("professionals", "user_id", "users", "id"),
    ("developer_profiles", "user_id", "users", "id"),
    ("portfolio_items", "professional_id", "professionals", "id"),
    ("portfolio_items", "professional_id", "developer_profiles", "id"),
    ("portfolio_items", "user_id", "users", "id"),
    ("portfolio_images", "portfolio_item_id", "portfolio_items", "id"),
    ("Odd; orders", "user_id", "users", "id"),
    ("lines", "order_a,order_b", "Odd; orders", "a,B b"),
    ("greetings", "from_handle", "users", "handle"),
    ("staff", "user_id", "users", "id"),
    ("staff", "boss", "staff", "id"),
    ("events", "user_id", "users", "id"),
]
KEYS = {"Odd; orders": "a,B b", "events": "id,year", "user_roles": None}
CIRCLE = {str(n) for n in range(40, 50)}  # of the staff: who reports to a circle, and to nobody
WHOLE = ("roles", "settings_of_nobody")


def settings(source: str, copy: str, key: str = KEY):
    return copies.settings(source, copy, masking_key=key)


def rows_of(url: str) -> dict[str, list[dict[str, str]]]:
    """All rows of all tables as texts; `ctid` is the row's place."""
    with psycopg.connect(url) as conn:
        query = """select relname from pg_class where relnamespace = 'public'::regnamespace
                   and relkind in ('r', 'p') and not relispartition order by 1"""
        names = [name for (name,) in conn.execute(query).fetchall()]
        found = {}
        for name in names:
            table = sql.Identifier(name)
            query = sql.SQL("select row_to_json(t)::jsonb || jsonb_build_object('ctid', t.ctid) from {} t").format(
                table
            )
            rows = [row for (row,) in conn.execute(query)]
            found[name] = [{c: None if v is None else str(v) for c, v in row.items()} for row in rows]
        return found


class Oracle:
    """The closure once more, row by row, over dictionaries."""

    def __init__(self, rows: dict[str, list[dict]], percent: float, key: str = KEY):
        self._rows = {(table, n): row for table, own in rows.items() for n, row in enumerate(own)}
        self._percent = percent
        self._secret = hmac.new(key.encode(), b"sample", hashlib.sha256).hexdigest()
        by_value = defaultdict(set)
        for parent, columns in {(to, of) for _, _, to, of in LINKS}:
            for place, row in self._rows.items():
                if place[0] == parent and (value := self._value(row, columns)) is not None:
                    by_value[parent, columns, value].add(place)
        self._parents = defaultdict(set)
        self._children = defaultdict(set)
        self._lost = defaultdict(list)
        for place, row in self._rows.items():
            for child, columns, parent, of in LINKS:
                if place[0] != child or (value := self._value(row, columns)) is None:
                    continue
                named = by_value[parent, of, value] - {place}
                self._parents[place] |= named
                self._lost[place].append((parent != "users", value))
                for other in named if child != "users" else ():
                    self._children[other].add(place)

    def picked(self) -> set[tuple[str, str]]:
        """(table, key) of every row that should come."""
        whole = {place for place in self._rows if place[0] in WHOLE}
        sampled = set(self._rows) - whole
        hanging = {child for children in self._children.values() for child in children}
        roots = sampled - hanging
        circling = sampled - self._closed(roots, self._children)
        chosen = {place for place in roots if self._is_chosen(self._hashed(place))}
        chosen |= {place for place in circling if self._is_chosen(self._own(place))}
        all_of_it = self._closed(self._closed(chosen, self._children), self._parents) | whole
        return {(place[0], self._own(place)) for place in all_of_it}

    @staticmethod
    def _closed(start: set, ways: dict) -> set:
        found, front = set(start), set(start)
        while front:
            front = {other for place in front for other in ways[place]} - found
            found |= front
        return found

    def _hashed(self, place) -> str:
        lost = sorted(self._lost[place], key=lambda pair: pair[0])
        return lost[0][1] if lost and place[0] != "users" else self._own(place)

    def _own(self, place) -> str:
        row, key = self._rows[place], KEYS.get(place[0], "id")
        return row["ctid"] if key is None else self._value(row, key)

    def _is_chosen(self, value: str) -> bool:
        digest = hashlib.sha256((self._secret + value).encode()).hexdigest()
        return int(digest[:8], 16) < int(self._percent / 100 * 2**32)

    @staticmethod
    def _value(row: dict, columns: str) -> str | None:
        values = [row[name] for name in columns.split(",")]
        if None in values:
            return None
        return values[0].lower() if len(values) == 1 else "[" + ", ".join(f'"{value}"' for value in values) + "]"


@pytest.fixture(scope="module")
def source(module_database) -> str:
    url = module_database()
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(LEGACY)
    return url


def sampled(source: str, copy: str, percent: float, key: str = KEY) -> dict:
    wish = staging.Wish(percent=percent, is_masked=False, reason="a test", name="pytest")
    given = settings(source, copy, key).model_copy(update={"workers": 3})
    return staging.refresh(given, wish, None)


def came(url: str, there: dict[str, list[dict]]) -> set[tuple[str, str]]:
    """(table, key) of the rows of a copy; where there is no key, the place of its twin in the source."""
    found = set()
    for table, rows in rows_of(url).items():
        key = KEYS.get(table, "id")
        if key is None:
            twins = {(row["user_id"], row["note"]): row["ctid"] for row in there[table]}
            found |= {(table, twins[row["user_id"], row["note"]]) for row in rows}
        else:
            found |= {(table, Oracle._value(row, key)) for row in rows}
    return found


@pytest.mark.parametrize("percent", [0.5, 20, 70])
def test_the_rows_that_come_are_those_of_the_oracle(source, database, percent):
    copy, there = database(), rows_of(source)
    told = sampled(source, copy, percent)
    wanted = Oracle(there, percent).picked()
    found = came(copy, there)
    assert (sorted(wanted - found), sorted(found - wanted)) == ([], [])
    assert told["percent"] == percent
    counts = {table["table"]: (table["source_rows"], table["rows"]) for table in told["tables"]}
    assert counts == {table: (len(rows), len(rows_of(copy)[table])) for table, rows in there.items()}


def test_the_oracle_sees_all_that_a_sample_can_be(source):
    """Orphans, circles, siblings left out and parents that came alone: the rows above hold each of them."""
    there = rows_of(source)
    assert {table for table, _ in Oracle(there, 70).picked()} == set(there)
    oracle = Oracle(there, 20)
    picked = oracle.picked()
    circles = {frozenset(key for t, key in Oracle(there, p).picked() if t == "staff") & CIRCLE for p in (1, 70)}
    assert circles == {frozenset(), frozenset(CIRCLE)}
    users = {key for table, key in picked if table == "users"}
    chosen = {row["id"] for row in there["users"] if oracle._is_chosen(row["id"])}
    assert chosen < users
    alone = users - chosen
    theirs = {row["id"] for row in there["professionals"] if row["user_id"] in alone}
    assert theirs - {key for table, key in picked if table == "professionals"}


def test_a_key_picks_the_same_users_again_and_another_key_others(source, database):
    there, (first, second, third) = rows_of(source), (database() for _ in range(3))
    sampled(source, first, 30)
    sampled(source, second, 30)
    sampled(source, second, 30)
    sampled(source, third, 30, "another key for samples")
    assert came(first, there) == came(second, there)
    assert came(first, there) != came(third, there)


def test_nothing_of_the_work_is_left(source, database):
    copy = database()
    sampled(source, copy, 20)
    with psycopg.connect(copy) as conn:
        query = """select relname from pg_class
                   where relnamespace = 'nxtgauge_staging'::regnamespace and relkind in ('r', 'S')"""
        assert {name for (name,) in conn.execute(query)} == {"version", "copies", "columns", "tables", "objects"}


def test_without_users_there_is_nothing_to_pick(database):
    source = database()
    with psycopg.connect(source) as conn:
        conn.execute("create table users (id integer)")
    with pytest.raises(PlanRefused, match="no table users with a primary key"):
        sampled(source, database(), 10)


def test_no_reference_of_a_legacy_database_newly_dangles(database):
    """Each key that a picked row names and the source has, the copy has, by every declared and mapped reference."""
    source, copy = database(), database()
    seed(source, rows=4_000)
    sampled(source, copy, 10)
    with psycopg.connect(source, autocommit=True) as conn:
        found = links.find(catalog.reflect(conn, "public"), mapping.load(), settings(source, copy))
    single = [link for link in found if len(link.columns) == 1]
    assert len(single) > 60
    there, here = rows_of(source), rows_of(copy)
    for link in single:
        known = {row[link.to_columns[0]].lower() for row in there[link.to] if row[link.to_columns[0]]}
        kept = {row[link.to_columns[0]].lower() for row in here[link.to] if row[link.to_columns[0]]}
        named = {row[link.columns[0]].lower() for row in here[link.table] if row[link.columns[0]]}
        assert not (named & known) - kept, link
    users = len(here["users"])
    assert 0 < users < len(there["users"])
    assert len(here["roles"]) == len(there["roles"])


@pytest.mark.parametrize(
    ("child", "parent", "value"),
    [
        ("timestamp", "date", "date '2024-01-01' + n"),
        ("timestamptz", "date", "date '2024-01-01' + n"),
        ("numeric(30, 2)", "float8", "n * 1e20"),
        ("bigint", "float8", "n::bigint * 1000000000000000"),
        ("integer", "numeric(9, 3)", "n"),
        ("cidr", "inet", "('10.0.0.' || n)::inet"),
    ],
)
def test_a_reference_of_another_type_than_its_key(database, child, parent, value):
    source, copy = database(), database()
    make = sql.SQL(
        """create table users (id integer primary key);
           create table days (d {parent} primary key, owner integer references users);
           create table notes (id integer primary key, d {child} references days (d));
           insert into users select generate_series(1, 60);
           insert into days select {value}, n from generate_series(1, 60) n;
           insert into notes select n, {value} from generate_series(1, 60) n;"""
    ).format(parent=sql.SQL(parent), child=sql.SQL(child), value=sql.SQL(value))
    with psycopg.connect(source) as conn:
        conn.execute(make)
    wish = staging.Wish(30, False, "a test", "pytest")
    told = staging.refresh(settings(source, copy), wish, None)
    rows = {table["table"]: table["rows"] for table in told["tables"]}
    assert rows["users"] == rows["days"] == rows["notes"] > 0
