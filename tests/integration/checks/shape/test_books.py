"""The auditor's own list of the books is that of the books as the program makes them."""

import psycopg

from checks.shape import things
from checks.shape.wanted import books
from engine.books import bookkeeping


def test_the_list_is_that_of_this_version(database) -> None:
    """Where it fails, the books have changed: `python -m checks.shape.wanted.books URL` lists those of a database."""
    with psycopg.connect(database()) as conn:
        bookkeeping.ensure(conn)
        listed = list(books.listed(books.version(conn), things.read(conn, books.SCHEMA)))
    assert listed == books.LIST.read_text(encoding="utf-8").splitlines()
