"""Samples of the source's rows for the plan: whether text ids are UUIDs, and which columns hold links.

Only counts are returned, never a value of a row.
"""

from collections.abc import Collection

import psycopg
from psycopg import sql

from config.postgres.quoting import literal, quoted
from config.postgres.types import UUID_TEXT
from config.shapes import Column
from engine.planning import ids
from engine.reflect.select_list import as_text
from engine.session import fetch

IDS = "select count({value}), count(*) filter (where {is_uuid}) from {table} as t"
IS_UUID = "pg_catalog.pg_input_is_valid({value}, 'pg_catalog.uuid')"  # a tenth of the pattern's time
FROM_VERSION = 160_000
SAMPLE_ROWS = 10_000  # of one table: a look of milliseconds, whatever the table's size
BEGINNING = 200  # letters that say whether a value is a link
# Alone, or the first of an array; with a scheme or without.
LINK = r'^[\s{["]*(https?://|www\.|([a-z0-9-]+\.)+(com|org|net|io|dev|me|co|app|in)(/|["},\]\s]|$))'

Counts = dict[str, tuple[int, int]]  # column → how many values it has, and how many of them are of the kind


class Unread:
    """Reads no row: for a source that may not be read."""

    def ids(self, table: str, columns: list[Column]) -> Counts:
        return {column.name: (0, 0) for column in columns}

    def links(self, table: str, columns: list[Column]) -> Counts:
        return {column.name: (0, 0) for column in columns}


class Source:
    """Reads rows by a session on the source."""

    def __init__(self, conn: psycopg.Connection, schema: str):
        self._conn, self._schema = conn, schema

    def ids(self, table: str, columns: list[Column]) -> Counts:
        """For each text column, of all its values: how many are UUIDs."""
        found = {}
        test = IS_UUID if self._conn.info.server_version >= FROM_VERSION else f"{{value}} ~* {literal(UUID_TEXT)}"
        for column in columns:
            value = ids.word(column)
            query = sql.SQL(IDS).format(
                value=sql.SQL(value),
                is_uuid=sql.SQL(test.replace("{value}", value)),
                table=sql.Identifier(self._schema, table),
            )
            values, uuids = fetch.one(self._conn, query)
            found[column.name] = (values, uuids)
        return found

    def links(self, table: str, columns: list[Column]) -> Counts:
        """For each column, of the first rows: how many values begin as a link does."""
        if not columns:
            return {}
        texts = ", ".join(f"left({as_text(c)}, {BEGINNING}) as v{number}" for number, c in enumerate(columns))
        counts = ", ".join(f"count(v{n}), count(*) filter (where v{n} ~* %(link)s)" for n in range(len(columns)))
        rows = f"select {texts} from {quoted(self._schema, table)} as t limit {SAMPLE_ROWS}".replace("%", "%%")
        figures = fetch.one(self._conn, f"select {counts} from ({rows}) as s", {"link": LINK})
        return {c.name: (figures[2 * n], figures[2 * n + 1]) for n, c in enumerate(columns)}


class Again:
    """Reads rows once more, for a plan that is to be the one it was: ids alone, and those only of tables that were
    written to. Links decide what a person is asked, and nothing of the plan.

    known: what an earlier one was answered. unchanged: the tables that nobody has written to since.
    """

    def __init__(self, source: Source, known: "Again | None" = None, unchanged: Collection[str] = ()):
        self._source = source
        self._known = {t: counts for t, counts in known.answers.items() if t in unchanged} if known else {}
        self.answers: dict[str, Counts] = {}

    def ids(self, table: str, columns: list[Column]) -> Counts:
        known = self._known.get(table, {})
        asked = self._source.ids(table, [column for column in columns if column.name not in known])
        answer = {column.name: known.get(column.name) or asked[column.name] for column in columns}
        self.answers[table] = self.answers.get(table, {}) | answer
        return answer

    def links(self, table: str, columns: list[Column]) -> Counts:
        return Unread().links(table, columns)


Probe = Source | Unread | Again
