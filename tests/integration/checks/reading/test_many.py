"""The keys of very many rows stand in a session's own settings, which can be set where nothing else can."""

import psycopg
import pytest

from checks.compare.law_files import Prelude
from checks.reading import connect, many
from config.postgres.connection import parse
from tests.support import standbys

QUERY = """
    select lpad(n::text, 6, '0') as key, case when mod(n, 3) = 0 then 'third' else 'other' end as value
    from generate_series(1, 500) as n
"""
FOUND = """
    select k.value, count(*), count(*) filter (where t.id % 3 = 0)
    from public.t join {} as k on k.key = lpad(t.id::text, 6, '0') group by 1 order by 1
"""


def test_a_standby_takes_the_keys_and_reads_its_rows_by_them(database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "PAGE_ROWS", 50)
    said = many.Many("nxtgauge.rejects_0", QUERY, (), {"other": 334, "third": 166})
    with standbys.pair() as (primary, standby):
        with psycopg.connect(primary) as conn:
            conn.execute("create table t as select id from generate_series(1, 900) as id")
        standbys.replayed(primary, standby)
        source, target = parse(standby, "NXTGAUGE_SOURCE_URL"), parse(database(), "NXTGAUGE_TARGET_URL")
        with connect.source(source) as reader, connect.target(target) as books:
            assert reader.execute("select pg_is_in_recovery()").fetchone() == (True,)
            said.give(books, reader)
            found = reader.execute(FOUND.format(said.relation("key, value"))).fetchall()
    assert found == [("other", 334, 0), ("third", 166, 166)]


@pytest.mark.parametrize("few", [-1, 100])
def test_rows_that_were_asked_once_are_the_same_spelled_and_given(
    database, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """As a verification's professionals: nulls, quotes and all."""
    values = [("1", None), (None, ""), ("NULL", 'it\'s "{5}" \\ ,')]
    monkeypatch.setattr(many, "FEW", few)
    shared = {"odd": "select o.*, o.key as again from public.odd as o", "none": "select * from public.odd where false"}
    url = database()
    with psycopg.connect(url) as conn:
        conn.execute('create table public.odd (key text, "of" text)')
        conn.cursor().executemany("insert into public.odd values (%s, %s)", values)
    prelude = Prelude.__new__(Prelude)
    prelude._given, prelude.given = {}, []
    monkeypatch.setattr(prelude, "of_source", lambda query: (shared[query.rsplit(" ", 1)[1]], frozenset({"odd"})))
    source = parse(url, "NXTGAUGE_SOURCE_URL")
    with connect.source(source) as asked, connect.source(source) as other:
        prelude.evaluate("odd", asked)
        prelude.evaluate("none", asked)
        for rows in prelude.given:
            assert rows.is_spelled == (few > 0)
            rows.give(asked, other)
        odd, none = (prelude._given[name][0] for name in ("odd", "none"))
        assert other.execute(odd.relation()).fetchall() == [(key, of, key) for key, of in values]
        assert other.execute(odd.relation({"of"})).fetchall() == [(of,) for _, of in values]
        assert other.execute(none.relation()).fetchall() == []
    assert [len(rows._told) for rows in prelude.given] == [2, 1]  # columns that hold the same are told once


PAIRED = "select n::text as key, (n * n)::text as value from generate_series(1, 9) as n"


@pytest.mark.parametrize(
    "said",
    [
        many.Many("nxtgauge.rejects_0", QUERY, (), {"other": 334, "third": 166}),
        many.Pairs("nxtgauge.derived_0", PAIRED, (), 9),
    ],
    ids=["many", "pairs"],
)
def test_pages_of_a_transaction_that_was_rolled_back_are_empty(
    database, monkeypatch: pytest.MonkeyPatch, said: many.Paged
) -> None:
    """The delta's sessions stay from one judgement to the next, and their transactions do not."""
    monkeypatch.setattr(many, "PAGE_ROWS", 4)
    url, rows = database(), f"select key, value from {said.relation('key, value')} as r"
    with psycopg.connect(url) as reader, psycopg.connect(url) as books:
        said.give(books, reader)
        assert len(reader.execute(rows).fetchall()) == len(said)
        reader.rollback()
        assert reader.execute(rows).fetchall() == []
