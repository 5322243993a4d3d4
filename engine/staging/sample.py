"""A consistent sample: some of the users, the rows that refer to them, and the rows that those refer to.

Laws
- Users are chosen by a keyed hash of their key: the same key picks the same users again.
- Downwards: a row that refers to a picked row is picked, and so on. Users are never picked so.
- Upwards: a row that a picked row refers to is picked, and so on; its other children are not.
- Rows that lead to no user though their table does (the reference is null, an orphan, or circular) are chosen by the
  same hash, of the reference's value or else of their own key.
- A table that leads to users by no reference is copied whole. So the sample has no orphan that the source has not.

How: the skeleton of each table (places, keys and references, as text) is copied into working tables of the staging
database, which works out the rest; then the picked rows are read from the source by their places.
"""

import contextlib
import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.errors import StagingError
from config.postgres.types import FLOATS, NUMBERS, TEXTUAL, TIMES, UUID_TEXT
from config.shapes import Column
from engine.books import privileges
from engine.chunks import pump
from engine.planning.tables.reshaped import CTID
from engine.reflect.catalog import LegacyTable
from engine.reflect.select_list import as_text, parsed, plain, text
from engine.session import fetch
from engine.session.blame import blame
from engine.session.pool import Pool
from engine.session.stop import Stop
from engine.staging import rows
from engine.staging.links import Link
from engine.staging.rows import RowSlice

USERS = "users"
BOOKS = "nxtgauge_staging"
PREFIX = "sample_"
WORK = (Path(__file__).parent / "sql" / "sample.sql").read_bytes()
BATCH_ROWS = 5_000  # read by one query, which names their places: 60 kB of them
NUMBER_TEXT = r"^\s*[+-]?\d+\s*$"


CHOSEN = """
    select number, 0 from nxtgauge_staging.sample_roots
    where bit_in(textout('x' || left(encode(sha256(convert_to(%(key)s || value, 'UTF8')), 'hex'), 8)), 0, 32)::bigint
        < %(below)s
"""
DOWN = """
    insert into nxtgauge_staging.sample_reached
    select distinct e.child, %(round)s + 1
    from nxtgauge_staging.sample_reached r
    join nxtgauge_staging.sample_edges e on e.parent = r.number and e.is_down
    where r.round = %(round)s
    on conflict do nothing
"""
UP = """
    insert into nxtgauge_staging.sample_reached
    select distinct e.parent, %(round)s + 1
    from nxtgauge_staging.sample_reached r
    join nxtgauge_staging.sample_edges e on e.child = r.number
    where r.round = %(round)s
    on conflict do nothing
"""
PLACES = """
    insert into nxtgauge_staging.sample_places
    select %(table)s, t.leaf, (row_number() over (partition by t.leaf order by t.place) - 1) / %(size)s, t.place
    from {} t join nxtgauge_staging.sample_reached r on r.number = t.number
"""
WORKING = """
    select c.oid::regclass::text, c.relkind from pg_class c
    where c.relnamespace = 'nxtgauge_staging'::regnamespace and c.relname like 'sample\\_%' and c.relkind in ('r', 'S')
    order by c.relkind desc
"""


@dataclass
class Skeleton:
    """One sampled table: what of its rows the staging database has to know.

    keys, references: columns and their other end's → SQL of one text, null where a column is.
    """

    table: LegacyTable
    work: str
    keys: dict[tuple[tuple[str, ...], str], sql.Composable] = field(default_factory=dict)
    references: dict[tuple[tuple[str, ...], str], sql.Composable] = field(default_factory=dict)


RunAll = Callable[[Callable[["Skeleton"], None], list["Skeleton"]], object]  # a function with each, in threads


@dataclass(frozen=True)
class Edge:
    """A link between two sampled tables: places of its text in both skeletons."""

    link: Link
    reference: int
    key: int


def hanging(links: tuple[Link, ...]) -> set[str]:
    """Tables that lead to users by any chain of references, and users itself."""
    found, size = {USERS}, 0
    while size < len(found):
        size = len(found)
        found |= {link.table for link in links if link.to in found}
    return found


def faults(tables: dict[str, LegacyTable]) -> list[str]:
    users = tables.get(USERS)
    if users is None or len(users.shape.primary_key) != 1:
        return ["--percent picks users, and there is no table users with a primary key of one column; copy the whole"]
    return []


