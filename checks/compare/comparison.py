"""Two queries that must give the same rows, one on each side, and how it is found out which rows differ.

Laws
- Both sides hash what they select and sum the hashes (checks.compare.hashing): order plays no part, and nothing but
  sums leaves the databases.
- Where sums differ they are asked for by ranges of the key's hash. Both sides' rows of the ranges that differ are
  merged by key, in one pass that keeps no row; of those that differ the first are then compared by column: at most four
  scans a side, the last two of them twice where the side has drifted.
- A row that differs counts against the migration, unless a row that it was made of was written to since. To tell, the
  query is asked again over the unchanged rows alone (checks.reading.drift): if it gives something else for that key,
  the difference is drift.
- Two empty sides are a comparison, too: both were counted.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, islice

import psycopg

from checks.compare.hashing import HASHES, PLACE, RANGES, Hashed, Total, pair, sums, totals, types
from checks.reading.statements import column_names, one_value
from checks.verdict import CRITICAL, MAX_ROWS, Row
from config.postgres.quoting import literal, quoted

BATCH = 500  # keys that are looked up at once
FETCHED = 20_000  # rows of one fetch of a merge
KEY = "case when x.key is not null then concat(x.key) end"
TEXT = 'concat(x.key) collate "C"'

# What is wrong with the rows of a key: by themselves, …
DIFFERS, MISSING, UNEXPECTED = "differs", "missing", "unexpected"
# … or since something was written to the target, or to the source, and what is gone from either.
CHANGED, ADDED, GONE = "changed since", "added since", "gone since"
OF_SOURCE, NEW_IN_SOURCE, GONE_IN_SOURCE = "changed in the source", "added in the source", "gone from the source"


@dataclass(frozen=True)
class Comparison:
    """name, domain, table, title, severity: as in a Check. source, target: SELECTs of equal columns, the first `key`.

    of_source, of_target: the tables they read. kind: content, law or books. is_by_row: no row of the result is made of
    several rows of one table. keyed_by: the columns, by their places, that say all that the key says. whole: gives both
    with the relations that they name, which may be long. group: with what others it is asked (checks.compare.together).
    """

    name: str
    kind: str
    domain: str
    table: str | None
    title: str
    source: str
    target: str
    severity: str = CRITICAL
    of_source: frozenset[str] = field(default=frozenset())
    of_target: frozenset[str] = field(default=frozenset())
    is_by_row: bool = True
    keyed_by: tuple[int, ...] = ()
    whole: Callable[[str, str], tuple[str, str]] | None = None
    group: str = ""

    @property
    def queries(self) -> tuple[str, str]:
        """Source and target as they can be asked."""
        return self.whole(self.source, self.target) if self.whole else (self.source, self.target)


@dataclass(frozen=True)
class Difference:
    """What differs. counts: what is wrong → keys; named: the same → the first keys; columns: of some of these.

    compared: rows of the longer side.
    """

    source_rows: int
    target_rows: int
    counts: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=dict)
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def compared(self) -> int:
        return max(self.source_rows, self.target_rows)

    def rows(self, whats: Iterable[str]) -> tuple[Row, ...]:
        """The first rows of which one of these is wrong, in this order, each kind by key."""
        keys = [(key, what) for what in whats for key in sorted(self.named.get(what, ()))]
        return tuple(Row(key, what, self.columns.get(key, ())) for key, what in keys[:MAX_ROWS])


@dataclass(frozen=True)
class Look:
    """How closely two sides are compared. hashed: the hash expression; share: the part of the key ranges that is looked
    at."""

    hashed: str = HASHES[0]
    share: float = 1.0
    counts_only: bool = False

    @property
    def ranges(self) -> int:
        """How many of the key ranges are looked at."""
        return max(1, round(RANGES * self.share))


Sides = tuple[tuple[psycopg.Connection, str], tuple[psycopg.Connection, str]]  # source and target, with their queries
Counted = tuple[Total, Total]  # what both sides add up to
Placed = tuple[int, dict[str, "_Group"]]  # the hash of some keys, and the rows of each
Texts = dict[str, str | None]  # of one row: column → its text


def compare(
    comparison: Comparison,
    source: psycopg.Connection,
    target: psycopg.Connection,
    look: Look,
    kept: Comparison | None = None,
    known: Counted | None = None,
) -> Difference:
    """The differences, looked for as closely as `look` says. kept: the same comparison over unchanged rows alone.

    known: what both sides add up to, where that was asked together with others.
    """
    queries = comparison.queries
    sides: Sides = ((source, queries[0]), (target, queries[1]))
    if look.counts_only:
        rows, there = (_count(conn, query) for conn, query in sides)
        return Difference(rows, there, Counter({DIFFERS: abs(rows - there)} if rows != there else {}))
    hashed = None if known else _hashed(comparison, sides, look.hashed)
    left, right = known or _totals(sides, hashed or _hashed(comparison, sides, look.hashed), look)
    counted = Difference(left[0], right[0])
    if left == right:
        return counted
    return _named(sides, look, hashed or _hashed(comparison, sides, look.hashed), counted, kept)


def _hashed(one: Comparison, sides: Sides, hashed: str) -> tuple[Hashed, Hashed]:
    left, right = (types(conn, [query])[0] for conn, query in sides)
    return pair((sides[0][1], sides[1][1]), (left, right), hashed, one.keyed_by)


def _totals(sides: Sides, hashed: tuple[Hashed, Hashed], look: Look) -> Counted:
    left, right = (totals(conn, [one], shown=look.ranges)[0] for (conn, _), one in zip(sides, hashed, strict=True))
    return left, right


def _named(
    sides: Sides, look: Look, both: tuple[Hashed, Hashed], counted: Difference, kept: Comparison | None
) -> Difference:
    """What was counted, with the rows of the key ranges that differ, and the columns of those rows."""
    stood, hashed = kept.queries if kept else (None, None), look.hashed
    added = [sums(conn, one, look.ranges) for (conn, _), one in zip(sides, both, strict=True)]
    differ = sorted(key for key in added[0].keys() | added[1].keys() if added[0].get(key) != added[1].get(key))
    left, right = (
        _rows(conn, one, kept_query, hashed, differ)
        for (conn, _), one, kept_query in zip(sides, both, stood, strict=True)
    )
    found: Counter[str] = Counter()
    named: dict[str, list[str]] = {}
    differing = _differing(left, right)
    for key, what in differing if hashed == HASHES[0] else _unalike(sides, differing):
        found[what] += 1
        if found[what] <= MAX_ROWS:
            named.setdefault(what, []).append(key)
    keys = [key for what in (DIFFERS, CHANGED, OF_SOURCE) for key in named.get(what, ())]
    columns = _columns_that_differ(sides, hashed, keys)
    return replace(counted, counts=found, named=named, columns=columns)


def _count(conn: psycopg.Connection, query: str) -> int:
    return one_value(conn, int, f"select count(*) from ({query}) as x")


@dataclass(frozen=True)
class _Group:
    """All rows of one side under one key: hash → how many. stood: those that stand as they stood."""

    now: Counter[int] = field(default_factory=Counter)
    stood: Counter[int] = field(default_factory=Counter)

    @property
    def is_written(self) -> bool:
        return self.now != self.stood


def _rows(conn: psycopg.Connection, one: Hashed, kept: str | None, hashed: str, ranges: list[int]) -> Iterator[Placed]:
    """(place, key → its group), by place: the hash of the key, by which both servers sort alike."""
    parts = [(one, "true"), *([(replace(one, query=kept), "false")] if kept and kept != one.query else [])]
    union = " union all ".join(
        f"select {hashed.format(PLACE)} as place, concat(x.c0) as key, {part.row} as content, {is_now} as is_now "
        f"from {part.rows} where {part.range} = any ({literal(ranges)}::bigint[])"
        for part, is_now in parts
    )
    with conn.cursor(name="merged") as cursor:
        cursor.itersize = FETCHED
        rows = cursor.execute(f"select * from ({union}) as x order by place")
        for place, found in groupby(rows, key=lambda row: row[0]):
            groups: dict[str, _Group] = {}
            for _, key, content, is_now in found:
                group = groups.setdefault(key, _Group())
                (group.now if is_now else group.stood)[content] += 1
                if len(parts) == 1:
                    group.stood[content] += 1
            yield place, groups


def _differing(left: Iterator[Placed], right: Iterator[Placed]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong with it) of two sides in the order of their places."""
    end: Placed = (0, {})  # told from a place by being this very one
    empty = _Group()
    one, other = next(left, end), next(right, end)
    while one is not end or other is not end:
        place = min(side[0] for side in (one, other) if side is not end)
        wanted, there = (side[1] if side[0] == place else {} for side in (one, other))
        for key in wanted.keys() | there.keys():
            if what := _what(wanted.get(key, empty), there.get(key, empty)):
                yield key, what
        one, other = (next(s, end) if side[0] == place else side for s, side in ((left, one), (right, other)))


