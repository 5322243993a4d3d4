"""The command `cutover`: says what it will do and who is connected, asks, does it, and tells what writers waited for.

Law: with the fence `operator` the writers are to be stopped once all else is done, so that they wait for seconds.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from flows.cli.command import common, settings_of, show, through_prefect
from flows.cli.live import durations
from flows.cli.live.asking import agree, wait_for_enter
from flows.cli.live.durations import spoken

MOST_CONNECTED = 12
STOP_THEM = """\
everything is verified. Now stop all writers of the legacy database (the application, its workers, its cron jobs; or
PAUSE in the pooler), and press Enter: it is proven then that nobody writes"""


@click.command()
@durations.option("--budget", default="10s", show_default=True, help="How long writers may wait; then all is undone.")
@click.option(
    "--fence", type=click.Choice(["lock", "operator"]), default="lock", show_default=True,
    help="What keeps writers away: a lock, or you; then it is proven that nobody writes.",
)  # fmt: skip
@durations.option("--terminate-after", help="End sessions that have kept the lock away for so long; by default none.")
@click.option("--approve", is_flag=True, help="Wait before the cut-over until a person approves.")
@click.option("--run", "run_id", metavar="ID", help="Only if this is the run whose build is there.")
@click.option("--yes", is_flag=True, help="Ask nothing; with --fence operator: the writers are stopped.")
@common
def cutover(context: click.Context, yes: bool, **asked: Any) -> int:
    """Cut over from the old application to the build that follows its database.

    The build is verified first, while the old application goes on. Then writers wait: the last round is applied and
    verified, the build is published, and the legacy tables are closed to writers. Exit 6 where writes reached the
    legacy database after that.
    """
    settings = settings_of(context)
    from engine.cutover import foreseen as looking
    from flows.local import report
    from flows.local.progress import shown
    from flows.runs import suites

    foreseen = looking.foreseen(settings, asked["run_id"], asked["fence"], asked["budget"])
    asked["run_id"] = foreseen.run_id
    agree(plan_text(foreseen.to_dict(), asked), yes, sys.stdin, foreseen.faults)
    suites.begin()
    stopped = _stopped(yes)
    with shown() as watch:
        parameters = {"profile": context.obj.profile or "", **asked}
        done = through_prefect("live.cutover", watch, parameters, stopped)
        if done is None:
            from flows.runs.live import cutting

            done = cutting.cutover(settings, **asked, watch=watch, stopped=stopped)
    show(context, done, lambda: report.to_text(done))
    from flows.runs.live.cutting import exit_code

    return exit_code(done)


def _stopped(yes: bool) -> Callable[[], None]:
    """Comes back once the operator has stopped the writers; at once where he said so before."""
    return (lambda: None) if yes else (lambda: wait_for_enter(STOP_THEM))


def plan_text(foreseen: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """What will be done. foreseen: engine.cutover.foreseen.Foreseen, as a dict; asked: the command's options."""
    from checks.reporting.live import words

    if foreseen["is_published"]:
        return "\n".join(
            [
                f"run {foreseen['run_id']} is published, and its fence was not made: that is done now, and what was "
                "written to the source since is told",
                *_fence_text(foreseen, asked),
            ]
        )
    last = foreseen["last_round"]
    follows = (
        f"it follows its source: {words.followed(last)}"
        if last
        else "it has followed for no round yet, so nobody can say how long"
    )
    return "\n".join(
        [
            f"run {foreseen['run_id']}'s build, {foreseen['build']}, becomes schema {foreseen['target_schema']}",
            f"  {follows}",
            *_rehearsed_text(foreseen),
            *_fence_text(foreseen, asked),
            *_connected_text(foreseen["connected"]),
        ]
    )


def _rehearsed_text(foreseen: Mapping[str, Any]) -> list[str]:
    from checks.reporting.live import words

    told = [f"  rehearsed in {words.rehearsed(foreseen['rehearsed'])}"] if foreseen["rehearsed"] else []
    return told + [f"  note: {remark}" for remark in foreseen["remarks"]]


def _fence_text(foreseen: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    source, budget = foreseen["source_schema"], spoken(asked["budget"])
    if asked["fence"] == "operator":
        return ["fence: you. You are told when to stop the writers; that nobody writes is proven before the publish"]
    after = asked["terminate_after"]
    told = f"are ended after {spoken(after)}" if after else "are named, and left alone"
    lines = [
        f"fence: a lock. Writers of schema {source} wait for {budget} at most, else all is undone; readers go on",
        f"  sessions that keep the lock away {told}",
    ]
    lines.append(
        "source and target are one database: all of it is one transaction"
        if foreseen["is_one_database"]
        else f"source and target are two databases: whoever waits to write to {source} gets an error in the end"
    )
    return lines


def _connected_text(connected: list[Mapping[str, Any]]) -> list[str]:
    if not connected:
        return ["nobody else is connected to the source now"]
    total = sum(one["sessions"] for one in connected)
    lines = [f"connected to the source now: {total:,} session{'s' * (total != 1)} of others"]
    lines += [f"  {one['sessions']:4,}  {one['application']}, role {one['role']}" for one in connected[:MOST_CONNECTED]]
    more = sum(one["sessions"] for one in connected[MOST_CONNECTED:])
    return lines + ([f"  {more:4,}  others"] if more else [])
