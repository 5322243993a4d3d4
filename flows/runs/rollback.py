"""The rollback as a Prefect flow: what stood before the last publish is put back by rename, or put away again."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from config import settings as configuration
from engine.publish.rollback import Wish
from engine.session.execution import Watch
from flows.runs import calls, work
from flows.runs.calls import ProfileName


@flow(name="rollback", flow_run_name="{run_id}", persist_result=False)
def rollback(
    run_id: str,
    profile: ProfileName = "",
    undo: bool = False,
    to_nothing: bool = False,
    export: str = "",
    lose: bool = False,
) -> State:
    """Puts back what stood before the last publish in the target that the worker's environment names.

    It is refused if rows that were written since the publish would be left behind and neither `export` nor `lose` says
    that they may.

    Args:
        run_id: The run whose publish is taken back, as its report and `nxtgauge-migrate status` name it. Refused if
            that is not the one that is published, so that nobody takes back another by mistake. With `undo` the run
            that is put back.
        profile: A file in config/profiles.
        undo: Put back what the last rollback has set aside.
        to_nothing: Also where nothing stood before, so that nothing is published afterwards.
        export: A folder on the worker's machine, which is made there: what was written since is kept in it, with a
            script that puts it back.
        lose: Do without what was written since.
    """

    wish = Wish(run_id, undo, to_nothing, export or None, lose)

    def done(watch: Watch) -> dict[str, Any]:
        return work.rollback(configuration.load(profile or None), wish, watch)

    return calls.final_state(done)