def _what(wanted: _Group, there: _Group) -> str:
    """Nothing where both sides agree as they stand."""
    if wanted.now == there.now:
        return ""
    if there.is_written:
        return CHANGED if wanted.now else ADDED
    if wanted.is_written:
        return OF_SOURCE if there.now else NEW_IN_SOURCE
    more = there.now.total() - wanted.now.total()
    return DIFFERS if more == 0 else UNEXPECTED if more > 0 else MISSING


def _unalike(sides: Sides, differing: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Those of them that differ in more than the order of a document's members: jsonb sorts these by their bytes, of
    which an encoding may need more than another."""
    for batch in iter(lambda: list(islice(differing, BATCH)), []):
        keys = [key for key, what in batch if what == DIFFERS]
        left, right = (by_key(conn, query, keys) if keys else {} for conn, query in sides)
        for key, what in batch:
            if what != DIFFERS or _unordered(left.get(key, {})) != _unordered(right.get(key, {})):
                yield key, what


def _unordered(row: Texts) -> Texts:
    return {name: unordered(value) if value else value for name, value in row.items()}


def unordered(text: str) -> str:
    """A text that is a document, its members in one order on every server; any other as it is."""
    if text[0] not in "{[":
        return text
    try:
        return json.dumps(json.loads(text, parse_float=str, parse_int=str), sort_keys=True)
    except (ValueError, RecursionError):
        return text


def _columns_that_differ(sides: Sides, hashed: str, keys: list[str]) -> dict[str, tuple[str, ...]]:
    if not keys:
        return {}
    left, right = (by_key(conn, query, keys, hashed) for conn, query in sides)
    return {
        key: tuple(name for name, value in left[key].items() if right.get(key, {}).get(name) != value) for key in left
    }


def by_key(conn: psycopg.Connection, query: str, keys: list[str], form: str = "{}") -> dict[str, Texts]:
    """Key → column → its text in this form (null stays null), of a query's rows of these keys."""
    names = column_names(conn, query)
    columns = [f"x.{quoted(name)}" for name in names]
    texts = [form.format(f"format('%s', {column})") for column in columns]
    each = [f"case when {column} is not null then {text} end" for column, text in zip(columns, texts, strict=True)]
    rows = conn.execute(
        f"select {KEY}, {', '.join(each)} from ({query}) as x where {TEXT} = any ({literal(keys)}::text[])"
    )
    return {str(key): dict(zip(names, values, strict=True)) for key, *values in rows}
