"""The work of `sync` and `migrate --redrive`, with and without a Prefect server.

Laws
- Each round is one line; between rounds the progress says how far behind the build is.
- A following that somebody stops has ended well: its build shows the last round, and can be gone on with.
"""

from collections.abc import Callable
from typing import Any

from config.errors import VerificationFailed
from config.settings import Settings
from engine import sync as engine_sync
from engine.chunks.work import Work
from engine.following.round import Told
from engine.gates.summary import Summary
from engine.session.execution import Watch, Workers
from engine.session.stop import STOP
from engine.sync import Following
from flows.local import estimate
from flows.local.progress import estimate_of
from flows.local.stopping import on_signal
from flows.runs import foresight, work
from flows.runs.foresight import Begun, nobody
from flows.runs.live.judged import Judged


def sync(
    settings: Settings,
    *,
    run_id: str | None,
    rounds: int | None,
    every: float,
    watch: Watch,
    workers: Workers | None = None,
    begun: Begun = nobody,
) -> dict[str, Any]:
    """Has a build follow its source, one that is made first where there is none. Returns the report.

    rounds: so many, None until somebody asks to stop; every: seconds from one round's beginning to the next. begun:
    hears of the run's id as soon as it has one. Errors: every kind of config.errors.
    """
    asked = {"run_id": run_id, "rounds": rounds, "every": every}

    def followed(following: Following) -> Summary:
        return engine_sync.sync(settings, following)

    return _followed(settings, followed, "sync", asked, watch, workers, begun)


def redrive(
    settings: Settings, run_id: str, *, watch: Watch, workers: Workers | None = None, begun: Begun = nobody
) -> dict[str, Any]:
    """Drives the rejected rows of a run once more, whose source was mended, and goes on to its publish.

    Returns the report. Errors: as sync.
    """

    def driven(following: Following) -> Summary:
        return engine_sync.redrive(settings, run_id, following)

    return _followed(settings, driven, "migrate", {"run_id": run_id, "rounds": 1}, watch, workers, begun)


def _followed(
    settings: Settings,
    following: Callable[[Following], Summary],
    kind: str,
    asked: dict[str, Any],
    watch: Watch,
    workers: Workers | None,
    begun: Begun,
) -> dict[str, Any]:
    def hear(run: Work) -> None:
        foresight.learn(watch, run)
        begun(run.run_id)

    judged = Judged(settings, kind, asked["run_id"])
    parties: dict[str, Any] = {"watch": watch, "workers": workers, "begun": hear}
    parties["auditor"] = judged.keeping(work.auditor(settings))
    parties["heard"] = Heard(watch, asked["rounds"], is_endless=kind == "sync")
    foresight.expect(watch, estimate.BUILD if kind == "sync" else estimate.MIGRATION)
    try:
        with on_signal(STOP), work.asked_to_stop(STOP):
            summary = following(Following(**asked, **parties))
    except VerificationFailed as error:
        error.report = judged.refused(error)
        raise
    return judged.told(summary)


def abort(settings: Settings, run_id: str | None = None) -> dict[str, Any]:
    """Gives up a build that follows; which run's it was."""
    with on_signal(STOP), work.asked_to_stop(STOP):
        return {"run_id": engine_sync.abort(settings, run_id), "schema": settings.target_schema}


class Heard:
    """Tells a watch of each round: a line in its log, and how far the build is behind in place of its bar.

    is_endless: nothing but rounds is to come.
    """

    def __init__(self, watch: Watch, rounds: int | None, is_endless: bool = True):
        self._watch, self._rounds, self._is_endless, self._count = watch, rounds, is_endless, 0

    def __call__(self, one: Told) -> None:
        self._count += 1
        share = self._count / self._rounds if self._rounds else None
        if self._is_endless:
            estimate_of(self._watch).follow(standing(one), share)
        self._watch.message(line(one))


def line(one: Told) -> str:
    """`round 12: 340 rows read, 338 changed, in 4.2 s; 340 behind, …`."""
    changed = one.inserted + one.updated + one.deleted
    whole = f" ({', '.join(sorted(one.whole))} whole)" if one.whole else ""
    read = f"{sum(one.read.values()):,} rows read{whole}, {changed:,} changed"
    return f"{standing(one)}; {read}"


def standing(one: Told) -> str:
    """How far the build was behind, and what a cut-over would take: a round, its verification and the publish."""
    took = f"{one.seconds:.1f} s"
    behind = f"was {one.behind:,} rows behind, is {took} behind"
    return f"round {one.number}: {behind}, a cut-over would keep writers waiting for at least {took}"
