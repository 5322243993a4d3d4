"""How rows are hashed and summed, so that nothing but sums leaves a database.

Laws
- Two rows have one hash where every column prints alike: NULL, '' and 'NULL' differ, and 1.0 from 1.00. Columns whose
  equality is that of their bytes are hashed as they are; of all others, and where the sides' types differ, the text is.
- A row's hash is mixed once more, for PostgreSQL's of a record is a sum over its columns: two rows of a range that have
  swapped a value would add up to the same.
- Two sides are alike where they have as many rows and one sum of all hashes. Only where they are not is it asked again
  by ranges: that takes a second hash of every row, and grouping, some two fifths of the time.
- Ranges are of the key's hash, not of the key, because two servers need not sort text alike.
- Several queries over the same relations are summed by one statement, in which each relation is read once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg

from config.postgres import waits

RANGES = 1024
MOST_COLUMNS = 1500  # of a row constructor; PostgreSQL takes 1,664

# The second is for two servers that hash differently: another encoding, for the first sees bytes, another byte order,
# a version to come.
HASHES = (
    "hashtextextended({}, 0)",
    "bit_in(textout('x' || left(md5(convert_to({}, 'UTF8')), 16)), 0, 64)::bigint",
)
# Builtin types of which two values that are equal print alike, by their oids, with a value each.
EXACT = {
    16: "'t'::bool", 17: "'x'::bytea", 20: "1::int8", 21: "1::int2", 23: "1::int4", 26: "1::oid",
    650: "'10.0.0.0/8'::cidr", 774: "'08:00:2b:01:02:03:04:05'::macaddr8", 829: "'08:00:2b:01:02:03'::macaddr",
    869: "'10.0.0.1'::inet", 1082: "'2000-01-02'::date", 1083: "'10:00'::time", 1114: "'2000-01-02'::timestamp",
    1184: "'2000-01-02'::timestamptz", 2950: "'9b2f0c1e-5d7a-4e63-8f10-2a4b6c8d0e1f'::uuid",
}  # fmt: skip
TEXTS = {25, 1043}  # text, varchar: compared by their bytes under the collation "C"
PROBE = f"""
    select hashtextextended('nxtgauge' || repeat('row', 100), 0), hashtextextended('', 0),
        hashint8extended(hash_record_extended(row('nxtgauge'::text, {", ".join(EXACT.values())}), 0), 0),
        current_setting('server_encoding')
"""
ROW = "concat(x.*)"  # the row, as its types print it
PLACE = 'concat(x.c0) collate "C"'  # the key, by which both servers sort alike once it is hashed

Total = tuple[int, int | None]  # rows, and the sum of their hashes
Sums = dict[int, Total]  # by key range


@dataclass(frozen=True)
class Hashed:
    """A query of one side. columns: their names in it, the key's first; row: the hash of all; range: of the key."""

    query: str
    columns: str
    row: str
    range: str

    @property
    def rows(self) -> str:
        """The query in a FROM clause, behind the alias x."""
        return f"({self.query}) as x ({self.columns})"


def hash_of(source: psycopg.Connection, target: psycopg.Connection) -> str:
    """The hash that both servers agree on."""
    agree = source.execute(PROBE).fetchone() == target.execute(PROBE).fetchone()
    return HASHES[0] if agree else HASHES[1]


def types(conn: psycopg.Connection, queries: Sequence[str], relations: str = "") -> list[list[int]]:
    """The oids of the types of each query's columns. Nothing is executed, nor planned."""
    listed = ", ".join(f'null as "query {n}", x{n}.*' for n in range(len(queries)))
    tables = ", ".join(f"({query}) as x{n}" for n, query in enumerate(queries))
    found: list[list[int]] = []
    for name, type_ in _described(conn, f"{relations}select {listed} from {tables}"):
        if name == f"query {len(found)}":
            found.append([])
        else:
            found[-1].append(type_)
    return found


def _described(conn: psycopg.Connection, statement: str) -> list[tuple[str, int]]:
    encoding = conn.info.encoding
    with (
        conn.lock,
        waits.asking(conn),
    ):  # whatever anybody else asked in between would take the place of the statement without a name
        prepared = conn.pgconn.prepare(b"", statement.encode(encoding))
        described = conn.pgconn.describe_prepared(b"")
    for result in (prepared, described):
        if result.status not in (psycopg.pq.ExecStatus.COMMAND_OK, psycopg.pq.ExecStatus.TUPLES_OK):
            raise psycopg.errors.error_from_result(result, encoding)
    return [((described.fname(n) or b"").decode(encoding), described.ftype(n)) for n in range(described.nfields)]


def pair(
    queries: tuple[str, str],
    columns: tuple[list[int], list[int]],
    hashed: str,
    keyed_by: tuple[int, ...] = (),
) -> tuple[Hashed, Hashed]:
    """Both sides of a comparison, hashed alike. columns: the types of either side's; keyed_by: as in a Comparison."""
    left, right = columns
    if hashed != HASHES[0] or len(left) != len(right) or len(left) > MOST_COLUMNS:
        first, second = (_as_text(query, len(own), hashed) for query, own in zip(queries, columns, strict=True))
    else:
        first, second = _typed(queries[0], left, right, keyed_by), _typed(queries[1], right, left, keyed_by)
    return first, second


def _as_text(query: str, count: int, hashed: str) -> Hashed:
    return Hashed(query, _names(count), hashed.format(ROW), f"({hashed.format(PLACE)} & {RANGES - 1})")


def _typed(query: str, own: list[int], other: list[int], keyed_by: tuple[int, ...]) -> Hashed:
    """A key that other columns say is not looked at, so that nobody has to make it."""
    shown = [_shown(f"x.c{n}", *both) for n, both in enumerate(zip(own, other, strict=True))]
    key, columns = ([shown[n] for n in keyed_by], shown[1:]) if keyed_by else (shown[:1], shown)
    row = f"hashint8extended(hash_record_extended(row({', '.join(columns)}), 0), 0)"
    return Hashed(query, _names(len(own)), row, f"(hash_record_extended(row({', '.join(key)}), 0) & {RANGES - 1})")


def _names(count: int) -> str:
    """Names of our own: a query may have two columns of one name."""
    return ", ".join(f"c{n}" for n in range(count))


def _shown(name: str, own: int, other: int) -> str:
    """A column in the form in which it is hashed."""
    if own in TEXTS:
        return f'{name} collate "C"'
    if own == other and own in EXACT:
        return name
    return f'(case when {name} is distinct from null then concat({name}) end) collate "C"'


def totals(conn: psycopg.Connection, asked: Iterable[Hashed], relations: str = "", shown: int = RANGES) -> list[Total]:
    """What each query adds up to. relations: a WITH clause for all of them. shown: how many ranges are looked at."""
    parts = [f"select {n}, count(*), sum({one.row}) {_looked_at(one, shown)}" for n, one in enumerate(asked)]
    found = {n: (count, total) for n, count, total in conn.execute(relations + "\nunion all\n".join(parts))}
    return [found[n] for n in range(len(parts))]


def sums(conn: psycopg.Connection, one: Hashed, shown: int = RANGES) -> Sums:
    """What each range of a query adds up to. shown: how many of them are looked at."""
    query = f"select {one.range}, count(*), sum({one.row}) {_looked_at(one, shown)} group by 1"
    return {key: (count, total) for key, count, total in conn.execute(query)}


def _looked_at(one: Hashed, shown: int) -> str:
    return f"from {one.rows}" + (f" where {one.range} < {shown}" if shown < RANGES else "")
