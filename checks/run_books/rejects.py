"""The rejected rows by key: each is a row of the source, is recorded once, and is kept unchanged.

Laws
- A rejected row's copy is the source's row as jsonb, its members in whatever order, or its text where jsonb cannot hold
  it. Hashes are compared; only where they differ, the rows themselves.
- Only the keys that the books name are asked of the source.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg

from checks.compare.comparison import unordered
from checks.reading.connect import Work
from checks.reading.facts import Facts, batched, md5, parsed, row_of
from checks.reading.statements import batches
from checks.verdict import ERROR, FAIL, MAX_ROWS, PASS, Check, Row
from config.postgres.quoting import literal, quoted

BOOKED = """
    select legacy_key, count(*), min(target_table), bool_and(jsonb_typeof(legacy_row) = 'string'),
           min(md5(convert_to(case when jsonb_typeof(legacy_row) = 'string' then legacy_row #>> '{{}}'
               else concat(legacy_row) end, 'UTF8')))
    from {rejects} where run_id = %s and legacy_table = %s group by legacy_key
"""
KEPT = """
    select legacy_key, concat(legacy_row) from {rejects}
    where run_id = %s and legacy_table = %s and legacy_key = any (%s::text[])
"""
LOOKED_UP = 500  # rows that are compared themselves at once
BY_KEY = {"uuid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "int4": "-?[0-9]{1,9}", "int8": "-?[0-9]{1,18}"}
CTID = r"\([0-9]{1,9},[0-9]{1,4}\)"
TITLE = "Every rejected row is named once, is a row of the source, and was written down as it stands there."

PlannedCheck = tuple[Check, Work, frozenset[str], frozenset[str]]  # what is to be made, how, the tables of either side


def jobs(facts: Facts) -> Iterator[PlannedCheck]:
    """A check for each legacy table with rejected rows."""
    for table in facts.books.rejected:
        if table in facts.source.tables:
            draft = Check(f"books/rejects/{table}", "books", facts.domain(table), table, TITLE, ERROR)
            yield draft, _Rejects(facts, table, draft).check, frozenset({table}), frozenset()


class _Rejects:
    """One legacy table's rejected rows."""

    def __init__(self, facts: Facts, table: str, draft: Check):
        self._facts, self._table, self._draft = facts, table, draft

    def check(self, source: psycopg.Connection, target: psycopg.Connection) -> Check:
        rows, compared = list[Row](), 0
        booked = BOOKED.format(rejects=self._facts.bound_book("rejects", self._table))
        with batches(target, booked, [self._facts.books.run_id, self._table]) as told:
            for batch in told:
                rows += self._wrong(source, target, batch)
                compared += len(batch)
        return found(self._draft, rows, compared)

    def _wrong(
        self, source: psycopg.Connection, target: psycopg.Connection, booked: list[tuple[Any, ...]]
    ) -> Iterator[Row]:
        """Of these rejected rows (key, how often, target table, whether kept as text, hash) those that are wrong."""
        as_json = self._hashes(source, [key for key, *_, is_text, _ in booked if not is_text], is_json=True)
        as_text = self._hashes(source, [key for key, *_, is_text, _ in booked if is_text], is_json=False)
        unlike = (key for key, *_, is_text, kept in booked if not is_text and kept not in as_json.get(key, {kept}))
        different = {key for some in batched(unlike, LOOKED_UP) for key in self._different(source, target, some)}
        targets = self._targets()
        for key, count, target_table, is_text, kept in booked:
            there = (as_text if is_text else as_json).get(key)
            if there is None or count > 1:
                yield Row(key, "unexpected")
            elif key in different or (is_text and kept not in there):
                yield Row(key, "differs", ("legacy_row",))
            elif target_table not in targets:
                yield Row(key, "differs", ("target_table",))

    def _different(
        self, source: psycopg.Connection, target: psycopg.Connection, keys: tuple[str, ...]
    ) -> Iterator[str]:
        """Those of these rows that differ in more than the order of members, which goes by a server's encoding."""
        there = dict[str, set[str]]()
        for key, document in _rows(source, self._facts, self._table, [*keys], f"concat({self._document})"):
            there.setdefault(key, set()).add(unordered(document))
        query = KEPT.format(rejects=self._facts.bound_book("rejects", self._table))
        for key, document in target.execute(query, [self._facts.books.run_id, self._table, [*keys]]):
            if unordered(document) not in there.get(key, ()):
                yield key

    def _targets(self) -> set[str]:
        """The tables that may have refused a row."""
        rule = self._facts.find_rule(self._table)
        return {self._facts.final(self._table), *(rule.targets if rule else ())} & self._facts.target.tables.keys()

    def _hashes(self, source: psycopg.Connection, keys: list[str], is_json: bool) -> dict[str, set[str]]:
        """Legacy key → hashes of its rows, as documents or as texts; none of a row told as text that jsonb takes."""
        hashes: dict[str, set[str]] = {}
        shown = f"concat({self._document})" if is_json else row_of(self._facts.source.table(self._table))
        for key, value in _rows(source, self._facts, self._table, keys, md5(shown)):
            if is_json or not self._is_json(source, key):
                hashes.setdefault(key, set()).add(value)
        return hashes

    @property
    def _document(self) -> str:
        """The row as jsonb. Errors: psycopg.DataError, where that cannot hold it."""
        return parsed(row_of(self._facts.source.table(self._table)), "jsonb")

    def _is_json(self, source: psycopg.Connection, key: str) -> bool:
        try:
            with source.transaction():
                _rows(source, self._facts, self._table, [key], f"{self._document} is null")
        except psycopg.DataError:
            return False
        return True


def _rows(
    source: psycopg.Connection, facts: Facts, table: str, keys: list[str], expression: str
) -> list[tuple[str, Any]]:
    """(legacy key, expression over the row) of the rows of these keys."""
    condition = by_keys(facts, table, keys)
    if condition is None:
        return []
    key = facts.key(facts.source.table(table))
    return source.execute(
        f"select {key}, {expression} from {quoted(facts.source.schema, table)} as t where {condition}"
    ).fetchall()


def by_keys(facts: Facts, table: str, keys: list[str]) -> str | None:
    """The condition that picks rows by their legacy keys, by an index where the key has one; None for no keys."""
    shape = facts.source.table(table)
    columns = [shape.column(name) for name in shape.primary_key]
    pattern, left, cast = None, facts.key(shape), "text[]"
    if not columns:
        pattern, left, cast = CTID, "t.ctid", "tid[]"
    elif len(columns) == 1 and columns[0].kind == "b" and columns[0].base in BY_KEY:
        pattern, left, cast = BY_KEY[columns[0].base], f"t.{quoted(columns[0].name)}", f"{columns[0].base}[]"
    wanted = [key for key in keys if pattern is None or re.fullmatch(pattern, key)]
    return f"{left} = any ({literal(wanted)}::{cast})" if wanted else None


def found(draft: Check, rows: list[Row], compared: int, more: str = "") -> Check:
    """The draft's result: these rows are wrong."""
    named = sorted(rows, key=lambda row: row.key)
    detail = (
        f"{len(rows):,} of {compared:,} are not as they should be" if rows else f"{compared:,} are as they should be"
    )
    return replace(
        draft, status=FAIL if rows else PASS, compared=compared, rows=tuple(named[:MAX_ROWS]), rows_total=len(rows),
        detail=detail + more,
    )  # fmt: skip
