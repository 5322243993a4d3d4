"""A run that is published, and whose process died before all was done: it is finished, and no other run begins.

Laws
- Asked for by its id, the run that is live is done; one that another has replaced is refused as any that has ended
  (engine.start.begin). `--resume` takes up the latest if its last work, the statistics, is missing; of a run that has
  ended, a new one follows.
- What is live is only looked at and sampled: nobody publishes it a second time.
"""

import psycopg

from config.settings import Settings
from engine.books import bookkeeping
from engine.books.bookkeeping import Run
from engine.load import statistics
from engine.publish import publish
from engine.session.stop import STOP
from engine.start.options import Options

DONE = "statistics"  # the step that ends a run


class AlreadyPublished(Exception):
    """There is nothing to begin."""

    def __init__(self, run: Run):
        super().__init__(f"run {run.run_id} is published already")
        self.run = run


def refuse(conn: psycopg.Connection, settings: Settings, options: Options) -> None:
    """Errors: AlreadyPublished, once the run that is asked for has been finished."""
    if options.dry_run or not (options.run_id or options.resume) or bookkeeping.faults(conn):
        return
    if found := _asked_for(conn, settings, options):
        if DONE not in bookkeeping.done_steps(conn, found.run_id):
            _finish(conn, settings, found)
        raise AlreadyPublished(found)


def _asked_for(conn: psycopg.Connection, settings: Settings, options: Options) -> Run | None:
    places = (settings.source_schema, settings.target_schema)
    kin = [
        run for run in bookkeeping.runs(conn) if not run.dry_run and (run.source_schema, run.target_schema) == places
    ]
    if options.run_id:
        kin = [run for run in kin if run.run_id == options.run_id]
    if not kin or kin[0].state != "published" or not _is_live(conn, kin[0]):
        return None
    return kin[0] if options.run_id or _died(bookkeeping.done_steps(conn, kin[0].run_id)) else None


def _is_live(conn: psycopg.Connection, run: Run) -> bool:
    live = bookkeeping.schemas(conn).get(run.target_schema)
    return live is not None and live.run_id == run.run_id


def _died(steps: set[str]) -> bool:
    """Of what an older program published nobody can tell."""
    return publish.DONE in steps and DONE not in steps


def _finish(conn: psycopg.Connection, settings: Settings, run: Run) -> None:
    schemas = (run.target_schema, publish.ARCHIVE)
    path = (run.target_schema, settings.extension_schema)
    statistics.sample(conn, statistics.tables(conn, schemas, STOP), path, STOP)
    bookkeeping.mark_done(conn, run.run_id, DONE)
