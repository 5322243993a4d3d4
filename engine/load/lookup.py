"""One lookup: what a transform must know beyond its own rows, as a small frame of text.

Laws
- A lookup is restricted to what the chunk's rows ask for. What may be as long as a table, or as the dirt in it, is laid
  out in the build schema, and asked there for each chunk, so that memory does not grow with either. Frames for the
  whole run hold roles and gateways alone.
- A lookup of legacy rows asks the source once, in the run's snapshot; one that depends on earlier waves asks the build
  schema, for each chunk.
- Keys are compared as the legacy database spells them and handed on as the target does.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import sql

from config.errors import TargetError
from config.postgres.quoting import quoted
from config.postgres.types import UUID_TEXT
from engine.chunks.pump import pump
from engine.chunks.work import Work
from engine.planning.ids import hyphened, is_uuid
from engine.planning.plan import Route
from engine.planning.tables.reshaped import RULE
from engine.reflect.catalog import LegacyTable
from engine.session.blame import blame
from transforms import steps
from transforms.outcome import TEXT, empty

IDS = ["id", "legacy_table"]
Find = Callable[["Asking"], pd.DataFrame]
Prepare = Callable[[Work, psycopg.Connection], dict[str, pd.DataFrame]]


@dataclass
class Asking:
    """The rows of one chunk, which ask; each lookup answers them once.

    rows: every rule column of the route, ids as the legacy rows have them.
    """

    work: Work
    route: Route
    rows: pd.DataFrame
    answers: dict[Find, pd.DataFrame] = field(default_factory=dict)

    def __call__(self, find: Find) -> pd.DataFrame:
        if find not in self.answers:
            self.answers[find] = find(self)
        return self.answers[find]


@dataclass(frozen=True)
class Long:
    """A lookup that may be as long as a table: a SELECT in the source, laid out in the build schema for the load.

    columns: what it gives, by name, all of them text. parents: (column, legacy table) of those whose ids are derived.
    """

    columns: Sequence[str]
    query: str
    parents: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Lookup:
    """find: for a chunk's rows. prepare: its frames for the whole run, by their names.

    long: what is laid out; it gives None where the source has nothing to ask. is_laid_out: whether it is, by `long` or
    between the waves.
    """

    find: Find
    prepare: Prepare | None = None
    long: Callable[[Work], Long | None] | None = None
    is_laid_out: bool = False


def prepared(name: str, columns: list[str], prepare: Prepare) -> Lookup:
    """One whose frame is the same for all chunks of the run."""

    def find(asking: Asking) -> pd.DataFrame:
        return asking.work.frames.get(name, empty(columns))

    return Lookup(find, prepare)


def laid_out(
    name: str,
    columns: list[str],
    keys: Callable[[pd.DataFrame], pd.Series],
    long: Callable[[Work], Long | None] | None = None,
) -> Lookup:
    """One that is laid out in the build schema. keys: what a chunk's rows ask its first column for."""
    return Lookup(lambda asking: of_laid_out(asking, name, columns, keys(asking.rows)), None, long, is_laid_out=True)


def ids_of_table(name: str, keys: Callable[[pd.DataFrame], pd.Series], long: Callable[[Work], Long | None]) -> Lookup:
    """The same of ids, each with the legacy table that it is said of: those of the rows' own table."""

    def find(asking: Asking) -> pd.DataFrame:
        found = of_laid_out(asking, name, IDS, keys(asking.rows))
        return found[found["legacy_table"] == asking.route.legacy_table]

    return Lookup(find, None, long, is_laid_out=True)


def of_laid_out(asking: Asking, name: str, columns: list[str], keys: pd.Series) -> pd.DataFrame:
    """The rows of a lookup that is laid out of which the first column is one of the keys; none where nothing was."""
    work = asking.work
    if table_of(name) not in work.frames or not keys.notna().any():
        return empty(columns)
    query = sql.SQL("select {} from {} where {} = any ($1::text[])").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(work.schema, table_of(name)),
        sql.Identifier(columns[0]),
    )
    return _handed_on(work, name, asked(work, query, columns, keys))


