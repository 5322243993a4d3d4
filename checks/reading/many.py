"""What is known of very many rows and needed by many statements: the source's own session holds it.

Laws
- The source is only read, and may be a standby, so no table can be made there. A session's own settings can be set on
  any server: what is known stands in them, page by page, and a statement reads it from there.
- What the books say comes from the target as it is read, so that a million keys are never in this process at once.
- A page that was not given is empty. Its setting is null or, once a transaction that had set it was rolled back, ''.
- What many statements need is spelled in none of them: each is sent twice, to be described and to be executed.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import psycopg

from checks.reading.statements import one_value
from config.postgres.quoting import literal, quoted

FEW = 20_000  # rows of one table that are held here, and spelled in statements: some 2 MB
PAGE_ROWS = 50_000
PAGED = """
    select {group}, (hashtext(key) & 2147483647) %% {pages} as page, {arrays} from ({query}) as said group by 1, 2
"""
GIVEN = "select octet_length(set_config(%s, %s, false))"
EMPTIED = "select count(set_config(name, '{}', false)) from unnest(%s::text[]) as name"
SOME = "select key, value from ({query}) as said where key = any (%s::text[])"


@dataclass(frozen=True)
class Paged(ABC):
    """Rows of one legacy table. query: gives their key and value on the target, by these parameters; setting: how the
    names of the settings begin."""

    setting: str
    query: str
    params: tuple[str, ...]
    group: ClassVar[str]  # SQL of what the rows of a page have in common
    told: ClassVar[tuple[str, ...]]  # the columns that stand in settings, each in one of its own
    form: ClassVar[str]  # SQL of the relation of two columns; pages: the settings of each, and what they have in common

    @abstractmethod
    def __len__(self) -> int: ...

    def relation(self, names: str) -> str:
        """SQL of a relation of two text columns, for sessions on the source that were given the pages."""
        pages = ", ".join(f"({', '.join(map(literal, [*names, *common]))})" for names, common in self._pages())
        return f"(select * from {self.form.format(pages=pages)} as v ({names}))"

    def give(self, target: psycopg.Connection, *sources: psycopg.Connection) -> None:
        """Put the pages into the settings of sessions on the source."""
        arrays = ", ".join(f"array_agg({column})::text" for column in self.told)
        asked = PAGED.format(group=self.group, pages=self._count, arrays=arrays, query=self.query)
        with target.cursor(name="pages") as cursor:
            cursor.itersize = 1
            for common, page, *texts in cursor.execute(asked, self.params):
                for name, text in zip(self._names(common, page), texts, strict=True):
                    for source in sources:
                        one_value(source, int, GIVEN, [name, text])

    @contextlib.contextmanager
    def held(self, source: psycopg.Connection, target: psycopg.Connection) -> Iterator[None]:
        """Within the block the session on the source has them; what fails there takes its transaction back."""
        self.give(target, source)
        yield
        source.execute(EMPTIED, [[name for names, _ in self._pages() for name in names]])

    def some(self, target: psycopg.Connection, keys: Iterable[str]) -> dict[str, str]:
        """Those of these keys that are its, with their values."""
        return dict(target.execute(SOME.format(query=self.query), [*self.params, sorted(keys)]).fetchall())

    @property
    @abstractmethod
    def _common(self) -> Sequence[str | None]:
        """What the rows of some page have in common; null: nothing."""

    @abstractmethod
    def _names(self, common: str | None, page: int) -> list[str]:
        """The settings of a page."""

    def _pages(self) -> Iterator[tuple[list[str], list[str]]]:
        """Of each page its settings, and what its rows have in common, if anything."""
        for common in self._common:
            for page in range(self._count):
                yield self._names(common, page), [] if common is None else [common]

    @property
    def _count(self) -> int:
        return -(-len(self) // PAGE_ROWS)


@dataclass(frozen=True)
class Many(Paged):
    """Rows that have few different values. counts: value → rows."""

    counts: Mapping[str, int]
    group = "value"
    told = ("key",)
    form = """(
        select p.key, g.value from (values {pages}) as g (name, value),
            unnest(nullif(current_setting(g.name, true), '')::text[]) as p (key)
    )"""

    def __len__(self) -> int:
        return sum(self.counts.values())

    @property
    def _common(self) -> Sequence[str | None]:
        return list(self.counts)

    def _names(self, common: str | None, page: int) -> list[str]:
        return [f"{self.setting}_{self._common.index(common)}_{page}"]


@dataclass(frozen=True)
class Pairs(Paged):
    """Rows each of which has another value, and no two of which have one key. rows: how many."""

    rows: int
    group = "null"
    told = ("key", "value")
    form = """(
        select p.key, p.value from (values {pages}) as g (keys, vals),
            unnest(nullif(current_setting(g.keys, true), '')::text[], nullif(current_setting(g.vals, true), '')::text[])
                as p (key, value)
    )"""

    def __len__(self) -> int:
        return self.rows

    @property
    def _common(self) -> Sequence[str | None]:
        return [None]

    def _names(self, common: str | None, page: int) -> list[str]:
        return [f"{self.setting}_{told}_{page}" for told in self.told]


@dataclass(frozen=True)
class Evaluated:
    """The rows of a query that many statements need, asked once. columns: name → its values, an array as text."""

    setting: str
    columns: Mapping[str, str]
    rows: int

    def relation(self, words: Container[str] | None = None) -> str:
        """SELECT of the rows; of many of them for sessions on the source that were given the columns.

        words: the columns that are spoken of; None: all.
        """
        shown = {name: values for name, values in self.columns.items() if words is None or name in words}
        told = [n for n, values in enumerate(self._told) if values in shown.values()] or [0]
        if self.is_spelled:
            arrays = [f"{literal(self._told[n])}::text[]" for n in told]
        else:
            # a query of its own, or the planner reads megabytes only to estimate
            arrays = [f"(select current_setting({literal(self._name(n))})::text[])" for n in told]
        listed = ", ".join(f"v.c{self._told.index(values)} as {quoted(name)}" for name, values in shown.items())
        return f"select {listed} from unnest({', '.join(arrays)}) as v ({', '.join(f'c{n}' for n in told)})"

    @property
    def is_spelled(self) -> bool:
        """Whether they are so few that statements spell them."""
        return self.rows <= FEW

    def give(self, target: psycopg.Connection, *sources: psycopg.Connection) -> None:
        """Put the columns into the settings of sessions on the source, if they are not spelled."""
        for number, values in enumerate(() if self.is_spelled else self._told):
            for source in sources:
                one_value(source, int, GIVEN, [self._name(number), values])

    @cached_property
    def _told(self) -> list[str]:
        """What is told: of columns with the same values, such as keys and ids, one."""
        return list(dict.fromkeys(self.columns.values()))

    def _name(self, column: int) -> str:
        return f"{self.setting}_{column}"


def among(said: dict[str, str] | Paged, target: psycopg.Connection, keys: Iterable[str]) -> dict[str, str]:
    """Those of these keys of which the books say something, with what they say."""
    return {key: said[key] for key in keys if key in said} if isinstance(said, dict) else said.some(target, keys)
