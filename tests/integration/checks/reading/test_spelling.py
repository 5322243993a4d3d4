"""Which texts are UUIDs: PostgreSQL is asked where it can be, and says what the pattern says for all who cannot ask."""

import psycopg

from config.postgres.types import UUID_TEXT

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
