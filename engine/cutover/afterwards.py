"""What is left to do once a cut-over has published: what was written to the source after it, and a fence that was never
made, because the process died between publish and fence."""

from collections.abc import Callable

from config.errors import TargetError
from config.settings import Settings
from engine.books import bookkeeping, cutovers
from engine.changes import rounds
from engine.cutover import silence
from engine.cutover.lock import Locked
from engine.session import connect
from engine.session.blame import blame
from engine.session.stop import STOP

FENCED = "fenced"  # the step, by which is known of a run that its cut-over has come to its end
Late = tuple[tuple[str, int], ...]  # legacy table, writes


def late_writes(settings: Settings, tell: Callable[[str], object], run_id: str, lock: Locked | None) -> Late:
    """What was written to the source after the last round's snapshot. Errors: SourceError, if that is not known."""
    with connect.target(settings.target) as conn, blame(TargetError, "reading the rounds", STOP):
        last = rounds.last(conn, run_id)
    if last is None:
        raise LookupError(f"run {run_id} was cut over without a round")
    binding = lock.binding if lock else None
    schema = binding.retired if binding and binding.retired else settings.source_schema
    with connect.source(settings.source, STOP) as source:
        found = silence.late(source, schema, last.reached)
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
