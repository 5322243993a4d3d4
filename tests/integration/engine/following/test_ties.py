"""How rows of a group hang together: an id of the books is the tie that the row's key is, whatever its key."""

import psycopg
import pytest
from psycopg import sql

from config import settings as configuration
from engine.following import ties, units
from engine.session import snapshot
from engine.start import preflight

LEGACY = """
    create table users (id uuid primary key, email text);
    create table roles (id uuid primary key, name text);
    create table tutor_profiles (id {id} primary key, user_id uuid, status text);
    create table verifications (id {id}, user_id uuid, status text, primary key {key});
"""
ONE = "0b0e7a52-7d3f-4c3e-9a51-3b1c2d4e5f60"


@pytest.mark.parametrize(
    ("id_", "key", "written"),
    [
        ("uuid", "(id)", [ONE]),
        ("text", "(id)", [ONE, ONE.upper(), ONE.replace("-", ""), "17"]),
        ("uuid", "(id, user_id)", [f'["{ONE}", "{ONE}"]']),
    ],
)
def test_an_id_of_the_books_is_the_tie_of_its_row(database, id_, key, written):
    source = database()
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(LEGACY.format(id=id_, key=key))
        settings = configuration.load("demo", {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": database()})
        with snapshot.hold(settings.source) as held:
            plan = preflight.planned(settings, held, "2026-01-01T00:00:00+00:00")
        specs = [spec for group in units.of(plan).groups if (spec := ties.of(plan, group))]
        (table,) = [table for spec in specs for table in spec.tables if table.name == "verifications"]
        for text in written:
            value = sql.Literal(text).as_string(conn) + "::text"
            query = f"select {ties.tie_of_id(table, value)}, {ties.tie_of_key(table, value)}"
            of_id, of_key = conn.execute(query).fetchone()
            assert of_id == of_key, text
    assert table.has_uuid == (written == [ONE])
