"""What is known of very many rows and needed by many statements: the source's own session holds it.

Laws
- The source is only read, and may be a standby, so no table can be made there. A session's own settings can be set on
  any server: the keys stand in them, page by page, and a statement reads them from there.
- What the books say comes from the target as it is read, so that a million keys are never in this process at once.
- What many statements need is spelled in none of them: each is sent twice, to be described and to be executed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg

from checks.reading.statements import one_value
from config.postgres.quoting import literal, quoted

FEW = 20_000  # rows of one table that are held here, and spelled in statements: some 2 MB
PAGE_ROWS = 50_000
PAGED = """
    select value, (hashtext(key) & 2147483647) %% {pages} as page, array_agg(key)::text from ({query}) as said
    group by 1, 2
"""
GIVEN = "select octet_length(set_config(%s, %s, false))"
RELATION = """(
    select p.key, g.value from (values {pages}) as g (name, value),
        unnest(current_setting(g.name, true)::text[]) as p (key)
)"""

PAIRED = """
    select (hashtext(key) & 2147483647) %% {pages} as page, array_agg(key)::text, array_agg(value)::text
    from ({query}) as said group by 1
"""
PAIRS = """(
    select p.key, p.value from (values {pages}) as g (keys, vals),
        unnest(current_setting(g.keys, true)::text[], current_setting(g.vals, true)::text[]) as p (key, value)
)"""


@dataclass(frozen=True)
class Many:
    """Rows of one legacy table. query: gives their key and value on the target, by these parameters; counts: value →
    rows; setting: how the names of the settings begin."""

    setting: str
    query: str
    params: tuple[str, ...]
    counts: Mapping[str, int]

    def __len__(self) -> int:
        return sum(self.counts.values())

    def relation(self, names: str) -> str:
        """SQL of a relation of two text columns, for sessions on the source that were given the pages."""
        pages = ", ".join(
            f"({literal(self._name(number, page))}, {literal(value)})"
            for number, value in enumerate(self.counts)
            for page in range(self._pages)
        )
        return f"(select * from {RELATION.format(pages=pages)} as v ({names}))"

    def give(self, source: psycopg.Connection, target: psycopg.Connection) -> None:
        """Put the pages into the settings of the session on the source."""
        numbers = {value: number for number, value in enumerate(self.counts)}
        with target.cursor(name="pages") as cursor:
            cursor.itersize = 1
            for value, page, keys in cursor.execute(PAGED.format(pages=self._pages, query=self.query), self.params):
                one_value(source, int, GIVEN, [self._name(numbers[value], page), keys])

    def among(self, target: psycopg.Connection, keys: Iterable[str]) -> set[str]:
        """Those of these keys that are its."""
        query = f"select key from ({self.query}) as said where key = any (%s::text[])"
        return {key for (key,) in target.execute(query, [*self.params, list(keys)])}

    @property
    def _pages(self) -> int:
        return -(-len(self) // PAGE_ROWS)

    def _name(self, number: int, page: int) -> str:
        return f"{self.setting}_{number}_{page}"


@dataclass(frozen=True)
class Pairs:
    """What very many texts of one legacy table become, each another one. query: gives key and value on the target, by
    these parameters, no key twice; rows: how many; setting: how the names of the settings begin."""

    setting: str
    query: str
    params: tuple[str, ...]
    rows: int

    def __len__(self) -> int:
        return self.rows

    def relation(self, names: str) -> str:
        """SQL of a relation of two text columns, for sessions on the source that were given the pages."""
        pages = ", ".join(
            f"({literal(self._name('keys', page))}, {literal(self._name('values', page))})"
            for page in range(self._pages)
        )
        return f"(select * from {PAIRS.format(pages=pages)} as v ({names}))"

    def give(self, source: psycopg.Connection, target: psycopg.Connection) -> None:
        """Put the pages into the settings of the session on the source."""
        with target.cursor(name="pairs") as cursor:
            cursor.itersize = 1
            for page, keys, values in cursor.execute(PAIRED.format(pages=self._pages, query=self.query), self.params):
                one_value(source, int, GIVEN, [self._name("keys", page), keys])
                one_value(source, int, GIVEN, [self._name("values", page), values])

    @property
    def _pages(self) -> int:
        return -(-self.rows // PAGE_ROWS)

    def _name(self, what: str, page: int) -> str:
        return f"{self.setting}_{what}_{page}"


@dataclass(frozen=True)
class Evaluated:
    """The rows of a query that many statements need, asked once. columns: name → its values, an array as text."""

    setting: str
    columns: Mapping[str, str]
    rows: int

    def relation(self) -> str:
        """SELECT of the rows; of many of them for sessions on the source that were given the columns."""
        if self.is_spelled:
            arrays = [f"{literal(values)}::text[]" for values in self.columns.values()]
        else:
            arrays = [f"current_setting({literal(self._name(n))})::text[]" for n in range(len(self.columns))]
        return f"select * from unnest({', '.join(arrays)}) as v ({', '.join(map(quoted, self.columns))})"

    @property
    def is_spelled(self) -> bool:
        """Whether they are so few that statements spell them."""
        return self.rows <= FEW

    def give(self, source: psycopg.Connection, target: psycopg.Connection) -> None:
        """Put the columns into the settings of the session on the source, if they are not spelled."""
        for number, values in enumerate(() if self.is_spelled else self.columns.values()):
            one_value(source, int, GIVEN, [self._name(number), values])

    def _name(self, column: int) -> str:
        return f"{self.setting}_{column}"


def among(said: Mapping[str, object] | Many, target: psycopg.Connection, keys: Iterable[str]) -> set[str]:
    """Those of these keys of which the books say something."""
    return said.among(target, keys) if isinstance(said, Many) else {key for key in keys if key in said}
