"""All lookups, by the names under which the mapping calls them: asked once per run, and for each chunk."""

from collections.abc import Collection

import pandas as pd
import psycopg
from psycopg import sql

from config.errors import SourceError, TargetError
from engine.chunks.work import Work
from engine.load.domains import audit, finance, identity, profiles, verification
from engine.load.lookup import Asking, Long, Lookup, table_of, with_all_columns
from engine.load.stream import pump
from engine.planning.plan import Route
from engine.session.blame import blame

LOOKUPS: dict[str, Lookup] = {
    name: lookup
    for domain in (identity, profiles, verification, finance, audit)
    for name, lookup in domain.LOOKUPS.items()
}


def find(work: Work, route: Route, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The route's lookups for these rows (ids as the legacy rows have them)."""
    asking = Asking(work, route, with_all_columns(rows, route))
    return {name: asking(LOOKUPS[name].find) for name in route.lookups}


def prepare(work: Work, names: Collection[str] = LOOKUPS.keys()) -> None:
    """Ask the source, once per run, for what transforms need of whole tables. names: of the lookups that are needed."""
    with work.sessions.lend("source") as source, blame(SourceError, "asking for lookups", work.stop):
        for lookup in (LOOKUPS[name] for name in names):
            work.frames |= lookup.prepare(work, source) if lookup.prepare else {}
        with work.sessions.lend("target") as target, blame(TargetError, "laying out lookups", work.stop):
            for name, lookup in LOOKUPS.items():
                if name in names and (long := lookup.long and lookup.long(work)):
                    _lay_out(work, source, target, name, long)
                    work.frames[table_of(name)] = pd.DataFrame(long.parents, columns=["column", "parent"])


def _lay_out(work: Work, source: psycopg.Connection, target: psycopg.Connection, name: str, long: Long) -> None:
    """Copy the answer into a table of the build schema, indexed by its first column."""
    table, columns = sql.Identifier(work.schema, table_of(name)), LOOKUPS[name].columns
    with target.transaction():
        target.execute(sql.SQL("drop table if exists {}").format(table))
        declared = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(c)) for c in columns)
        target.execute(sql.SQL("create unlogged table {} ({})").format(table, declared))
        with target.cursor().copy(sql.SQL("copy {} from stdin (format binary)").format(table)) as sink:
            pump(work.sessions.throttle, source, name, f"copy ({long.query}) to stdout (format binary)", sink)
        target.execute(sql.SQL("create index on {} ({})").format(table, sql.Identifier(columns[0])))
    target.execute(sql.SQL("analyze {}").format(table))


def drop(work: Work, target: psycopg.Connection) -> None:
    """Remove the tables that `prepare` laid out."""
    for name, lookup in LOOKUPS.items():
        if lookup.long:
            target.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(work.schema, table_of(name))))
