"""The scan of a staging copy: every leftover that was planted is found where it is, and nothing else."""

import contextlib
import json
import re
from pathlib import Path

import psycopg
import pytest

from checks.reading import connect
from checks.scan import rows
from checks.scan.scan import scan
from config.errors import Interrupted, SourceError, StagingError
from tests.support.copies import do, settings

FOLDER = Path(__file__).parent
LEGACY, MASKED, PLANTED = (FOLDER / f"{name}.sql" for name in ("legacy", "masked", "planted"))


def _id(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012}"


def _found(result) -> dict[tuple[str, str, str], tuple[int, tuple[str, ...]]]:
    return {(one.check, one.table, one.column): (one.cells, one.keys) for one in result.findings}


@pytest.fixture(scope="module")
def originals(module_database) -> tuple[str, str]:
    """URLs of the legacy database and of its masked copy."""
    source = module_database()
    do(source, LEGACY.read_text())
    staging = module_database(template=source)
    do(staging, MASKED.read_text())
    return source, staging


@pytest.fixture
def copied(originals, database):
    """A function: what a scan says of the copy after a statement was run in it."""

    def look(*statements: str, copy_id: str = "copy"):
        staging = database(template=originals[1])
        for statement in statements:
            do(staging, statement)
        return scan(settings(originals[0], staging), copy_id)

    return look


def _plants() -> dict[str, tuple[tuple[str, str, str], str]]:
    """What it is → (check, table, column), key."""
    made = {}
    for block in PLANTED.read_text().split("-- plant: ")[1:]:
        check, table, column, key, name = block.partition("\n")[0].split(" | ")
        made[name] = (check, table, column), _id(int(key)) if table == "users" else key
    return made


PLANTS = _plants()


@pytest.fixture(scope="module")
def planted(originals, module_database):
    """What a scan says of a copy in which all of it is planted."""
    staging = module_database(template=originals[1])
    do(staging, PLANTED.read_text())
    return scan(settings(originals[0], staging), "copy")


@pytest.mark.parametrize("name", PLANTS)
def test_what_was_planted_is_found(planted, name) -> None:
    place, key = PLANTS[name]
    cells, keys = _found(planted)[place]
    assert cells == 1
    assert key == "*" or keys == (key,)


def test_nothing_else_is_found(planted) -> None:
    assert set(_found(planted)) == {place for place, _ in PLANTS.values()}
    assert not planted.passed
    assert all(one.remedy for one in planted.findings)


def test_no_value_leaves_the_scan(planted) -> None:
    told = json.dumps(planted.to_dict(), ensure_ascii=False).casefold()
    values = ("@", "asha", "person 5", "longer", "tag15", "10.0.0", "z16", "a17", "note 6", "273621156")
    assert not [value for value in values if value in told]


def test_a_clean_copy_passes(copied) -> None:
    result = copied()
    assert (result.findings, result.passed) == ((), True)
    assert not [one for one in result.remarks if one.check == "chance"]
    assert result.originals == {"emails": 83, "phones": 38, "values": 80}
    how = {(one.table, one.column): (one.how, one.cells) for one in result.compared}
    assert how["users", "email"] == how["users", "search"] == ("by key", 40)
    assert how["users", "secret"] == ("null", 40)
    assert how["lines", "note"] == ("by key", 20)
    assert how["events", "message"] == ("as a set", 20)
    assert how["nobody", "name"] == ("by key", 0)
    assert how["lonely", "name"] == ("as a set", 0)
    assert "created_at" not in {column for _, column in how}


def test_what_a_table_without_a_key_cannot_prove_is_said(copied) -> None:
    result = copied("update events set actor = 'a1', at = '2024-01-05'")
    assert result.passed
    remarks = {(one.check, one.table, one.column): one.cells for one in result.remarks if one.check == "unproved"}
    assert remarks == {("unproved", "events", column): 20 for column in ("actor", "at", "since")}


def test_a_mask_that_did_nothing_is_found_in_every_cell(copied) -> None:
    result = copied("update users set avatar = 'https://files.example.in/' || substr(id::text, 25)::int || '/face.png'")
    (found,) = result.findings
    assert (found.check, found.column, found.cells, len(found.keys)) == ("unmasked", "avatar", 39, 20)
    assert '[tables.users] avatar = "text" in config/mapping/masks.toml' in found.remedy


