"""Rejected rows as the parents of others: which values of their keys lead to one of them.

Law: where very many were rejected they are asked for the values of each batch; a few are read once.
"""

import psycopg

from checks.reading.facts import Facts
from checks.reading.many import Many
from checks.run_books.rejects import by_keys
from config.postgres.quoting import literal, quoted
from config.shapes import Table


class LostParents:
    """Of all legacy tables. source: the session that is asked."""

    def __init__(self, facts: Facts, source: psycopg.Connection):
        self._facts, self._source = facts, source
        self._known: dict[tuple[str, tuple[str, ...]], set[str]] = {}

    def among(self, parent: str, columns: tuple[str, ...], values: set[str]) -> set[str]:
        """Those of these values that stand in these columns of the parent's rejected rows; perhaps others beside."""
        rejected, shape = self._facts.books.rejected[parent], self._facts.source.find_table(parent)
        if shape is None:
            return set()
        if isinstance(rejected, Many):
            key, text = self._facts.key(shape), tuple_of(self._facts, shape, columns)
            joined = f"join {rejected.relation('key, reason')} as x on x.key = {key}"
            return self._asked(shape, columns, f"{joined} where {text} = any ({literal(list(values))}::text[])")
        if (parent, columns) not in self._known:
            condition = by_keys(self._facts, parent, list(rejected))
            found = self._asked(shape, columns, f"where {condition}") if condition else set[str]()
            self._known[parent, columns] = found
        return self._known[parent, columns]

    def _asked(self, shape: Table, columns: tuple[str, ...], condition: str) -> set[str]:
        """What stands in these columns of some of the table's rows."""
        text, table = tuple_of(self._facts, shape, columns), quoted(self._facts.source.schema, shape.name)
        return {value for (value,) in self._source.execute(f"select {text} from {table} as t {condition}")} - {None}


def tuple_of(facts: Facts, shape: Table, columns: tuple[str, ...]) -> str:
    """The values of some columns as one text, UUIDs in their plain form; null where one of them is."""
    found = [shape.column(name) for name in columns]
    texts = [facts.spelled(column, facts.parent(shape.name, column.name)) for column in found]
    if len(texts) == 1:
        return texts[0]
    held = " and ".join(f"{text} is not null" for text in texts)
    return f"case when {held} then concat(jsonb_build_array({', '.join(texts)})) end"
