"""The command `sync`: a build that follows its source, and how it is given up."""

import sys
from typing import TYPE_CHECKING, Any

import click

from flows.cli.command import common, settings_of, show, through_prefect
from flows.cli.live import durations
from flows.cli.live.asking import agree

if TYPE_CHECKING:  # what a signature names is not worth waiting for
    from config.settings import Settings

ABORTS = "{build}, run {run_id}'s build, is dropped; the source, what is published and the books stay as they are"


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), help="End after so many rounds; by default one.")
@click.option("--until-stopped", is_flag=True, help="Go on until Ctrl-C or SIGTERM.")
@durations.option("--every", default="30s", show_default=True, help="From one round to the next: 30s, 2m.")
@click.option("--run", "run_id", metavar="ID", help="Have this run's build follow.")
@click.option("--abort", "is_abort", is_flag=True, help="Give the build up: drop it, and leave nothing but the books.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@common
def sync(
    context: click.Context,
    rounds: int | None,
    until_stopped: bool,
    every: float,
    run_id: str | None,
    is_abort: bool,
    yes: bool,
) -> int:
    """Make a build, or take the one that is there, and have it follow what is written to the legacy database.

    Nothing is published; `cutover` does that. The legacy database is only read.
    """
    if rounds and until_stopped:
        raise click.UsageError("--rounds and --until-stopped exclude each other")
    if is_abort and (rounds or until_stopped):
        raise click.UsageError("--abort ends a following; it takes neither --rounds nor --until-stopped")
    settings = settings_of(context)
    if is_abort:
        return _abort(context, settings, run_id, yes)
    from flows.local import report
    from flows.local.progress import shown

    asked: dict[str, Any] = {"run_id": run_id, "rounds": None if until_stopped else rounds or 1, "every": every}
    with shown() as watch:
        parameters = {"profile": context.obj.profile or "", **asked}
        summary = through_prefect("live.sync", watch, parameters)
        if summary is None:
            from flows.runs.live import following

            summary = following.sync(settings, **asked, watch=watch)
    show(context, summary, lambda: report.to_text(summary))
    return 0


def redrive(context: click.Context, run_id: str, options: dict[str, Any]) -> int:
    """What `migrate --redrive RUN` does. options: migrate's others, of which it takes none."""
    if others := sorted(name for name, value in options.items() if value):
        named = ", ".join(f"--{name.replace('_', '-').removesuffix('-id')}" for name in others)
        raise click.UsageError(f"--redrive goes on with a run as it is, and does not go together with {named}")
    settings = settings_of(context)
    from flows.local import report
    from flows.local.progress import shown

    with shown() as watch:
        parameters = {"profile": context.obj.profile or "", "run_id": run_id, "redrive": True}
        summary = through_prefect("live.sync", watch, parameters)
        if summary is None:
            from flows.runs.live import following

            summary = following.redrive(settings, run_id, watch=watch)
    show(context, summary, lambda: report.to_text(summary))
    return 0


def _abort(context: click.Context, settings: "Settings", run_id: str | None, yes: bool) -> int:
    from engine.cutover import foreseen
    from flows.runs.live import following

    found = foreseen.open_build(settings, run_id)
    agree(ABORTS.format(build=found.name, run_id=found.run_id), yes, sys.stdin)
    done = following.abort(settings, found.run_id)
    show(context, done, lambda: f"run {done['run_id']} is given up: its build is gone, its books are kept")
    return 0
