"""The moments of a cut-over, in their order: each is a failpoint, and which of the times that it is passed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """point: see tests.support.failpoints.points. is_locked: it is the first time since the lock was had."""

    point: str
    is_locked: bool = False
    turn: int = 1


# What is said is what has just been done.
MOMENTS = {
    "begun": Moment("before_cutover_verified"),
    "verified": Moment("after_cutover_verified"),
    "prepared": Moment("after_publish_prepared"),
    "caught up": Moment("after_caught_up"),
    "asking for the lock": Moment("before_cutover_lock_try"),
    "locked, untimed": Moment("before_cutover_lock"),
    "locked": Moment("after_cutover_lock"),
    "snapshot taken": Moment("after_cutover_step", True, 1),
    "scanned": Moment("after_round_scan", True),
    "derived": Moment("after_round_derived", True),
    "applying": Moment("within_round_apply", True),
    "applied": Moment("after_round_applied", True),
    "judged": Moment("before_delta_recorded", True),
    "delta verified": Moment("after_cutover_step", True, 3),
    "bound": Moment("after_bound", True),
    "half published": Moment("within_publish", True),
    "publishing": Moment("within_cutover_commit", True),
    "published": Moment("after_cutover_published", True),
    "fencing": Moment("before_fence_commit", True),
    "fenced": Moment("after_fence_commit", True),
    "fence marked": Moment("after_fence_marked", True),
    "statistics made": Moment("after_cutover_statistics", True),
}
COMMITS = {"applying": "lost", "publishing": "lost", "fencing": "deaf"}  # whose answers can be lost, and how
