"""Which texts are UUIDs: PostgreSQL is asked where it can be, and says what the pattern says for all who cannot ask."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import psycopg

from checks.reading.catalog import Catalog
from checks.reading.facts import Facts
from config.postgres.types import UUID_TEXT
from config.shapes import Column, Table

ONE = "7b9a3d1e-52c4-4f0b-8e6d-0a1b2c3d4e5f"
BARE = ONE.replace("-", "")
TEXTS = [
    ONE, ONE.upper(), BARE, f"{{{ONE}}}", f"{{{BARE}}}", "-".join(BARE[n : n + 4] for n in range(0, 32, 4)), "", "42",
    f"{{{ONE}", f"{ONE}}}", f"{ONE}-", f"-{ONE}", f" {ONE}", f"{ONE}\n", ONE[:-1], f"{ONE}0", ONE.replace("-", "--"),
    f"{BARE[:2]}-{BARE[2:]}", f"{BARE[:31]}g", f"{{{{{ONE}}}}}", f"({ONE})", BARE[:-1] + "\u0661", f"{{{ONE}-}}",
]  # fmt: skip


def test_the_server_and_the_pattern_take_the_same_texts_for_uuids(database) -> None:
    with psycopg.connect(database()) as conn:
        rows = conn.execute(
            "select t, pg_input_is_valid(t, 'uuid'), t ~* %s from unnest(%s::text[]) as t", [UUID_TEXT, TEXTS]
        ).fetchall()
    assert [(text, asked) for text, asked, _ in rows] == [(text, like) for text, _, like in rows]
    assert sum(asked for _, asked, _ in rows) == 6


def test_a_row_with_an_id_is_found_by_its_index(database) -> None:
    """Asked of each row for itself: a scan for each would grow with the square of the database."""
    there = {"t": Table("t", (Column("id", "uuid", base="uuid"),))}
    with psycopg.connect(database()) as conn:
        conn.execute("create table t (id uuid primary key)")
        conn.execute("insert into t select md5(n::text)::uuid from generate_series(1, 2000) as n")
        conn.execute("insert into t values (%s)", [ONE])
        conn.execute("analyze t")
        catalog = Catalog("public", there, conn.info.server_version)
        facts: Any = SimpleNamespace(source=catalog, target=catalog)
        facts.word, facts.reads_uuid = partial(Facts.word, facts), partial(Facts.reads_uuid, facts)
        query = f"select v, {Facts.holds(facts, 't', [('id', 'v')])} from unnest(%s::text[]) as v"
        wanted = [(ONE, True), (ONE.upper(), False), ("42", False), (None, False)]
        assert conn.execute(query, [[text for text, _ in wanted]]).fetchall() == wanted
        plan = "\n".join(line for (line,) in conn.execute(f"explain {query}", [[ONE]]))
    assert "Index" in plan and "Seq Scan" not in plan
