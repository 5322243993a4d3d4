"""Keys of rows as a report may show them: whole if they can identify nobody, else as a digest.

Laws
- Shown are UUIDs, dates, booleans, numbers of at most six digits, places of rows, names of tables and columns, and
  names in the mapping; and the keys of a table whose key has only types that can identify nobody.
- Any other key is `#` and twelve digits of the SHA-256 of a secret and the key's text. The secret is in the books: who
  may read these can find the row by its digest; nobody else can check a guess against a digest.
- A key of several columns is hidden as a whole.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from functools import cached_property

from checks.reading.facts import Facts
from checks.verdict import Check
from config.postgres.quoting import literal
from config.postgres.types import INTEGERS, TIMES

DIGITS = 12  # 48 bits: of a million keys hardly two share them
NOBODYS = INTEGERS | TIMES | {"uuid", "bool", "time", "timetz", "interval", "enum"}
IS_KEY = ("content", "suite")  # kinds of checks whose rows are named by the key of the check's table
NAMES = ("catalog", "balance", "money", "seal")  # kinds whose rows are no rows but objects, tables and currencies

UUID = r"[{]?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}[}]?"
DAY = r"[0-9]{4,6}-[0-9]{2}-[0-9]{2}"
TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:[+-][0-9]{2}(?::?[0-9]{2})*|Z)?"
PLACE = r"\([0-9]+,[0-9]+\)"
PLAIN = re.compile(
    rf"{UUID}|-?[0-9]{{1,6}}|{DAY}(?:[ T]{TIME})?|{TIME}|{PLACE}|t|f|true|false|null|-?infinity|", re.IGNORECASE
)
NUMBER = re.compile(r"-?[0-9]+")
BETWEEN = re.compile(r"[ :]")  # what laws put between the parts of a key; one may be a number, two are a phone's


class KeyRedactor:
    """Hides the keys of one verification's rows where they may not be shown."""

    def __init__(self, facts: Facts):
        self._facts = facts

    def hide(self, checks: Iterable[Check]) -> Iterator[Check]:
        """The checks, with the keys of their rows as a report may show them."""
        for check in checks:
            rows = tuple(replace(row, key=self._shown(check, row.key)) for row in check.rows)
            yield replace(check, rows=rows) if rows else check

    def _shown(self, check: Check, key: str) -> str:
        is_name = check.kind in NAMES or (check.kind == "books" and check.table is None)
        return key if is_name or self._is_nobodys(check, key) else digest(self._facts.books.secret, key)

    def _is_nobodys(self, check: Check, key: str) -> bool:
        return is_nobodys(key, self._types(check.table), check.kind in IS_KEY, self._words)

    def _types(self, table: str | None) -> set[str]:
        """Base types of the keys of the table and of those whose rows it has; none where it has no key."""
        facts = self._facts
        names = {name for name in facts.source.tables if table in (facts.final(name), facts.home(name))}
        names |= {table} if table else set()
        tables = [side.tables[name] for side in (facts.source, facts.target) for name in names & side.tables.keys()]
        return {base for one in tables for base in one.key_types}

    @cached_property
    def _words(self) -> set[str]:
        """Names of tables and columns, and of roles."""
        tables = [*self._facts.source.tables.values(), *self._facts.target.tables.values()]
        names = {table.name for table in tables} | {column.name for table in tables for column in table.columns}
        return names | {*self._facts.mapping.roles}


def is_nobodys(key: str, types: Set[str], is_whole: bool = True, words: Set[str] = frozenset()) -> bool:
    """Whether a key can identify nobody.

    types: of the columns that it may be of; none are known, or there are none. is_whole: it is all of a key of these
    types, and nothing beside. words: names that may be shown.
    """
    is_safe = types <= NOBODYS
    if types and is_safe and is_whole:
        return True
    has_numbers = is_safe and bool(types & INTEGERS)
    parts = _parts(key)
    is_written_apart = not key.startswith("[") and sum(NUMBER.fullmatch(part) is not None for part in parts) > 1
    return not is_written_apart and all(_is_plain(part, has_numbers, words) for part in parts)


def _is_plain(part: str, has_numbers: bool, words: Set[str]) -> bool:
    if PLAIN.fullmatch(part) or part in words:
        return True
    return has_numbers and NUMBER.fullmatch(part) is not None


def digest(secret: bytes, key: str) -> str:
    """What stands for a key; `found_by` says the same in SQL."""
    return "#" + hashlib.sha256(secret + key.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def found_by(secret: bytes, expression: str) -> str:
    """The digest of a text expression, in SQL."""
    text = f"decode({literal(secret.hex())}, 'hex') || convert_to({expression}, 'UTF8')"
    return f"'#' || left(encode(sha256({text}), 'hex'), {DIGITS})"


def _parts(key: str) -> Sequence[str]:
    """The parts that a key is made of: of a JSON array its elements, else what blanks and colons part."""
    if key.startswith("["):
        try:
            return [part if isinstance(part, str) else json.dumps(part) for part in json.loads(key)]
        except ValueError:
            return [key]
    return [key] if PLAIN.fullmatch(key) else BETWEEN.split(key)
