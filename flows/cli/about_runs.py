"""Commands about runs: how they stand, and what people decide about them."""

import getpass
from typing import Any

import click

from flows.cli.command import NAME, common, settings_of, show


@click.command()
@click.option("--all", "is_all", is_flag=True, help="Old runs too, and waivers of builds that are gone.")
@common
def status(context: click.Context, is_all: bool) -> int:
    """Say what stands in the target, and list its runs: which is live, what was withdrawn, what was a rehearsal."""
    settings = settings_of(context)
    from engine import operations
    from flows.cli import runs_shown

    runs = operations.status(settings)
    show(context, {"runs": runs}, lambda: runs_shown.text(runs, is_all))
    return 0


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--reject", is_flag=True, help="Say no: the build is not published.")
@click.option("--by", "name", metavar="NAME", help="Who decides; by default the user of this machine.")
@click.option("--comment", metavar="TEXT", default="", help="Why, if there is anything to say.")
@common
def approve(context: click.Context, run_id: str, reject: bool, name: str | None, comment: str) -> int:
    """Approve the build of a run that waits for it, so that it is published; or reject it."""
    settings = settings_of(context)
    from engine.gates.approval import Decision
    from flows.runs import work

    gate = work.decide(settings, run_id, Decision(not reject, name or getpass.getuser(), comment))
    show(context, gate, lambda: f"run {run_id}: {gate['detail']}")
    return 0


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--by", "name", metavar="NAME", help="Who asks for it; by default the user of this machine.")
@common
def pause(context: click.Context, run_id: str, name: str | None) -> int:
    """Have a run hold still once the chunks that are under way have ended, until `continue`."""
    settings = settings_of(context)
    from engine import operations

    told = operations.pause(settings, run_id, name or getpass.getuser())
    again = f"it goes on with: {NAME} continue {run_id}"
    show(context, told, lambda: f"run {run_id} holds still before its next chunk; {again}")
    return 0


@click.command("continue")
@click.argument("run_id", metavar="RUN")
@click.option("--by", "name", metavar="NAME", help="Who asks for it; by default the user of this machine.")
@common
def go_on(context: click.Context, run_id: str, name: str | None) -> int:
    """Have a paused run go on."""
    settings = settings_of(context)
    from engine import operations

    told = operations.go_on(settings, run_id, name or getpass.getuser())
    show(context, told, lambda: f"run {run_id} goes on")
    return 0


@click.command()
@click.argument("run_id", metavar="RUN")
@click.argument("check_name", metavar="CHECK")
@click.option("--reason", metavar="TEXT", required=True, help="Why the build may be published all the same.")
@click.option("--by", "name", metavar="NAME", required=True, help="Who answers for it.")
@common
def waive(context: click.Context, run_id: str, check_name: str, reason: str, name: str) -> int:
    """Open a closed gate of a run's build; every report of the run will say so. What is closed yet is listed."""
    settings = settings_of(context)
    from flows.cli.runs_shown import waived
    from flows.runs import work

    waiver = work.waive(settings, run_id, check_name, reason, name)
    show(context, waiver, lambda: "\n".join([waived(waiver), *_go_on(run_id, waiver["closed_gates"])]))
    return 0


def _go_on(run_id: str, closed: list[dict[str, Any]]) -> list[str]:
    """What is to be done after a waiver; a gate that is closed yet keeps the run from its publish."""
    from flows.cli.runs_shown import closed as told

    command = f"{NAME} migrate --run {run_id}"
    if all(gate["check_name"] == "verification" for gate in closed):  # which the run makes
        return [f"now: {command}"]
    lines = [f"closed yet: {len(closed)}; each has to be answered before the run can publish"]
    for gate in closed:
        lines += [told(gate), *(f"    {answer}" for answer in gate["answers"])]
    return [*lines, f"then: {command}"]
