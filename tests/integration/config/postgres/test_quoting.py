"""Values as SQL spells them arrive as they are."""

import psycopg
import pytest

from config.postgres.quoting import literal

TEXTS = ['a"b', "it's", "back\\slash", "", None, "NULL", "null", "x,y", "{z}", " blank ", "\t\n", "é 漢 😀", '\\"']


@pytest.mark.parametrize("texts", [TEXTS, [], [None], ["one"], TEXTS * 1_000])
def test_an_array_of_texts(database, texts):
    with psycopg.connect(database()) as conn:
        assert conn.execute(f"select {literal(texts)}::text[]".encode()).fetchone() == (texts,)
