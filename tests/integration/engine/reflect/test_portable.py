"""Functions that a definition calls: which stand alone, so that they can be made in the target."""

import psycopg
import pytest

from engine.reflect import catalog

SLUGIFY = """
    create function slugify(t text) returns text language sql immutable
    as $$ select lower(regexp_replace(trim(t), '\\s+', '-', 'g')) $$
"""


@pytest.fixture
def conn(database):
    with psycopg.connect(database(), autocommit=True) as found:
        yield found


def _needs(conn) -> tuple[str, ...]:
    found = catalog.reflect(conn, "public")
    return next(function.needs for function in found.functions if function.name == "slugify")


def test_a_name_is_postgresqls_own_function_and_no_overload_of_an_extension(conn):
    conn.execute(SLUGIFY)
    conn.execute("create extension citext")  # which has a regexp_replace of its own
    assert _needs(conn) == ()


def test_a_name_is_the_schemas_own_function_where_somebody_made_one(conn):
    conn.execute("create function regexp_replace(a text, b int) returns text language sql as $$ select a $$")
    conn.execute(SLUGIFY)
    assert _needs(conn) == ("function regexp_replace",)
