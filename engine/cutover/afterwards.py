"""What is left to do once a cut-over has published: what was written to the source after it, and a fence that was never
made, because the process died between publish and fence."""

import contextlib
from collections.abc import Callable, Iterator

from config.errors import MigrateError, SourceError, TargetError
from config.settings import RETIRED, Settings
from engine.books import bookkeeping, cutovers
from engine.changes import rounds
from engine.cutover import silence
from engine.cutover.lock import Locked
from engine.session import connect
from engine.session.blame import blame
from engine.session.stop import STOP

FENCED = "fenced"  # the step, by which is known of a run that its cut-over has come to its end
SCHEMAS = "select nspname::text from pg_namespace where nspname = any(%s)"
Late = tuple[tuple[str, int], ...]  # legacy table, writes


@contextlib.contextmanager
def said(run_id: str, lock: Locked, is_one: bool) -> Iterator[None]:
    """An error in the block, which commits the fence, says that the run is published already, and what is to be done.

    is_one: publish and fence are one transaction, so that neither is there without the other."""
    try:
        yield
    except MigrateError as error:
        if not is_one:
            why = str(error) if lock.left > 0 else "the time that writers may wait was over"
            error.args = (
                f"run {run_id} is published, and its fence was not made, so that the old application may write to the "
                f"source ({why}); `nxtgauge-migrate cutover --run {run_id}` makes it, and tells what was written",
            )
            lock.is_published = True
        raise


def retired(settings: Settings) -> str:
    """What the source's schema is called since a fence has renamed it; '' where none has. Errors: SourceError."""
    name = settings.source_schema + RETIRED
    with connect.source(settings.source, STOP) as source, blame(SourceError, "looking at the source", STOP):
        found = {each for (each,) in source.execute(SCHEMAS, [[settings.source_schema, name]])}
    return name if found == {name} else ""


def late_writes(settings: Settings, tell: Callable[[str], object], run_id: str, schema: str = "") -> Late:
    """What was written to the source after the last round's snapshot. schema: as the source's is called now, if that is
    another name. Errors: SourceError, if that is not known."""
    with connect.target(settings.target) as conn, blame(TargetError, "reading the rounds"):
        last = rounds.last(conn, run_id)
    if last is None:
        raise LookupError(f"run {run_id} was cut over without a round")
    with connect.source(settings.source) as source:
        found = silence.late(source, schema or settings.source_schema, last.reached)
    for one in found:
        tell(f"written to the source after the fence: {one}")
    return tuple((one.table, one.rows) for one in found)


def unfinished(settings: Settings, run_id: str | None) -> str | None:
    """The live run, if it was cut over and its fence was never made. run_id: None for any."""
    with connect.target(settings.target, STOP) as conn, blame(TargetError, "looking at the books", STOP):
        live = [
            schema.run_id
            for schema in bookkeeping.schemas(conn).values()
            if (schema.kind, schema.role, schema.target_schema) == ("product", "live", settings.target_schema)
        ]
        if not live or run_id not in (None, live[0]) or FENCED in bookkeeping.done_steps(conn, live[0]):
            return None
        return live[0] if any(a.outcome == cutovers.PUBLISHED for a in cutovers.of_run(conn, live[0])) else None
