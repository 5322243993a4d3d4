"""The copy lane: COPY out of the source piped into COPY in of the target, never decoded.

Laws
- Both sides are binary and their types equal; whatever differs is cast in the SELECT. A table with a type that has no
  binary form (isbn, seg, aclitem, and types made of these) goes as text.
- The chunk's rows, those of it that are refused, and its ledger row are one transaction in the target.
- COPY says of one row at a time that it is refused. Parts with such rows are loaded as frames, where whole columns are
  asked for what is refused of them.
"""

import time
from dataclasses import replace

import psycopg
from psycopg import sql

from config.errors import MigrateError, SourceError, TargetError
from engine.chunks import culprits, ledger
from engine.chunks.culprits import Refused
from engine.chunks.pump import pump
from engine.chunks.work import Chunk, Part, Work, pages_of, select
from engine.load import frames, loading, refusals
from engine.planning.draft import as_freight
from engine.planning.plan import HIDDEN, Item, Route
from engine.planning.tables.reshaped import ORIGIN
from engine.reflect.catalog import LegacyTable, search_path
from engine.reflect.select_list import plain
from engine.session import fetch
from engine.session.blame import blame

MOST_COLUMNS = 1600  # of a table, PostgreSQL's own limit
FREEZABLE_PAGES = 64  # a new file costs some milliseconds
HEAVY = 4  # times what a chunk of the frame lane holds if long values are spread evenly


def move(work: Work, chunk: Chunk) -> ledger.Counts:
    """Copy one chunk. Errors: SourceError, TargetError, Interrupted; all of them roll the chunk back."""
    started, route = time.monotonic(), work.route(chunk.route)
    with (
        work.sessions.lend("source") as source,
        work.sessions.lend("target") as target,
        blame(TargetError, f"loading {route.legacy_table}", work.stop),
        target.transaction(),
    ):
        counts = _sifted(work, route, chunk, source, target)
        ledger.record(target, work, chunk, counts, time.monotonic() - started)
    return counts


def _sifted(
    work: Work, route: Route, chunk: Chunk, source: psycopg.Connection, target: psycopg.Connection
) -> ledger.Counts:
    """Copy what can be copied of the chunk; small parts that are refused go as frames, or are halved to their rows."""
    table, framed, counts = work.plan.table(route.legacy_table).legacy, as_frame(work, route), ledger.Counts()
    copied: list[ledger.Counts] = []

    def smaller(part: Part) -> list[Part]:
        is_held = framed and _is_small(work, table, part) and _is_light(work, route, part, source)
        return [] if is_held else culprits.halves(source, work, table, part)

    found = culprits.sift(
        chunk.part,
        lambda part: copied.append(_copy(work, route, part, source, target, is_whole=_is_whole(work, route, part))),
        smaller,
    )
    for part, error in found:
        if framed:
            moved, refused = _as_frame(work, framed, part, target)
        else:
            moved, refused = ledger.Counts(rows_read=1), [_refused(work, route, table, part, error, source)]
        refusals.write(work, route, source, target, refused)
        counts += moved + ledger.Counts(rejected=len(refused) if route.is_accounted else 0)
    return sum(copied, counts)


def as_frame(work: Work, route: Route) -> Route | None:
    """The same motion in the frame lane; None where it would not come to the same."""
    if route.is_archive:  # which has no shape of its own
        return None
    shape, given = work.plan.shape(route.targets[0]), {item.name for item in route.items}
    if any(c.default and not c.generated and c.name not in given for c in shape.columns):
        return None  # what COPY gives its default would be null in a frame
    legacy = work.plan.table(route.legacy_table).legacy.shape
    items = {item.name: as_freight(legacy, item) for item in route.items}
    pairs = tuple((name, name) for name in items if name != HIDDEN)
    if len(pairs) == MOST_COLUMNS:  # its temporary table has the origins beside them
        return None
    return replace(route, items=tuple({**items, HIDDEN: ORIGIN}.values()), freight=((shape.name, pairs),))


def _is_small(work: Work, table: LegacyTable, part: Part) -> bool:
    """Whether the part's rows may be held at once."""
    is_root = bool(table.leaves) and part.oid is None
    end = part.end or next((leaf.pages for leaf in table.leaves if leaf.oid == part.oid), table.pages)
    return bool(part.tids) or (not is_root and end - part.first <= pages_of(table, work.settings.frame_chunk_bytes))


