"""What the books know of single rows, of those alone that count: statements spell it.

Law: new ids are narrowed only where nothing but rows that count refers to them; of all others the whole map is needed,
and is held here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import psycopg

from checks.delta.closing import Closed
from checks.reading.books import Books, Derived, Said
from checks.reading.facts import Facts
from checks.reading.many import Many

ROWS = "select key, value from ({query}) as said where key = any (%s::text[])"
Held = TypeVar("Held")


def of_closed(facts: Facts, closed: Closed, target: psycopg.Connection) -> Books:
    """The books with what they say of rows that count."""
    books, kept = facts.books, facts.source.tables.keys() - closed.keys.keys()

    def some(of_tables: Mapping[str, Held], narrow: Callable[[Held, set[str]], Held]) -> dict[str, Held]:
        """Of tables that count whole, and of those that are only looked up, all of it."""
        return {
            table: narrow(held, closed.keys[table]) if table in closed.keys and table not in closed.whole else held
            for table, held in of_tables.items()
            if table in closed.tables or table in kept
        }

    def said(held: Said, keys: set[str]) -> Said:
        if isinstance(held, Many):
            return dict(target.execute(ROWS.format(query=held.query), [*held.params, sorted(keys)]).fetchall())
        return {key: held[key] for key in keys & held.keys()}

    def listed(held: dict[str, list[str]], keys: set[str]) -> dict[str, list[str]]:
        return {name: [key for key in found if key in keys] for name, found in held.items()}

    inward = {*facts.mapping.profile_tables, facts.mapping.former_root, "onboarding_states"}
    derived: dict[str, Derived] = {
        table: {id_: ids[id_] for id_ in _named(ids, closed, table)} if table in inward - closed.whole else ids
        for table, ids in ((table, _held(ids, target)) for table, ids in books.derived.items())
    }
    return replace(
        books, rejected=some(books.rejected, said), nulled=some(books.nulled, said), derived=derived,
        not_made=some(books.not_made, listed),
        no_json=some(books.no_json, lambda held, keys: [key for key in held if key in keys]),
        _spelled={},
    )  # fmt: skip


def _held(ids: Derived, target: psycopg.Connection) -> dict[str, str]:
    return ids if isinstance(ids, dict) else dict(target.execute(ids.query, ids.params).fetchall())


def _named(ids: Mapping[str, str], closed: Closed, table: str) -> set[str]:
    """Legacy ids of rows that count: those that references lead to, and the rows' own."""
    return (closed.raw.get(table, set()) | closed.keys.get(table, set())) & ids.keys()
