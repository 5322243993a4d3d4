"""The command `rollback`: says what it will do and what was written since, asks, and does it; or undoes it.

Laws
- What will be done, and the question, go to stderr; the result to stdout.
- Without a terminal nobody can be asked: --yes answers.
- What was written since is kept or given up by an option, never by the answer to the question.
"""

import sys
from typing import TYPE_CHECKING, Any

import click

from config import printable
from flows.cli.command import common, settings_of, show, through_prefect

if TYPE_CHECKING:  # what a signature names is not worth waiting for
    from config.settings import Settings
    from engine.publish.rollback import Wish

RESTORING = """\
  (cd {folder} && psql -X "${{NXTGAUGE_TARGET_URL:?is to be set in this shell}}" -f restore.sql)
psql knows nothing of a file .env or of the profile demo: where the address comes from there, first
  export NXTGAUGE_TARGET_URL='postgresql://…'"""
NOT_ASKED = "nobody can be asked here, for there is no terminal; --yes goes on without a question"


@click.command()
@click.option("--run", "run_id", metavar="ID", help="Only if this is the run that is published, or to be put back.")
@click.option("--undo", is_flag=True, help="Put back what the last rollback has set aside.")
@click.option("--to-nothing", is_flag=True, help="Also where nothing stood before: leave nothing published.")
@click.option(
    "--export",
    metavar="FOLDER",
    type=click.Path(resolve_path=True),
    help="Keep what was written since in files, with a script that puts it back.",
)
@click.option("--lose", is_flag=True, help="Do without what was written since.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@common
def rollback(context: click.Context, yes: bool, **asked: Any) -> int:
    """Put back by rename what stood before the last publish, or undo that.

    It counts what was written since, by table, and refuses to leave it behind unless --export or --lose says so.
    """
    settings = settings_of(context)
    from dataclasses import replace

    from engine import operations
    from engine.publish.rollback import Wish
    from flows.local.progress import shown
    from flows.runs import work

    wish = Wish(**asked)
    wish = replace(wish, run_id=wish.run_id or operations.rolled_run(settings, wish))
    _agree(settings, wish, yes)
    with shown() as watch:
        done = through_prefect("rollback", watch, _parameters(context, wish)) if wish.run_id else None
        if done is None:
            done = work.rollback(settings, wish, watch)
    show(context, done, lambda: done_text(done))
    return 0


def _parameters(context: click.Context, wish: "Wish") -> dict[str, Any]:
    from dataclasses import asdict

    return {"profile": context.obj.profile or "", **asdict(wish)}


def _agree(settings: "Settings", wish: "Wish", yes: bool) -> None:
    """Say what will be done; ask. Errors: PlanRefused if it would be refused; UsageError, Abort."""
    from engine import operations
    from engine.publish.rollback import require_leave

    foreseen = operations.rollback_foreseen(settings, wish)
    click.echo(printable.block(plan_text(foreseen, wish.export)), err=True)
    require_leave(foreseen, wish)
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(NOT_ASKED)
    if not click.confirm("Go on?", err=True):
        click.echo("nothing was changed", err=True)
        raise click.Abort


def plan_text(foreseen: dict[str, Any], export: str | None = None) -> str:
    """What will be done. foreseen: engine.publish.rollback.Taken, as a dict."""
    schema, back, goes = foreseen["schema"], foreseen["live_run"], foreseen["replaced_run"]
    aside = f"{schema}__{'previous' if foreseen['is_undo'] else 'withdrawn'}"
    lines = [f"schema {schema} becomes run {back}'s again" if back else f"there will be no schema {schema} any more"]
    if goes:
        lines.append(f"run {goes}'s is set aside as {aside}")
    if foreseen["drops"]:
        lines.append(f"run {foreseen['drops']}'s, which was set aside there before, is dropped for good")
    return "\n".join([*lines, *_written_text(foreseen, export), *_closed_text(foreseen)])


def _closed_text(told: dict[str, Any]) -> list[str]:
    """Tables of which nothing can be told, and those whose writers go on."""
    written = told["written"] or {"untold": [], "unlocked": []}
    lines = [f"cannot be told of table {one['table']}: {one['why']}" for one in written["untold"]]
    names = ", ".join(one["table"] for one in written["unlocked"])
    return lines + ([f"writers of these could not be kept away, and may have written more: {names}"] if names else [])


def _written_text(told: dict[str, Any], export: str | None) -> list[str]:
    written = told["written"]
    if written is None:
        return []
    if written["unknown"]:
        return [f"what was written to run {told['replaced_run']}'s cannot be told: {written['unknown']}"]
    if not written["tables"]:
        rest = "; of some tables it cannot be told" if written["untold"] else ""
        return [
            f"nothing was written to run {told['replaced_run']}'s since it was put in place ({written['since']}){rest}"
        ]
    width = max(len("table"), *(len(table["table"]) for table in written["tables"]))
    lines = [
        f"written to run {told['replaced_run']}'s since it was put in place ({written['since']}):",
        f"  {'table':{width}}  inserted   updated   deleted",
    ]
    for table in written["tables"]:
        lines.append(f"  {{table:{width}}}  {{inserted:8,}}  {{updated:8,}}  {{deleted:8,}}".format(**table))
        lines += [f"    {table['note']}"] if table["note"] else []
    kept = f"it goes to {export}" if export else "it is not in what will stand there"
    return [*lines, f"{written['rows']:,} rows in all; {kept}"]


def done_text(done: dict[str, Any]) -> str:
    """What was done."""
    schema, back, goes = done["schema"], done["live_run"], done["replaced_run"]
    lines = [
        f"schema {schema} is run {back}'s again" if back else f"there is no schema {schema} now, as there was none"
    ]
    if goes:
        lines[0] += f"; run {goes}'s is set aside as {schema}__{'previous' if done['is_undo'] else 'withdrawn'}"
    lines += [f"still uses what was set aside: {name}" for name in done["dependants"]]
    lines += [f"was left in what was set aside: {name}" for name in done["left_behind"]]
    lines += _closed_text(done)
    if done["exported"]:
        lines += ["what was written since is exported; to put it into a schema again:"]
        lines += [RESTORING.format(folder=printable.word(done["exported"]))]
    return "\n".join([*lines, f"to take this back: nxtgauge-migrate rollback{_taking_back(done)}"])


def _taking_back(done: dict[str, Any]) -> str:
    if not done["is_undo"]:
        return " --undo"
    return "" if done["replaced_run"] else " --to-nothing"
