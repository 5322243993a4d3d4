"""What the books know of single rows, of those alone that count: statements spell it.

Law: new ids are narrowed only where nothing but rows that count refers to them; of all others the whole map is needed:
very many stand in the sessions' settings.
"""

from collections.abc import Mapping
from dataclasses import replace

import psycopg

from checks.delta.closing import Closed
from checks.reading.books import Books, Derived, Said
from checks.reading.facts import Facts
from checks.reading.many import among


def of_closed(facts: Facts, closed: Closed, target: psycopg.Connection) -> Books:
    """The books with what they say of rows that count."""
    books, kept = facts.books, facts.source.tables.keys() - closed.keys.keys()

    def some(of_tables: Mapping[str, Said]) -> dict[str, Said]:
        """Of tables that count whole, and of those that are only looked up, all of it."""
        return {
            table: among(held, target, closed.keys[table])
            if table in closed.keys and table not in closed.whole
            else held
            for table, held in of_tables.items()
            if table in closed.tables or table in kept
        }

    inward = {*facts.mapping.profile_tables, facts.mapping.former_root, "onboarding_states"} - closed.whole
    derived: dict[str, Derived] = {
        table: among(ids, target, _named(closed, table)) if table in inward else ids
        for table, ids in books.derived.items()
    }
    return replace(
        books, rejected=some(books.rejected), nulled=some(books.nulled), derived=derived,
        not_made=some(books.not_made), no_json=some(books.no_json), _spelled={},
    )  # fmt: skip


def _named(closed: Closed, table: str) -> set[str]:
    """Legacy ids of rows that count: those that references lead to, and the rows' own."""
    return closed.raw.get(table, set()) | closed.keys.get(table, set())
