"""Two queries that must give the same rows, one on each side, and how it is found out which rows differ.

Laws
- Both sides hash what they select, as PostgreSQL's own text (so NULL, '' and 'NULL' differ, and 1.0 from 1.00), and sum
  the hashes by ranges of the key's hash: order plays no part, and nothing but sums leaves the databases.
  Ranges are of the key's hash, not of the key, because two servers need not sort text alike.
- Where ranges differ, their rows are compared by key, then the rows that differ by column: at most three scans a side.
- Zero rows counted on both sides is a comparison.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg

from checks.facts import literal, quoted
from checks.verdict import CRITICAL, MAX_ROWS, Row

RANGES = 1024
SHOWN_RANGES = 64  # whose rows are named; some 2,000 rows each of a table of two millions
ROW = "(x.*)::text"  # the row; `x` alone would be a column of that name
TEXT = "coalesce(x.key, '') collate \"C\""

# The second is for two servers that hash differently (another byte order, a version to come).
HASHES = (
    "hashtextextended({}, 0)",
    "('x' || left(md5({}), 16))::bit(64)::bigint",
)
PROBE = "select hashtextextended('nxtgauge' || chr(233) || repeat('row', 100), 0), hashtextextended('', 0)"


@dataclass(frozen=True)
class Comparison:
    """name, domain, table, title, severity: as in a Check. source, target: SELECTs of equal columns, the first `key`.

    of_source, of_target: the tables they read. kind: content, law or books.
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


@dataclass(frozen=True)
class Difference:
    """rows: those that are named, at most MAX_ROWS; rows_total: all of the ranges whose rows were looked at.

    ranges: how many differ; compared: rows of the longer side; is_whole: whether all ranges were looked at.
    """

    source_rows: int
    target_rows: int
    rows: tuple[Row, ...] = ()
    rows_total: int = 0
    ranges: int = 0

    @property
    def compared(self) -> int:
        return max(self.source_rows, self.target_rows)

    @property
    def is_whole(self) -> bool:
        return self.ranges <= SHOWN_RANGES


@dataclass(frozen=True)
class Look:
    """How closely. hashed: the hash expression; share: the part of the key ranges that is looked at."""

    hashed: str = HASHES[0]
    share: float = 1.0
    counts_only: bool = False


def hash_of(source: psycopg.Connection, target: psycopg.Connection) -> str:
    """The hash that both servers agree on."""
    agree = source.execute(PROBE).fetchone() == target.execute(PROBE).fetchone()
    return HASHES[0] if agree else HASHES[1]


def compare(comparison: Comparison, source: psycopg.Connection, target: psycopg.Connection, look: Look) -> Difference:
    """What differs, as closely as one looks."""
    sides = ((source, comparison.source), (target, comparison.target))
    if look.counts_only:
        left, right = (_count(conn, query) for conn, query in sides)
        return Difference(left, right, rows_total=abs(left - right), ranges=left != right)
    shown = max(1, round(RANGES * look.share))
    left, right = (_sums(conn, query, look.hashed, shown) for conn, query in sides)
    counts = [sum(count for count, _ in side.values()) for side in (left, right)]
    differ = sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))
    return _named(sides, look.hashed, differ, counts) if differ else Difference(*counts)


def _named(sides: tuple, hashed: str, differ: list[int], counts: list[int]) -> Difference:
    """The rows of the key ranges that differ, and the columns of those rows."""
    looked = differ[:SHOWN_RANGES]
    found = _rows_that_differ(*(_hashes(conn, query, hashed, looked) for conn, query in sides))
    named = dict(list(found.items())[:MAX_ROWS])
    columns = _columns_that_differ(sides, hashed, [key for key, what in named.items() if what == "differs"])
    rows = tuple(Row(key, what, columns.get(key, ())) for key, what in named.items())
    return Difference(*counts, rows, len(found), len(differ))


def _count(conn: psycopg.Connection, query: str) -> int:
    return conn.execute(f"select count(*) from ({query}) as x").fetchone()[0]


def _range(hashed: str) -> str:
    return f"({hashed.format(TEXT)} & {RANGES - 1})"


def _sums(conn: psycopg.Connection, query: str, hashed: str, shown: int) -> dict[int, tuple[int, int]]:
    """Key range → rows and the sum of their hashes."""
    condition = f"where {_range(hashed)} < {shown}" if shown < RANGES else ""
    rows = conn.execute(
        f"select {_range(hashed)}, count(*), sum({hashed.format(ROW)}) from ({query}) as x {condition} group by 1"
    )
    return {key: (count, total) for key, count, total in rows}


def _hashes(conn: psycopg.Connection, query: str, hashed: str, ranges: list[int]) -> dict[str, Counter]:
    """Key → the hashes of its rows."""
    found: dict[str, Counter] = defaultdict(Counter)
    rows = conn.execute(
        f"select x.key, {hashed.format(ROW)} from ({query}) as x "
        f"where {_range(hashed)} = any ({literal(ranges)}::bigint[])"
    )
    for key, value in rows:
        found[key][value] += 1
    return found


def _rows_that_differ(left: dict[str, Counter], right: dict[str, Counter]) -> dict[str, str]:
    """Key → what is wrong with it; in the order of the keys."""
    found = {}
    for key in sorted(left.keys() | right.keys(), key=str):
        wanted, there = left.get(key, Counter()), right.get(key, Counter())
        if wanted != there:
            more = there.total() - wanted.total()
            found[str(key)] = "differs" if more == 0 else "unexpected" if more > 0 else "missing"
    return found


def _columns_that_differ(sides: Iterable[tuple], hashed: str, keys: list[str]) -> dict[str, tuple[str, ...]]:
    if not keys:
        return {}
    left, right = (by_key(conn, query, keys, hashed) for conn, query in sides)
    return {
        key: tuple(name for name, value in left[key].items() if right.get(key, {}).get(name) != value) for key in left
    }


def by_key(conn: psycopg.Connection, query: str, keys: list[str], form: str = "{}") -> dict[str, dict[str, object]]:
    """Key → column → its text in this form (null stays null), of a query's rows of these keys."""
    names = [column.name for column in conn.execute(f"select * from ({query}) as x limit 0").description]
    columns = [f"x.{quoted(name)}" for name in names]
    texts = [form.format(f"format('%s', {column})") for column in columns]
    each = [f"case when {column} is not null then {text} end" for column, text in zip(columns, texts, strict=True)]
    rows = conn.execute(
        f"select x.key, {', '.join(each)} from ({query}) as x where {TEXT} = any ({literal(keys)}::text[])"
    )
    return {str(key): dict(zip(names, values, strict=True)) for key, *values in rows}
