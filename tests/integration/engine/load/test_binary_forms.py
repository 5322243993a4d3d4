"""A binary form that is made here is what PostgreSQL reads from the text; or there is none, and PostgreSQL reads it."""

import random

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql

from config.postgres import session
from config.shapes import Column
from engine.load import binary_forms
from engine.session import binary_copy

SEED = 11
# (type, its base's name, texts that must have a form, texts that may have one)
TYPES = [
    ("uuid", "uuid", ["00000000-0000-0000-0000-0000000000aB", "FFFFFFFF-ffff-4fff-8fff-ffffffffffff"], [
        "{00000000-0000-0000-0000-000000000000}", "00000000000000000000000000000000", "", "é" * 18,
        "0000000-00000-0000-0000-000000000000", "00000000-0000-0000-0000-00000000000 ",
        "00000000-0000-0000-0000-00000 000000",
        "00000000-0000-0000-0000-00000000000g",
    ]),
    ("boolean", "bool", ["t", "f", "true", "false"], ["T", "yes", "1", "0", " t", "", "tr"]),
    ("smallint", "int2", ["-32768", "32767", "-0", "007"], [
        "32768", "-32769", "+1", " 1", "1 ", "0x10", "1_000", "", "-", "1.0", "١",
    ]),
    ("integer", "int4", ["-2147483648", "2147483647"], ["2147483648", "1e3", "99999999999999999999"]),
    ("bigint", "int8", ["-999999999999999999", "0"], ["9223372036854775807", "9223372036854775808"]),
    ("timestamp with time zone", "timestamptz", [
        "0001-01-01 00:00:00+00", "1999-12-31 23:59:59.999999+00", "2000-01-01 00:00:00+00", "2024-02-29 10:00:00.1+00",
        "9999-12-31 23:59:59.999999+00",
    ], [
        "infinity", "-infinity", "0000-01-01 00:00:00+00", "10000-01-01 00:00:00+00", "2024-02-30 00:00:00+00",
        "2024-01-01 24:00:00+00", "2024-01-01 23:59:60+00", "2024-01-01 10:00:00+05:30", "2024-01-01 10:00+00",
        "2024-01-01+00", "2024-01-01 00:00:00.1234567+00", "2024-01-01 10:00:00", "now", "", "2024-01-01T10:00:00+00",
        "2024-01-01 10:00:00 +00", "0001-01-01 00:00:00+00 BC", "2024-01-01 10:00:00+0000", "2024-1-1 10:00:00+00",
        "1700000000", "epoch",
    ]),
    ("timestamp(0) with time zone", "timestamptz", ["2024-01-01 10:00:00.5+00", "2024-01-01 10:00:00.4+00"], []),
    ("numeric(14,2)", "numeric", ["0", "-0.00", "0.1", "999999999999.99", "-999999999999.99", "10000", "0001.10"], [
        "1000000000000", "0.001", "1e3", "NaN", "Infinity", ".5", "5.", "+1", " 1", "", "-", "1,000.00", "1.10 ",
    ]),
    ("numeric(6,4)", "numeric", ["0.1800", "99.9999", "-0.0001"], ["100", "0.00001"]),
    ("numeric(5,0)", "numeric", ["12345", "-1"], ["0.4", "0.5", "1.5"]),
    ("numeric(2,5)", "numeric", [], ["0.00012", "0.001"]),
    ("numeric(3,-2)", "numeric", [], ["12345", "100"]),
    ("numeric(38,10)", "numeric", [], ["1234567890123456789012345678.0123456789"]),
    ("inet", "inet", ["0.0.0.0", "255.255.255.255", "::1", "2001:DB8::ff", "10.0.0.1/8", "2001:db8::/32"], [
        "10.0.0.1/33", "::/129", "10.0.0.1/", "10.0.0.1/08", "1.2.3.4/+8",
        "256.0.0.1", "1.2.3", "::ffff:1.2.3.4", "fe80::1%eth0", "::1/64", "", "010.0.0.1", "1.2.3.4 ",
    ]),
    ("jsonb", "jsonb", ['{"b": 1, "a": [1.10, "é"]}', "null", '"x"', " 1e400 "], []),
    ("text", "text", ["", "é", "NULL", r"\N", " \t\n"], []),
    ("character varying(3)", "varchar", ["abc", "é"], []),
    ("character(3)", "bpchar", ["ab", ""], []),
    ("json", "json", ['{"b": 1, "b": 2}', " null "], []),
]  # fmt: skip
OTHERS = "0123456789-.:+ e/abT"


@pytest.fixture(scope="module")
def conn(module_database):
    with psycopg.connect(module_database(), autocommit=True) as conn:
        conn.execute(session.query(session.PINNED))
        yield conn


def changed(texts: list[str], chosen: random.Random) -> list[str]:
    """The texts with one letter changed, left out or put in."""
    found = []
    for text in texts * 20:
        place = chosen.randrange(len(text) + 1)
        found.append(text[:place] + chosen.choice(["", *OTHERS]) + text[place + chosen.randrange(2) :])
    return found


@pytest.mark.parametrize(("type_", "base", "plain", "others"), TYPES, ids=[type_ for type_, *_ in TYPES])
def test_a_form_is_what_the_text_says(conn, type_, base, plain, others):
    column = Column("form", type_, base=base)
    more = [] if base in ("jsonb", *binary_forms.AS_TEXT) else changed(plain, random.Random(SEED))
    given = {text: binary_forms.of(pa.array([text]), column) for text in (*plain, *others, *more)}
    assert [text for text in plain if given[text] is None] == []
    made = {text: form.cast(pa.binary())[0] for text, form in given.items() if form is not None}
    conn.execute(sql.SQL("create temporary table given (text text, form {})").format(sql.SQL(type_)))
    forms = pa.array(made.values(), pa.binary())
    binary_copy.write(conn, sql.SQL("given"), pa.table({"text": pa.array(made), "form": forms}))
    found = conn.execute(
        sql.SQL("select text from given where concat(form) is distinct from concat(text::{})").format(sql.SQL(type_))
    ).fetchall()
    conn.execute("drop table given")
    assert found == []


@pytest.mark.parametrize(("type_", "base", "plain", "others"), TYPES, ids=[type_ for type_, *_ in TYPES])
def test_a_column_is_as_its_texts_are_alone(type_, base, plain, others):
    column = Column("form", type_, base=base)
    texts = pa.array(["", None, *plain, None, ""]).slice(1, len(plain) + 2)
    alone = [binary_forms.of(texts.slice(place, 1), column) for place in range(len(texts))]
    whole = binary_forms.of(texts, column)
    assert (whole is None) == any(form is None for form in alone)
    if whole is not None:
        assert whole.cast(pa.binary()).to_pylist() == [form.cast(pa.binary())[0].as_py() for form in alone]
