"""The fence of a cut-over: writers of the source are locked out, for a moment, and then for good.

Laws
- A writer meets no error for as long as the lock is held: he waits. If nothing comes of it he goes on, and nothing has
  happened.
- Whatever was acknowledged before the lock was had is seen by a snapshot that is taken after it.
- The lock never outlives its budget: the server itself ends it (engine.cutover.timer), whatever became of this process.
"""

import contextlib
from collections.abc import Collection, Iterator

import psycopg

from config.errors import Interrupted, MigrateError, SourceError, TargetError
from config.settings import Settings
from engine.cutover import timer
from engine.cutover.asking import Asking
from engine.cutover.lock import Locked, Place
from engine.cutover.preflight import faults
from engine.session import connect
from engine.session.stop import Stop

__all__ = ["Locked", "faults", "locked"]

WAIT_SECONDS = 30.0


@contextlib.contextmanager
def locked(
    settings: Settings,
    stop: Stop,
    budget: float,
    *,
    wait: float = WAIT_SECONDS,
    terminate_after: float | None = None,
    tables: Collection[str] | None = None,
    session: psycopg.Connection | None = None,
) -> Iterator[Locked]:
    """Within the block writers of the source's schema wait; without a commit they go on at its end.

    budget: seconds for which they wait at most; the server sees to it. wait: seconds for which the lock is asked for.
    terminate_after: seconds after which transactions that hold out are ended. tables: names, where not all of the
    schema are meant. session: where source and target are one database, a session of the target's role in a transaction
    that is READ COMMITTED; this block ends it then, by commit() or by a rollback.

    Errors: SourceError (TargetError of a session that was given), Interrupted. If the lock was not had, sqlstate is
    55P03, and a transaction that was given is as it was.
    """
    place = _place(settings, stop, is_given=session is not None)
    with contextlib.ExitStack() as stack:
        watch = stack.enter_context(timer.ready(place.opened(), place.kind))
        conn = session or stack.enter_context(connect.fence(settings.fence, stop))
        asking = Asking(conn, place, settings.source_schema, tables, budget, is_given=session is not None)
        lock = asking.until_had(wait, terminate_after, watch)
        try:
            yield lock
        except (psycopg.Error, MigrateError) as error:
            if lock.left > 0 or lock.is_committed or lock.is_published or isinstance(error, Interrupted):
                raise
            raise lock.over() from error
        finally:
            if not lock.is_committed and lock.left > 0:  # else the server has done it, or does; it need not be asked
                with contextlib.suppress(psycopg.Error):
                    conn.execute("rollback")


def _place(settings: Settings, stop: Stop, *, is_given: bool) -> Place:
    connection = settings.target if is_given else settings.fence
    if is_given:
        return Place(TargetError, stop, lambda: connect.target(connection, Stop()))
    return Place(SourceError, stop, lambda: connect.fence(connection, Stop()))