def lay_out(
    work: Work,
    source: psycopg.Connection,
    target: psycopg.Connection,
    name: str,
    longs: Iterable[Long],
) -> dict[str, pd.DataFrame]:
    """Copy the answers, of equal columns, into a table of the build schema, indexed by the first column; a frame by
    which chunks know of it. Where there is no answer they need not ask, and no frame says so."""
    table = sql.Identifier(work.schema, table_of(name))
    first: Long | None = None
    with target.transaction(), target.cursor() as cursor:
        cursor.execute(sql.SQL("drop table if exists {}").format(table))
        for long in longs:
            _make(target, table, long.columns)
            with cursor.copy(sql.SQL("copy {} from stdin (format binary)").format(table)) as sink:
                pump(work.sessions.throttle, source, name, f"copy ({long.query}) to stdout (format binary)", sink)
            first = long if first is None and cursor.rowcount else first
        if first is None:
            return {}
        cursor.execute(sql.SQL("create index on {} ({})").format(table, sql.Identifier(first.columns[0])))
        cursor.execute(sql.SQL("analyze {}").format(table))
    return {table_of(name): pd.DataFrame(first.parents, columns=["column", "parent"])}


def _make(target: psycopg.Connection, table: sql.Identifier, columns: Sequence[str]) -> None:
    declared = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in columns)
    target.execute(sql.SQL("create unlogged table if not exists {} ({})").format(table, declared))


def table_of(name: str) -> str:
    """The build schema's table in which a long lookup is laid out."""
    return f"__lookup_{name}"


def _handed_on(work: Work, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Keys as the target spells them: of the column's parent where that one's ids are derived."""
    parents = work.frames[table_of(name)].to_dict("records")
    new = {p["column"]: steps.target_id(frame[p["column"]], p["parent"]) for p in parents}
    return frame.assign(**new)


def in_any_spelling(ids: pd.Series) -> pd.Series:
    """UUIDs in their plain form, other ids as they stand."""
    return steps.first_known(steps.canonical_uuid(ids), ids)


def asked(work: Work, query: sql.Composed, columns: list[str], *keys: pd.Series) -> pd.DataFrame:
    """The query's rows, of the build schema. keys: texts that it knows as $1, $2, …, each an array of text."""
    arrays = {str(place): _array(values) for place, values in enumerate(keys, start=1)}
    with work.sessions.lend("adbc_target") as session, blame(TargetError, "looking up", work.stop):
        with session.cursor() as cursor:
            cursor.execute(query.as_string(None), pa.record_batch(arrays))
            table = cursor.fetch_arrow_table()
        session.rollback()  # which lets go of the tables
    texts = {name: steps.text(table[name].cast(pa.string()), pd.RangeIndex(table.num_rows)) for name in columns}
    return pd.DataFrame(texts)


def _array(keys: pd.Series) -> pa.ListArray:
    """One array of all that there are."""
    known = steps.arrow(keys).unique().drop_null()
    return pa.ListArray.from_arrays(pa.array([0, len(known)], pa.int32()), known)


def asked_source(source: psycopg.Connection, query: str, columns: list[str]) -> pd.DataFrame:
    """The query's rows, of the source."""
    rows = source.execute(query).fetchall()
    return pd.DataFrame(rows, columns=columns).astype(TEXT)


def converted(route: Route, rows: pd.DataFrame, column: str) -> pd.Series:
    """The column as the target spells it."""
    found = next((c for c in route.conversions if c.item == RULE + column), None)
    return steps.target_id(rows[column], found.parent) if found else rows[column]


def with_all_columns(rows: pd.DataFrame, route: Route) -> pd.DataFrame:
    """The rows with every rule column of the route; those that the legacy table lacks are null."""
    missing = [name for name in route.rule_columns if name not in rows]
    return rows.assign(**{name: pd.Series(pd.NA, index=rows.index, dtype=TEXT) for name in missing})


def source_table(work: Work, table: str) -> str:
    """For a FROM clause, under the alias t."""
    return f"{quoted(work.plan.source_schema, table)} as t"


def canonical(work: Work, table: LegacyTable) -> str:
    """The table's id, if it is a UUID, in its plain form."""
    text = work.plan.spelled_as(table.name, "id")
    if is_uuid(table.shape.column("id")):
        return text
    return f"case when {text} ~* '{UUID_TEXT}' then {hyphened(text)} end"