def test_values_that_changed_places_are_found(copied) -> None:
    """None is its row's own, and chance explains three."""
    swap = "update users set phone = phone_of(substr(id::text, 25)::int + 1) where id between id_of(10) and id_of({})"
    three = copied(swap.format(12))
    assert three.passed and [one.check for one in three.remarks].count("chance") == 1
    assert _found(copied(swap.format(13)))["phone", "users", "phone"][0] == 4


def test_other_people_s_numbers_in_several_columns_add_up(copied) -> None:
    """Each column by itself could be chance."""
    of = "phone_of(substr(id::text, 25)::int + 1)"
    books = "insert into nxtgauge_staging.columns values ('copy', 'articles', 'title', 'phone', '')"
    result = copied(
        f"update users set phone = {of} where id between id_of(10) and id_of(11)",
        "update articles set title = case when id < 4 then phone_of(id + 1) else 'other' end",
        books,
    )
    assert {place: found[0] for place, found in _found(result).items()} == {
        ("phone", "users", "phone"): 2,
        ("phone", "articles", "title"): 3,
    }


def test_a_number_that_is_written_otherwise_is_its_row_s_own_still(copied) -> None:
    result = copied(
        "update users set phone = '0' || overlay(phone_of(21) placing '.' from 6 for 0) where id = id_of(21)"
    )
    assert _found(result) == {("phone", "users", "phone"): (1, (_id(21),))}


def test_short_numbers_count_where_they_stand_alone(copied) -> None:
    alone = "update articles set title = 'ring 234-6789 now' where id = 1"
    assert _found(copied(alone)) == {("phone", "articles", "title"): (1, ("1",))}
    assert copied("update articles set title = 'no. 12346789 of 2024 and 23467890' where id = 1").passed


def test_numbers_that_are_nobody_s_are_not_looked_for(copied) -> None:
    assert copied("update articles set title = '10000000000' where id = 1").passed


def test_digits_of_a_uuid_are_no_number(copied) -> None:
    uuid = "'00000000-0000-4000-8' || substr(phone_of(5), 1, 3) || '-' || substr(phone_of(5), 4) || 'abcde'"
    hashed = "substr(md5('x'), 1, 11) || 'f' || phone_of(5) || 'e' || substr(md5('x'), 1, 10)"
    assert copied(f"update articles set title = {uuid} || ' ' || {hashed} where id = 1").passed
    assert not copied(f"update articles set title = {uuid} || ' ' || phone_of(5) where id = 1").passed


def test_a_whole_name_in_another_table_is_found(copied) -> None:
    result = copied(
        "update articles set title = 'Asha Rao 5' where id = 1",
        """update articles set body = '{"list": ["Asha Rao 6"]}' where id = 2""",
        "update articles set tags = array['https://files.example.in/7/face.png'] where id = 3",
        "update articles set title = 'by Asha Rao 5' where id = 4",
    )
    assert _found(result) == {
        ("value", "articles", "title"): (2, ("1", "4")),
        ("value", "articles", "body"): (1, ("2",)),
        ("value", "articles", "tags"): (1, ("3",)),
    }
    assert '[tables.articles] body = "json"' in {one.column: one.remedy for one in result.findings}["body"]


def test_an_address_in_a_key_is_found_and_not_shown(copied) -> None:
    result = copied("insert into owners values ('user1@mail.example.in')", "insert into owners values (phone_of(3))")
    assert {place: found[0] for place, found in _found(result).items()} == {
        ("email", "owners", "name"): 1,
        ("phone", "owners", "name"): 1,
    }
    assert "example.in" not in str(result) and f"9{3 * 22801763 % 10**9:09}" not in str(result)
    assert not any("changed places" in one.detail for one in result.findings)
    assert all('([tables.owners] name = "text" in config/mapping/masks.toml)' in one.remedy for one in result.findings)


