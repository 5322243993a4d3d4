"""Two builds of one snapshot are equal, and of everything that may differ between two, each is found."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from config import settings as configuration
from engine.session import snapshot
from tests.histories import oracle
from tests.histories.compare import BOOKS, SHOWN_ROWS, Side, differences
from tests.histories.databases import filling

BUILD = "nxtgauge__build"
INSTANT = datetime(2024, 6, 1, 12, 30, tzinfo=UTC)

PLANTED = {
    "a row less": ("delete from pairs where a = 3", "pairs (b='x', a='3'): 1 here and 0 there"),
    "a row more": ("insert into pairs values (77, 'x')", "pairs (b='x', a='77'): 0 here and 1 there"),
    "a keyless row twice": ("insert into keyless select * from keyless limit 1", "0 rows are only here, 1 only there"),
    "a value": ("update users set full_name = 'other' where email like 'user7@%'", "name is 'name' here and 'other'"),
    "a scale": ("update pairs set value = value + 0.00 where a = 2", "value is '2' here and '2.00' there"),
    "not a number": ("update pairs set value = 'NaN' where a = 2", "value is '2' here and 'NaN' there"),
    "a null": ("update users set full_name = null where email like 'user7@%'", "'name' here and null there"),
    "an empty text": ("update keyless set note = '' where value = 3", "keyless: 4 rows are only here, 4 only there"),
    "minus nothing": ("update pairs set ratio = '-0' where a = 2", "here and '-0' there"),
    "a form of json": ("""update "Odd ""table" set "select" = '{"a":1,"b":2}'""", '\'{"a":1,"b":2}\' there'),
    "a microsecond": ("update users set created_at = created_at + interval '1 us'", "created_at is '2024-01-0"),
    "a blank": ("update users set full_name = 'name ' where email like 'user7@%'", "'name' here and 'name ' there"),
    "a key of another form": ("update pairs set a = 2.0 where a = 2", "pairs (b='x', a='2'): 1 here and 0 there"),
    "a table": ("drop table keyless", "table keyless is only here"),
    "a table more": ("create table other (id int)", "table other is only there"),
    "a column": ("alter table keyless drop column note", "column note is only here"),
    "a type": ("alter table keyless alter value type bigint", "type is 'integer' here and 'bigint' there"),
    "a not-null": ("alter table keyless alter note set not null", "column note: not_null is False here"),
    "a default": ("alter table keyless alter note set default 'x'", "default is None here and \"'x'::text\" there"),
    "a constraint": ("alter table pairs drop constraint positive", "constraint positive is only here"),
    "a constraint not validated": (
        "alter table pairs drop constraint positive; alter table pairs add constraint positive check (a > 0) not valid",
        "constraint positive: is_validated is True here and False there",
    ),
    "a foreign key's action": (
        "alter table children drop constraint children_b_a_fkey; "
        "alter table children add constraint children_b_a_fkey foreign key (b, a) references pairs on delete cascade",
        "constraint children_b_a_fkey: on_update is 'CASCADE' here and None there",
    ),
    "an index": ("drop index children_by_kind", "index children_by_kind is only here"),
    "an index of another condition": (
        "drop index children_by_kind; create index children_by_kind on children (kind) where b is not null",
        "index children_by_kind: ",
    ),
    "a position": ("select setval('children_id_seq', 999)", "sequence children_id_seq stands at (20, True) here"),
    "a label": ("alter type mood rename value 'bad' to 'worse'", "types mood: labels"),
    "a comment": ("comment on table pairs is 'other'", "its comment differs"),
    "an option": ("alter table pairs set (fillfactor = 70)", "options is"),
    "a figure": ("update migration.tables set loaded = 1 where legacy_table = 'pairs'", "loaded is '20' here and '1'"),
    "an archived figure": ("update migration.tables set archived = 1 where legacy_table = 'pairs'", "archived is '0'"),
    "the balance": ("update migration.tables set source_rows = 3 where legacy_table = 'pairs'", "migration.balance ("),
    "a reject less": (
        "delete from migration.rejects where reason = 'unknown_status' and legacy_key = "
        "(select min(legacy_key) from migration.rejects where reason = 'unknown_status')",
        "migration.rejects (legacy_table='developer_profiles', legacy_key=",
    ),
    "a reject's reason": ("update migration.rejects set reason = 'other'", "here and 'other' there"),
    "a reject's row": ("update migration.rejects set legacy_row = legacy_row - 'bio'", "legacy_row is"),
    "a reject's detail": ("update migration.rejects set detail = 'other'", "detail is"),
    "an id": ("update migration.id_map set target_id = 'x'", "migration.id_map"),
    "an id twice": ("insert into migration.id_map select * from migration.id_map limit 1", "1 only there"),
    "a removed link": ("delete from migration.removed_links", "migration.removed_links"),
    "a note": ("update migration.notes set note = 'x'", "migration.notes"),
}  # fmt: skip


@pytest.fixture(scope="module")
def builds(module_database: Callable[..., str]) -> Iterator[tuple[Side, Side]]:
    """Two builds of one snapshot, while others write."""
    source, *targets = (module_database() for _ in range(3))
    urls = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": targets[0]}
    settings = configuration.load("demo", urls)
    with contextlib.ExitStack() as stack:
        conn = stack.enter_context(psycopg.connect(source, autocommit=True))
        conn.execute(filling.ODD.read_text())
        held = stack.enter_context(snapshot.hold(settings.source))
        first = stack.enter_context(oracle.fresh(settings, targets[0], held.name, INSTANT))
        conn.execute("delete from keyless; update users set full_name = 'later'; delete from pairs where a < 5")
        yield first, stack.enter_context(oracle.fresh(settings, targets[1], held.name, INSTANT))


def test_two_builds_of_one_snapshot_are_equal(builds: tuple[Side, Side]) -> None:
    here, there = builds
    assert differences(here, there, books=[*BOOKS, "moved", "gone"]) == []
    assert here.run_id != there.run_id and here.conn is not there.conn
    assert here.conn.execute(f"select count(*) from {BUILD}.keyless").fetchone() == (20,)
    for book in ("rejects", "id_map", "removed_links", "notes", "tables"):
        assert here.conn.execute(f"select count(*) > 0 from migration.{book}").fetchone() == (True,), book


@pytest.mark.parametrize("planted", PLANTED)
def test_every_difference_is_found(builds: tuple[Side, Side], planted: str) -> None:
    change, said = PLANTED[planted]
    here, there = builds
    with there.conn.transaction(force_rollback=True):
        there.conn.execute(f"set local search_path = {BUILD}, public")
        there.conn.execute(change)
        position = there.conn.execute("select last_value, is_called from children_id_seq").fetchone()
        found = differences(here, there)
    there.conn.execute(f"select setval('{BUILD}.children_id_seq', 20, true)")  # no transaction takes it back
    assert any(said in line for line in found), "\n".join(found)
    assert position == (999, True) if planted == "a position" else (20, True)


def test_the_archive_is_compared_too(builds: tuple[Side, Side]) -> None:
    here, there = builds
    with there.conn.transaction(force_rollback=True):
        there.conn.execute(f"create table {there.archive}.more ()")
        assert differences(here, there) == [f"{here.archive}: table more is only there"]


def test_the_hidden_column_is_left_aside(builds: tuple[Side, Side]) -> None:
    here, there = builds
    with there.conn.transaction(force_rollback=True):
        there.conn.execute(f"alter table {BUILD}.pairs add __origin text default 'x'")
        assert differences(here, there) == []


def test_no_more_rows_are_named_than_can_be_read(builds: tuple[Side, Side]) -> None:
    here, there = builds
    with there.conn.transaction(force_rollback=True):
        there.conn.execute(f"update {BUILD}.users set full_name = 'other'")
        found = differences(here, there)
    assert len(found) == SHOWN_ROWS + 2 and found[-1].endswith("users: 20 more rows differ")
