"""The points of a run at which it can be struck: each is a function of the program, and a side of its call.

Laws
- The program has no line of this. A point is put into a process from outside, and only into one that is armed.
- What a point names is looked up as it is armed: a function that has another name by now is an error that says so.
"""

from dataclasses import dataclass
from typing import Literal

Side = Literal["before", "after", "leaving"]


@dataclass(frozen=True)
class Point:
    """function: module:name or module:Class.name. leaving: of a context manager, before its own end."""

    function: str
    side: Side = "after"


# A run, in its order. What is said beside a point is what stands by then, and what does not.
RUN = {
    "before_run_created": Point("engine.books.bookkeeping:create_run", "before"),
    "after_run_created": Point("engine.books.bookkeeping:create_run"),  # a run without a snapshot or a build
    "after_run_reopened": Point("engine.books.bookkeeping:resume_run"),  # of one that is resumed
    "after_run_cleared": Point("engine.books.bookkeeping:clear_run"),  # of one that begins anew
    "after_builds_dropped": Point("engine.start.begin:drop_builds"),
    "before_snapshot_recorded": Point("engine.books.bookkeeping:set_snapshot", "before"),
    "after_snapshot_recorded": Point("engine.books.bookkeeping:set_snapshot"),
    "within_schema": Point("engine.publish.publish:make_build"),  # its schemas, and no table
    "after_step": Point("engine.load.build:Build._in_transaction"),
    "within_source_count": Point("engine.load.build:Build._count_tables"),  # some tables counted, others not
    "after_empty_tables": Point("engine.load.moving:Move.done_at_once"),
    "before_chunk_commit": Point("engine.chunks.ledger:record"),
    "after_chunk_commit": Point("engine.load.moving:move"),
    "within_wave_end": Point("engine.load.between_waves:after"),
    "before_step_mark": Point("engine.books.bookkeeping:mark_done", "before"),
    "before_step_commit": Point("engine.books.bookkeeping:mark_done"),  # of an atomic step; marked, not committed
    "within_nulling": Point("engine.quarantine.removals:Removals._note_nulled"),
    "before_removal": Point("engine.quarantine.removals:Removals.remove", "before"),
    "within_removal": Point("engine.quarantine.removals:Removals._delete_removed"),  # gone, and not written down
    "after_removal": Point("engine.quarantine.removals:Removals.remove"),
    "within_keys": Point("engine.quarantine.constraints:Constraints.make"),  # made, not committed
    "between_validations": Point("engine.quarantine.constraints:Constraints.validate"),
    "within_constraint": Point("engine.load.build:Build._replay"),
    "between_constraints": Point("engine.load.build:Build._make_group"),
    "within_figures": Point("engine.load.between_waves:record_loaded"),
    "after_own_gates": Point("engine.gates.judgement:judge"),
    "before_seal": Point("engine.gates.seal:put", "before"),
    "after_seal": Point("engine.gates.seal:put"),  # sealed, not judged
    "after_verdict": Point("engine.gates.judgement:audit"),
    "after_built": Point("engine.run:_mark_built"),
    "within_publish": Point("engine.publish.publish:_put_in_place"),  # the product renamed, the archive not
    "before_publish_commit": Point("engine.publish.locks:within", "leaving"),
    "after_publish": Point("engine.publish.publish:publish"),
    "after_statistics": Point("engine.load.statistics:analyze"),
    "before_lease_release": Point("engine.books.lease:giving_back", "leaving"),
}
ROLLBACK = {
    "before_rollback": Point("engine.publish.rollback:take", "before"),
    "within_rollback": Point("engine.publish.rollback:_take_back"),  # the product set aside, the archive not
    "before_rollback_commit": Point("engine.publish.locks:within", "leaving"),
    "after_rollback": Point("engine.publish.rollback:take"),
    "before_rollback_release": Point("engine.books.lease:giving_back", "leaving"),
}
STAGING = {
    "after_copy_begun": Point("engine.staging.refresh:_begun"),
    "within_copy_definitions": Point("engine.staging.structure:restore"),
    "within_copy_rows": Point("engine.staging.rows:Filling.move"),
    "before_copy_count": Point("engine.staging.refresh:_counted", "before"),
    "before_copy_finished": Point("engine.staging.books:finish", "before"),
    "after_copy_finished": Point("engine.staging.books:finish"),
}
# A cut-over, in its order; rounds come by before the lock is had and after it.
CUTOVER = {
    "before_cutover_verified": Point("engine.cutover.cutover:_CutOver._verify_whole", "before"),
    "after_cutover_verified": Point("engine.cutover.cutover:_CutOver._verify_whole"),
    "after_caught_up": Point("engine.cutover.cutover:_CutOver._catch_up"),
    "after_publish_prepared": Point("engine.publish.publish:prepare"),
    "before_cutover_lock_try": Point("engine.cutover.asking:Asking._try", "before"),
    "before_cutover_lock": Point("engine.cutover.asking:Asking._had", "before"),  # writers wait, and nothing keeps time
    "after_cutover_lock": Point("engine.cutover.asking:Asking._had"),
    "after_cutover_step": Point("engine.cutover.waiting:Waiting.step"),
    "after_round_scan": Point("engine.following.round:Round._compared"),
    "after_round_derived": Point("engine.following.round:Round._derived"),
    "within_round_apply": Point("engine.following.apply:place_sequences"),  # applied, not committed
    "after_round_applied": Point("engine.following.round:Round._applied"),
    "before_delta_recorded": Point("engine.gates.judgement:record_delta", "before"),
    "after_bound": Point("engine.cutover.lock:Locked.bind"),  # writers may do nothing more, once that is committed
    "within_cutover_commit": Point("engine.books.cutovers:add"),  # published, not committed
    "after_cutover_published": Point("engine.cutover.cutover:_CutOver._publish"),  # and nobody fenced, on two servers
    "before_fence_commit": Point("engine.cutover.lock:Locked.commit", "before"),
    "after_fence_commit": Point("engine.cutover.lock:Locked.commit"),
    "after_fence_marked": Point("engine.cutover.cutover:_CutOver._mark_fenced"),
    "after_cutover_statistics": Point("engine.cutover.cutover:_CutOver._refresh_statistics"),
}
POINTS: dict[str, Point] = RUN | ROLLBACK | STAGING | CUTOVER
