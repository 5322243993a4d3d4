"""How far a verification has come: checks that are done, of all, and their share of the work.

Laws
- Whoever hears of it changes nothing in what is judged.
- A check counts once, when its result is there. What several checks ask together is most of their work, so their share
  of it counts when that has been answered.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence

from checks.verify.jobs import Job

Tell = Callable[[int, int, float], None]  # checks that are done, of how many, their share of the work
# Seen with 500,000 rows, in units of 20 ms: what compares the values of every row takes longer than what counts rows or
# reads the books.
LEAST, LARGE = 1.0, {"law": 8.0, "content": 4.0}
TOGETHER = 8.0  # for each check that is asked together with others
SUITES = 0.05  # share of the suites: they run beside the checks, so little of them is left when these are done


def nobody(done: int, total: int, share: float) -> None:
    """Hears of it and does nothing."""


class Steps:
    """Counts, for several threads. has_suites: whether the expectation suites are one more check."""

    def __init__(self, planned: Sequence[Job], has_suites: bool, tell: Tell):
        self._lock, self._tell = threading.Lock(), tell
        self._of_group = Counter[int]()
        for job in planned:
            if job.group:
                self._of_group[id(job.group)] += 1
        self._whole = sum(map(_alone, planned)) + TOGETHER * self._of_group.total()
        self._checks, self._done, self._worked = len(planned) + has_suites, 0, 0.0
        self._last = SUITES if has_suites else 0.0
        self._say()

    def done(self, task: object) -> None:
        """A job is done, or what several jobs ask together has been answered."""
        with self._lock:
            if isinstance(task, Job):
                self._done += 1
                self._worked += _alone(task)
            else:
                self._worked += TOGETHER * self._of_group[id(task)]
            self._say()

    def suites_done(self) -> None:
        """The last check of all is."""
        with self._lock:
            self._done, self._last = self._checks, 0.0
            self._say()

    def _say(self) -> None:
        share = self._worked / self._whole if self._whole else 1.0
        self._tell(self._done, self._checks, share * (1 - self._last))


def _alone(job: Job) -> float:
    """The work of a job, without what it asks together with others."""
    return LEAST if job.group else LARGE.get(job.draft.kind, LEAST)