def test_of_a_key_only_what_can_hold_nobody_is_shown(database) -> None:
    """Whatever its parts are: a name, a short one, one that no other column has, a number of seven digits."""
    source = database()
    do(
        source,
        "create table badges (person text, no int, at date, id uuid, note text, primary key (person, no, at, id))",
    )
    do(source, "create table people (name varchar(40) primary key, note text)")
    do(source, "create table calls (phone bigint primary key, mobile text, note text)")
    people = ("Asha Kumari Sharma", "Ravi", "123456", "9812345", _id(7).upper())
    for person in people:
        do(source, f"insert into badges values ('{person}', 1, '2024-01-05', '{_id(5)}', 'note')")
        do(source, f"insert into people values ('{person}', 'note')")
    do(source, "insert into calls values (9812345678, '+91 98123 45678', 'note'), (12, null, 'note')")
    staging = database(template=source)
    do(staging, "create schema nxtgauge_staging; update calls set mobile = null")
    do(
        staging,
        "create table nxtgauge_staging.columns as"
        " select 'copy' copy_id, t table_name, c column_name, k kind, '' why from (values ('badges', 'note', 'text'),"
        " ('people', 'note', 'text'), ('calls', 'note', 'text'), ('calls', 'mobile', 'phone')) v (t, c, k)",
    )
    found = _found(scan(settings(source, staging), "copy"))
    shown = {"123456": "123456", _id(7).upper(): _id(7).upper()}
    parts = [shown.get(person, "…") for person in people]
    assert sorted(found["unmasked", "people", "note"][1]) == sorted(parts)
    rest = f', 1, "2024-01-05", "{_id(5)}"]'
    assert sorted(found["unmasked", "badges", "note"][1]) == sorted(f'["{part}"{rest}' for part in parts)
    assert sorted(found["unmasked", "calls", "note"][1]) == ["12", "…"]


def test_texts_that_are_kept_are_told_in_one_remark_for_each_rule(copied) -> None:
    """First those that nobody asked to keep; of keys those that hold more than ids."""
    books = "insert into nxtgauge_staging.columns values ('copy', 'articles', '{}', 'keep', '{}')"
    result = copied(
        *(books.format(*one) for one in (("tags", "kept: tags"), ("body", "a check compares it with words"))),
        "update nxtgauge_staging.columns set why = '[tables.articles] title' where column_name = 'title'",
        "update articles set body = null where id < 4",
    )
    kept, *asked = [one for one in result.remarks if one.check == "kept"]
    assert result.passed and (kept.table, kept.column) == ("", "")
    assert "articles.body (7 cells; a check compares it with words)" in kept.detail
    assert 'Weird "Table.order (1 cells; not in the books)' in kept.detail
    unsaid = ("articles.title", "articles.tags", "author_id", "entityId", "users.email", "owners.nick", "users.mood")
    assert not [name for name in unsaid if name in kept.detail]
    for one in (kept, *asked):
        assert one.cells == sum(int(n) for n in re.findall(r"\(([0-9]+) cells", one.detail))
    told = " ".join(one.detail for one in asked)
    assert (
        "articles.title" in told
        and "articles.tags" in told
        and 'Weird "Table.owner' in told
        and "users.mood" not in told
    )


DOCUMENTS = [  # of users 20 and on, in place of theirs; whether something of it stands where it stood
    ('{"zip": 20, "on": true, "id": "00000000-0000-4000-8000-000000000020", "list": ["", null]}', False),
    ('{"town": "Pune 21"}', False),
    ('{"city": "Pune 22"}', True),
    ('{"tel": 9000023}', True),
    ('{"tel": "9000024"}', True),
    ('{"list": [1, "a25"]}', False),
    ('{"list": ["a26"]}', True),
]


def test_of_a_document_only_what_says_something_counts(copied) -> None:
    updates = (f"update users set prefs = '{text}' where id = id_of({20 + n})" for n, (text, _) in enumerate(DOCUMENTS))
    wanted = [_id(20 + n) for n, (_, is_found) in enumerate(DOCUMENTS) if is_found]
    assert _found(copied("; ".join(updates))) == {("unmasked", "users", "prefs"): (len(wanted), tuple(wanted))}


