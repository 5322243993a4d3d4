"""Defaults that the auditor can tell beforehand, as the text that a column shows."""

import pytest

from checks.reading.facts import text
from checks.reading.fitting import default_of
from config.shapes import Column


def column(type_name: str, base: str, default: str | None, kind: str = "b") -> Column:
    return Column("c", type_name, default=default, base=base, kind=kind)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (column("text", "text", "'cosy'::text"), "'cosy'::text"),
        (column("text", "text", "'it''s'::text"), "'it''s'::text"),
        (column("theme", "theme", "'dark'::theme", "e"), "'dark'::text"),
        (column("numeric(5,2)", "numeric", "1"), text("1::numeric(5,2)")),
        (column("boolean", "bool", "true"), text("true::boolean")),
        (column("jsonb", "jsonb", "'{}'::jsonb"), text("'{}'::jsonb")),
    ],
)
def test_a_constant_is_told(given: Column, wanted: str) -> None:
    assert default_of(given) == wanted


@pytest.mark.parametrize(
    "given",
    [
        column("text", "text", None),
        column("timestamp with time zone", "timestamptz", "now()"),
        column("uuid", "uuid", "gen_random_uuid()"),
        column("bigint", "int8", "nextval('s'::regclass)"),
        column("text", "text", "('a'::text || 'b'::text)"),
        column("text", "text", "'a'::text || CURRENT_USER"),
    ],
)
def test_what_the_database_computes_is_not(given: Column) -> None:
    assert default_of(given) is None
