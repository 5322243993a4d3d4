"""One lookup: what a transform must know beyond its own rows, as a small frame of text.

Laws
- A lookup is restricted to what the chunk's rows ask for. What is asked once per run holds exceptions alone (ids
  claimed twice, users with several professionals, rejected profiles), so that it does not grow with the tables.
- A lookup of legacy rows asks the source once, in the run's snapshot; one that depends on earlier waves asks the build
  schema, for each chunk.
- Keys are compared as the legacy database spells them and handed on as the target does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import sql

from config.errors import TargetError
from config.postgres.quoting import quoted
from config.postgres.types import UUID_TEXT
from engine.chunks.work import Work
from engine.planning.ids import hyphened, is_uuid
from engine.planning.plan import Route
from engine.planning.tables.reshaped import RULE
from engine.reflect.catalog import LegacyTable
from engine.session.blame import blame
from transforms import steps
from transforms.outcome import TEXT, empty

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

    parents: (column, legacy table) of those of its columns whose ids are derived.
    """

    query: str
    parents: list[tuple[str, str]]


@dataclass(frozen=True)
class Lookup:
    """find: for a chunk's rows. prepare: its frames for the whole run, by their names.

    long: what is laid out, in these columns; it gives None where the source has nothing to ask.
    """

    find: Find
    prepare: Prepare | None = None
    long: Callable[[Work], Long | None] | None = None
    columns: Sequence[str] = ()


def prepared(name: str, columns: list[str], prepare: Prepare | None = None) -> Lookup:
    """One whose frame is the same for all chunks of the run, or of one legacy table (`name:table`)."""

    def find(asking: Asking) -> pd.DataFrame:
        frames = asking.work.frames
        frame = frames.get(f"{name}:{asking.route.legacy_table}", frames.get(name))
        return empty(columns) if frame is None else frame

    return Lookup(find, prepare)


def laid_out(
    name: str, columns: list[str], keys: Callable[[pd.DataFrame], pd.Series], long: Callable[[Work], Long | None]
) -> Lookup:
    """One that is laid out in the build schema. keys: what a chunk's rows ask its first column for."""

    def find(asking: Asking) -> pd.DataFrame:
        work = asking.work
        if table_of(name) not in work.frames:
            return empty(columns)
        query = sql.SQL("select {} from {} where {} = any ($1::text[])").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.Identifier(work.schema, table_of(name)),
            sql.Identifier(columns[0]),
        )
        return _handed_on(work, name, asked(work, query, columns, keys(asking.rows)))

    return Lookup(find, None, long, columns)


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
