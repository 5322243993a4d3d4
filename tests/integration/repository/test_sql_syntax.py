"""Every SQL file of the program is SQL, by PostgreSQL's own parser.

PL/pgSQL parses each statement of a block before it runs the first, and this block ends there: nothing is executed, and
no table has to exist. A placeholder is filled with what may stand in its place: a value is null, a name is x.
"""

import re
from collections.abc import Iterator

import psycopg
import pytest

from tests.support.places import PROJECT

PACKAGES = ("config", "engine", "checks")
FOUND = sorted(path.relative_to(PROJECT) for package in PACKAGES for path in (PROJECT / package).rglob("*.sql"))
META = re.compile(r"^\\|\\gexec$", re.MULTILINE)  # commands of psql: a file with any is run by it, by other tests
FILES = [path for path in FOUND if not META.search((PROJECT / path).read_text(encoding="utf-8"))]
COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
SIDE = re.compile(r"^-- (?:source|target|holds|derived)$", re.MULTILINE)  # what a law's queries stand under
VALUE = re.compile(r"(?<!%)%(?:\(\w+\))?s")
NAME = re.compile(r"\{\w*\}")
BLOCK = "do $parsed$ begin return;\n{}\nend $parsed$"


@pytest.fixture(scope="module")
def conn(module_database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(module_database(), autocommit=True) as conn:
        yield conn


def parse(conn: psycopg.Connection, text: str) -> None:
    """Errors: psycopg.errors.SyntaxError."""
    for part in SIDE.split(text):
        statements = COMMENT.sub("", part).strip()
        if statements:
            filled = NAME.sub("x", VALUE.sub("null", statements)).replace("%%", "%").removesuffix(";")
            conn.execute(BLOCK.replace("{}", f"{filled}\n;"))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_is_sql(conn, file):
    parse(conn, (PROJECT / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "selec 1",
        "select a b c from t",
        "select 1 where (a = %(a)s",
        "-- A law.\n-- source\nselect 1\n-- target\nselect from from t",
        "create table t (a text);\ncreate table u (a text,);",
    ],
)
def test_what_is_no_sql_is_found_although_nothing_is_executed(conn, text):
    with pytest.raises(psycopg.errors.SyntaxError):
        parse(conn, text)
