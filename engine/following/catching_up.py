"""A finished build whose run is resumed after its source has changed: one round has it show the source as it is now.

Law: afterwards it is as if it had been made so. It follows nothing, unless it did before; who has approved or rejected
it has decided of another.
"""

import psycopg

from engine.books import bookkeeping
from engine.changes import rounds
from engine.chunks.pauses import Pauses
from engine.chunks.work import Work
from engine.following import books
from engine.following.round import Anew, Round
from engine.gates import approval
from engine.session.execution import Watch, Workers


def catch_up(work: Work, conn: psycopg.Connection, workers: Workers, watch: Watch, pauses: Pauses) -> str:
    """Why the build has to be made anew; '' once it shows the run's snapshot. Errors: those of a round."""
    follows = rounds.last(conn, work.run_id) is not None
    try:
        told = Round(work, conn, workers, watch, pauses, is_recorded=follows).run()
    except Anew as why:
        books.forget_delta(conn, work.run_id)
        return str(why)
    approval.withdraw(conn, work.run_id, bookkeeping.build(conn, work.run_id).schema_oid)
    changed = told.inserted + told.updated + told.deleted
    watch.message(
        f"{sum(told.read.values()):,} rows were read again, and {changed:,} of the build changed; all others stay"
    )
    return ""
