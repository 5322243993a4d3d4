"""All lookups, by the names under which the mapping calls them: asked once per run, and for each chunk."""

from collections.abc import Collection

import pandas as pd
import psycopg
from psycopg import sql

from config.errors import SourceError, TargetError
from engine.chunks.work import Work
from engine.load.domains import audit, finance, identity, profiles, verification
from engine.load.lookup import Asking, Lookup, lay_out, table_of, with_all_columns
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
                    work.frames |= lay_out(work, source, target, name, [long])


def drop(work: Work, target: psycopg.Connection) -> None:
    """Remove the tables that were laid out."""
    for name, lookup in LOOKUPS.items():
        if lookup.is_laid_out:
            target.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(work.schema, table_of(name))))