def _is_light(work: Work, route: Route, part: Part, source: psycopg.Connection) -> bool:
    """Whether its long values may be held, too: they may all lie in a few rows of the table."""
    table = work.plan.table(route.legacy_table).legacy
    if not table.toast_pages:
        return True
    sizes = [f"coalesce(pg_catalog.sum(pg_catalog.pg_column_size({plain(c)})), 0)" for c in table.shape.columns]
    asked = replace(route, items=(Item("size", " + ".join(["0", *sizes]), "int8"),))
    try:
        with culprits.trying(source), blame(SourceError, f"reading {route.legacy_table}", work.stop):
            size = fetch.value(int, source, select(asked, part))
    except SourceError as error:  # of a row that is damaged
        if not culprits.is_of_a_value(error):
            raise
        return False
    return size <= HEAVY * work.settings.frame_chunk_bytes


def _as_frame(work: Work, framed: Route, part: Part, target: psycopg.Connection) -> tuple[ledger.Counts, list[Refused]]:
    """Load a part that COPY is refused for some of its rows; what was read of it, and these."""
    with work.sessions.lend("adbc_source") as source:
        table, unread = frames.read(work, framed, part, source)
    work.sessions.throttle.spend(table.nbytes)
    with blame(TargetError, f"loading {framed.legacy_table}", work.stop), search_path(target, *work.path):
        refused = loading.load_copied(work, framed, table, target)
    return ledger.Counts(rows_read=table.num_rows + len(unread), bytes=table.nbytes), [*unread, *refused]


def _is_whole(work: Work, route: Route, part: Part) -> bool:
    """Whether the part is all that its table will be loaded with, and long enough for that to matter."""
    if part != Part() or work.plan.table(route.legacy_table).legacy.pages < FREEZABLE_PAGES:
        return False
    feeding = [r for r in work.plan.routes if set(r.targets) & set(route.targets) and r.is_archive == route.is_archive]
    return len(feeding) == 1


def _copy(
    work: Work, route: Route, part: Part, source: psycopg.Connection, target: psycopg.Connection, is_whole: bool
) -> ledger.Counts:
    """Rows and bytes that were copied."""
    schema = work.archive_schema if route.is_archive else work.schema
    columns = sql.SQL(", ").join(sql.Identifier(item.name) for item in route.items)
    form, name = _form(work, route), sql.Identifier(schema, route.targets[0])
    out = f"copy ({select(route, part)}) to stdout (format {form})"
    with (
        blame(TargetError, f"loading {route.legacy_table}", work.stop),
        culprits.trying(source, target),
        search_path(target, *work.path),  # for functions of generated columns
        target.cursor() as cursor,
    ):
        freezes = is_whole and _empties(target, name)
        options = sql.SQL(f"format {form}, freeze {freezes}")
        with cursor.copy(sql.SQL("copy {} ({}) from stdin ({})").format(name, columns, options)) as sink:
            size = pump(work.sessions.throttle, source, route.legacy_table, out, sink)
        return ledger.Counts(rows_read=cursor.rowcount, bytes=size)


def _empties(target: psycopg.Connection, name: sql.Identifier) -> bool:
    """Gives an empty table a new file in this transaction, so that its rows may be written frozen; False for any other.

    A row that is written frozen is not written again when it is first read, nor, where pages have checksums, into the
    log as a whole page.
    """
    if fetch.value(bool, target, sql.SQL("select exists (select from {})").format(name)):
        return False
    target.execute(sql.SQL("truncate {}").format(name))
    return True


def _refused(
    work: Work, route: Route, table: LegacyTable, part: Part, error: MigrateError, source: psycopg.Connection
) -> Refused:
    """The part's only row, and the column that is to blame."""
    column = error.column
    if isinstance(error, SourceError):
        column = culprits.unreadable_column(work, route, part, source)
    return Refused(culprits.origin_of(table, part), route.targets[0], column, error.sqlstate)


def _form(work: Work, route: Route) -> str:
    """COPY's format for the route's columns, hidden ones aside, which are text."""
    shape = work.plan.table(route.legacy_table).legacy.shape
    columns = filter(None, (shape.find_column(item.name) for item in route.items))
    return "binary" if all(column.is_binary for column in columns) else "text"