class Sample:
    """Draws one sample. Working tables live as long as the context `working`."""

    def __init__(self, schema: str, tables: list[LegacyTable], links: tuple[Link, ...], percent: float, key: bytes):
        self._schema, self._percent = schema, percent
        # Derived, for it travels to the server: it tells who is in the sample, and unmasks nobody.
        self._key = hmac.new(key, b"sample", hashlib.sha256).hexdigest()
        self.sampled = hanging(links)
        self._skeletons = {
            table.name: Skeleton(table, f"{PREFIX}of_{n}")
            for n, table in enumerate(tables)
            if table.name in self.sampled
        }
        inside = [link for link in links if link.table in self._skeletons and link.to in self._skeletons]
        self._edges = [self._edge(link) for link in inside]

    def draw(self, conn: psycopg.Connection, sessions: Pool, stop: Stop, run_all: RunAll) -> list[RowSlice]:
        """The picked rows, as parts to be moved. run_all: calls a function with each item, in threads.

        Errors: SourceError, StagingError, Interrupted.
        """
        with blame(StagingError, "drawing the sample", stop), conn.transaction():
            for skeleton in self._skeletons.values():
                self._create(conn, skeleton)
            _close(conn)
        run_all(lambda skeleton: self._read(sessions, stop, skeleton), list(self._skeletons.values()))
        with blame(StagingError, "drawing the sample", stop):
            self._connect(conn)
            self._pick(conn, stop)
            return self._placed(conn)

    def _edge(self, link: Link) -> Edge:
        child, parent = self._skeletons[link.table], self._skeletons[link.to]
        ends = [
            (child.table.shape.column(here), parent.table.shape.column(there))
            for here, there in zip(link.columns, link.to_columns, strict=True)
        ]
        places = []
        for named, sides, texts in (
            (link.columns, ends, child.references),
            (link.to_columns, [(there, here) for here, there in ends], parent.keys),
        ):
            text = _text([normal(column, other) for column, other in sides], named)
            spelled = (named, text.as_string(None))
            texts.setdefault(spelled, text)
            places.append(list(texts).index(spelled))
        return Edge(link, *places)

    def _create(self, conn: psycopg.Connection, skeleton: Skeleton) -> None:
        names = [f"k{n}" for n in range(len(skeleton.keys))] + [f"r{n}" for n in range(len(skeleton.references))]
        texts = sql.SQL("").join(sql.SQL(", {} text").format(sql.Identifier(name)) for name in names)
        conn.execute(
            sql.SQL(
                "create unlogged table {} (number bigint not null default nextval('nxtgauge_staging.sample_numbers'), "
                "leaf integer not null, place tid not null, own text{})"
            ).format(self._work(skeleton), texts)
        )

    def _read(self, sessions: Pool, stop: Stop, skeleton: Skeleton) -> None:
        """Copy the skeleton of each leaf."""
        texts = [*skeleton.keys.values(), *skeleton.references.values()]
        names = ["leaf", "place", "own", *(f"k{n}" for n in range(len(skeleton.keys))),
                 *(f"r{n}" for n in range(len(skeleton.references)))]  # fmt: skip
        into = sql.SQL("copy {} ({}) from stdin (format binary)").format(
            self._work(skeleton), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        for number, (leaf, *_) in enumerate(rows.leaves(skeleton.table, self._schema)):
            out = sql.SQL("copy (select {}::integer, t.ctid, {} from only {} as t) to stdout (format binary)").format(
                sql.Literal(number), sql.SQL(", ").join([self._own(skeleton), *texts]), sql.Identifier(*leaf)
            )
            with (
                sessions.lend("source") as source,
                sessions.lend("staging") as staging,
                blame(StagingError, f"reading the skeleton of {skeleton.table.name}", stop),
                staging.cursor() as cursor,
                cursor.copy(into) as sink,
            ):
                pump.pump(sessions.throttle, source, skeleton.table.name, out, sink)

    def _own(self, skeleton: Skeleton) -> sql.Composable:
        """What a row is chosen by where nothing else decides: its key, or where there is none its place."""
        shape = skeleton.table.shape
        if not shape.primary_key:
            return sql.SQL(CTID)
        columns = [shape.column(name) for name in shape.primary_key]
        return _text([normal(column, column) for column in columns], shape.primary_key)

    def _connect(self, conn: psycopg.Connection) -> None:
        """All edges between rows; a row that names itself hangs on nobody."""
        works = sql.SQL(", ").join(map(self._work, self._skeletons.values()))
        conn.execute(sql.SQL("analyze {}").format(works))
        for edge in self._edges:
            child, parent = self._skeletons[edge.link.table], self._skeletons[edge.link.to]
            query = sql.SQL(
                "insert into nxtgauge_staging.sample_edges select c.number, p.number, {} "
                "from {} c join {} p on p.{} = c.{} where p.number <> c.number"
            ).format(
                sql.Literal(edge.link.table != USERS),
                self._work(child),
                self._work(parent),
                sql.Identifier(f"k{edge.key}"),
                sql.Identifier(f"r{edge.reference}"),
            )
            conn.execute(query)
        conn.execute("create index on nxtgauge_staging.sample_edges (parent) where is_down")
        conn.execute("create index on nxtgauge_staging.sample_edges (child)")
        conn.execute("analyze nxtgauge_staging.sample_edges")
        for skeleton in self._skeletons.values():
            self._find_roots(conn, skeleton)

    def _find_roots(self, conn: psycopg.Connection, skeleton: Skeleton) -> None:
        """Rows that hang on nobody; references to users first, for rows of one lost user should stay together."""
        name = skeleton.table.name
        values: list[sql.Composable] = [sql.SQL("t.own")]
        if name != USERS:
            ends = {edge.reference: edge.link.to for edge in self._edges if edge.link.table == name}
            order = sorted(ends, key=lambda place: (ends[place] != USERS, place))
            values = [*(sql.SQL("t.{}").format(sql.Identifier(f"r{place}")) for place in order), *values]
        conn.execute(
            sql.SQL(
                "insert into nxtgauge_staging.sample_roots select t.number, coalesce({}) from {} t where not exists "
                "(select from nxtgauge_staging.sample_edges e where e.child = t.number and e.is_down)"
            ).format(sql.SQL(", ").join(values), self._work(skeleton))
        )

    def _pick(self, conn: psycopg.Connection, stop: Stop) -> None:
        if self._has_circles():
            self._walk(conn, stop, "select number, 0 from nxtgauge_staging.sample_roots", {})
            for skeleton in self._skeletons.values():
                conn.execute(
                    sql.SQL(
                        "insert into nxtgauge_staging.sample_roots select t.number, t.own from {} t where not exists "
                        "(select from nxtgauge_staging.sample_reached r where r.number = t.number)"
                    ).format(self._work(skeleton))
                )
            conn.execute("truncate nxtgauge_staging.sample_reached")
        self._walk(conn, stop, CHOSEN, {"key": self._key, "below": int(self._percent / 100 * 2**32)})
        self._climb(conn, stop)

    def _has_circles(self) -> bool:
        """Whether rows may hang on each other and on nobody else."""
        graph: dict[str, set[str]] = {}
        for edge in self._edges:
            if edge.link.table != USERS:
                graph.setdefault(edge.link.table, set()).add(edge.link.to)
        try:
            TopologicalSorter(graph).prepare()
        except CycleError:
            return True
        return any(table in parents for table, parents in graph.items())

    def _walk(self, conn: psycopg.Connection, stop: Stop, start: str, values: dict[str, Any]) -> None:
        """From where `start` says, downwards, to the end."""
        conn.execute(sql.SQL("insert into nxtgauge_staging.sample_reached {}").format(sql.SQL(start)), values)
        conn.execute("analyze nxtgauge_staging.sample_reached")
        number = 0
        while conn.execute(DOWN, {"round": number}).rowcount:
            stop.check()
            number += 1

    def _climb(self, conn: psycopg.Connection, stop: Stop) -> None:
        """From all that is picked, upwards."""
        conn.execute("update nxtgauge_staging.sample_reached set round = -1")
        conn.execute("analyze nxtgauge_staging.sample_reached")
        number = -1
        while conn.execute(UP, {"round": number}).rowcount:
            stop.check()
            number += 1

    def _placed(self, conn: psycopg.Connection) -> list[RowSlice]:
        found = []
        for skeleton in self._skeletons.values():
            name = skeleton.table.name
            query = sql.SQL(PLACES).format(self._work(skeleton))
            conn.execute(query, {"table": name, "size": BATCH_ROWS})
        conn.execute("create index on nxtgauge_staging.sample_places (table_name, leaf, batch)")
        conn.execute("analyze nxtgauge_staging.sample_places")
        counted = "select table_name, leaf, max(batch), count(*) from nxtgauge_staging.sample_places group by 1, 2"
        for name, number, last, count in conn.execute(counted):
            found += self._parts(self._skeletons[name].table, number, last, count)
        return found

    def _parts(self, table: LegacyTable, number: int, last: int, count: int) -> list[RowSlice]:
        leaf = rows.leaves(table, self._schema)[number][0]
        if not table.shape.primary_key:  # in one go, for the rows' order
            return [RowSlice(table.name, leaf, batches=(number, 0, last), rows=count)]
        rest = count - last * BATCH_ROWS
        return [
            RowSlice(table.name, leaf, batches=(number, n, n), rows=BATCH_ROWS if n < last else rest)
            for n in range(last + 1)
        ]

    @staticmethod
    def _work(skeleton: Skeleton) -> sql.Identifier:
        return sql.Identifier(BOOKS, skeleton.work)


def normal(column: Column, other: Column) -> sql.Composable:
    """The column's value as a text that equals the other's where one names the other, whatever their types."""
    shown = sql.SQL(as_text(column))
    if column.base != other.base and (common := _common({column.base, other.base})):
        return sql.SQL(common.format(plain(column)))
    if "citext" in (column.base, other.base):
        return sql.SQL("lower({})").format(shown)
    if column.base == "numeric":
        return sql.SQL(text(f"trim_scale({plain(column)})"))
    if column.base not in TEXTUAL:
        return shown
    pattern, kind = (NUMBER_TEXT, "numeric") if other.base in NUMBERS else (UUID_TEXT, "uuid")
    read = sql.SQL(f"concat({parsed(as_text(column), kind)})")
    return sql.SQL("case when {0} ~* {1} then {2} else {0} end").format(shown, sql.Literal(pattern), read)


def _common(bases: set[str]) -> str | None:
    """How values of two types that compare as one are spelled alike; None where they do not, or are anyhow."""
    if bases <= {*NUMBERS, *FLOATS} and bases & FLOATS:
        return text("{0}::float8 + 0")  # + 0, for -0 is 0
    if bases <= NUMBERS:
        return text("trim_scale({0}::numeric)")
    if bases <= TIMES:
        return text("{0}::timestamptz" if "timestamptz" in bases else "{0}::timestamp")
    return text("{0}::inet") if bases == {"inet", "cidr"} else None


def _text(texts: list[sql.Composable], named: tuple[str, ...]) -> sql.Composable:
    """One text of one value or several; null where any of them is."""
    if len(texts) == 1:
        return texts[0]
    columns = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in named)
    array = sql.SQL(", ").join(texts)
    return sql.SQL("case when num_nulls({}) = 0 then concat(jsonb_build_array({})) end").format(columns, array)


@contextlib.contextmanager
def working(conn: psycopg.Connection) -> Iterator[None]:
    """The working tables, for as long as the block runs; what a dead process left behind is dropped first."""
    with blame(StagingError, "making the sample's working tables"):
        clear(conn)
        conn.execute(WORK)
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):
            clear(conn)


def _close(conn: psycopg.Connection) -> None:
    """Take the working tables from all but their owner, whatever default privileges gave; leave the books alone."""
    (oid,) = fetch.one(conn, "select oid from pg_namespace where nspname = %s", [BOOKS])
    kept = [name for name in privileges.read(conn, oid).objects if not (name[1] or "").startswith(PREFIX)]
    privileges.close(conn, oid, [("schema", None), *kept])


def clear(conn: psycopg.Connection) -> None:
    for name, kind in conn.execute(WORKING).fetchall():
        what = sql.SQL("sequence" if kind == "S" else "table")
        conn.execute(sql.SQL("drop {} {}").format(what, sql.SQL(name)))