def test_what_could_not_be_compared_is_found(copied) -> None:
    result = copied(
        "alter table users drop column avatar",
        "drop table nobody",
        "insert into nxtgauge_staging.columns values ('copy', 'users', 'other', 'text', '')",
        "update lines set order_id = 100 + order_id where line = 'b'",
        "alter table lonely rename to old; create view lonely as select name from old",
    )
    assert {place: found[0] for place, found in _found(result).items()} == {
        ("not compared", "users", "avatar"): 0,
        ("not compared", "users", "other"): 0,
        ("not compared", "nobody", "name"): 0,
        ("not compared", "lines", "note"): 5,
        ("not compared", "lonely", "name"): 0,
    }


def test_a_table_that_cannot_be_read_is_found_and_does_not_end_the_scan(originals, database) -> None:
    """Row-level security would hide rows, and says so."""
    staging = database(template=originals[1])
    do(staging, "insert into nobody values (1, 'x'); alter table nobody enable row level security")
    do(staging, "create role reader_of_scan login; grant usage on schema public, nxtgauge_staging to reader_of_scan")
    try:
        do(staging, "grant select on all tables in schema public, nxtgauge_staging to reader_of_scan")
        url = psycopg.conninfo.make_conninfo(staging, user="reader_of_scan")
        result = scan(settings(originals[0], url), "copy")
    finally:
        do(staging, "drop owned by reader_of_scan; drop role reader_of_scan")
    (found,) = result.findings
    assert (found.check, found.table, found.column) == ("not compared", "nobody", "name")
    assert "InsufficientPrivilege" in found.detail
    assert "users" in {one.table for one in result.compared}


def test_without_books_nothing_is_proved(originals, copied) -> None:
    for result in (scan(settings(*originals), "unheard of"), copied("drop schema nxtgauge_staging cascade")):
        assert not result.passed
        assert [one.check for one in result.findings] == ["not compared"]


def test_the_source_is_read_as_the_copy_s_snapshot_shows_it(originals, database) -> None:
    source = database(template=originals[0])
    with psycopg.connect(source) as holder:
        holder.execute("set transaction isolation level repeatable read")
        (snapshot,) = holder.execute("select pg_export_snapshot()").fetchone()
        do(source, "update users set full_name = 'Other ' || id; delete from lines where line = 'ä'")
        staging = database(template=originals[1])
        do(staging, "update users set full_name = 'Asha Rao 7' where id = id_of(7)")
        result = scan(settings(source, staging), "copy", snapshot)
    assert set(_found(result)) == {("unmasked", "users", "full_name")}


def test_rows_are_paired_batch_by_batch(copied, monkeypatch) -> None:
    """However few rows a batch holds, and wherever it ends."""
    monkeypatch.setattr(rows, "FIRST_ROWS", 2)
    monkeypatch.setattr(rows, "MOST_ROWS", 3)
    assert set(_found(copied(PLANTED.read_text()))) == {place for place, _ in PLANTS.values()}


def test_who_asks_to_stop_is_heard_between_two_batches(originals) -> None:
    @contextlib.contextmanager
    def reaching(cancel):
        if isinstance(getattr(cancel, "__self__", None), psycopg.Connection):
            yield  # no query is under way
        else:
            cancel()
            yield

    with pytest.raises(Interrupted):
        scan(settings(*originals), "copy", reaching=reaching)


def test_who_asks_to_stop_cancels_the_query(originals, monkeypatch) -> None:
    cancels = []

    @contextlib.contextmanager
    def reaching(cancel):
        cancels.append(cancel)
        yield

    def slow(conn, schema):
        cancels[0]()  # the scan's own
        conn.execute("set local statement_timeout = 1")
        conn.execute("select pg_sleep(9)")

    monkeypatch.setattr("checks.reading.catalog.read", slow)
    with pytest.raises(Interrupted):
        scan(settings(*originals), "copy", reaching=reaching)


def test_a_database_that_cannot_be_reached_says_which(originals) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:9/none"
    with pytest.raises(StagingError, match="NXTGAUGE_STAGING_URL"):
        scan(settings(originals[0], nowhere), "copy")
    with pytest.raises(SourceError, match="NXTGAUGE_SOURCE_URL"):
        scan(settings(nowhere, originals[1]), "copy")


def test_the_copy_cannot_be_written(originals) -> None:
    staging = settings(*originals).staging
    with pytest.raises(StagingError, match="ReadOnlySqlTransaction"), connect.staging(staging) as conn:
        conn.execute("create table public.written ()")
