"""The command line, `nxtgauge-migrate`.

Laws
- Results go to stdout; progress, logs and errors to stderr. With --json stdout holds one JSON object, of an error too.
- The exit code says what happened (config/errors.py); the README lists them.
- Nothing heavy is imported before a command needs it: --help answers at once.
- A migration, a verification and a rollback run as Prefect flows where the configured server answers, plainly where
  none does, and say which.
"""

import atexit
import gc
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from config import printable
from config.errors import PlanRefused
from flows.cli import about_rows, about_runs, completion, doctor, hints, plans, rolling_back
from flows.cli import services as cli_services
from flows.cli.command import (
    NAME,
    Commands,
    GlobalOptions,
    certificate_option,
    common,
    error_json,
    exit_code_of,
    message_of,
    print_json,
    reportable,
    reports_of,
    settings_of,
    show,
    through_prefect,
)
from flows.cli.live import cutting, durations, following
from flows.local import commands

if TYPE_CHECKING:  # what a signature names is not worth waiting for
    from config.settings import Settings


def _say_version(context: click.Context, _option: click.Parameter, is_wanted: bool) -> None:
    if not is_wanted or context.resilient_parsing:
        return
    from importlib.metadata import version

    from engine.books.scripts import NEWEST

    click.echo(f"{NAME} {version(NAME)}, schema migration version {NEWEST}")
    context.exit()


VERSION_HELP = "Say the program's version and that of the books it keeps in the target, schema migration."


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_say_version, help=VERSION_HELP)
@common
def cli(context: click.Context) -> None:
    """Moves a legacy Nxtgauge database into the redesigned schema, with every row and column accounted for.

    The databases come from NXTGAUGE_SOURCE_URL and NXTGAUGE_TARGET_URL, in the environment or in a file .env in the
    current folder. There is no option for them, on purpose: every user of a machine can read a program's arguments.
    """


@cli.command()
@click.argument("table", shell_complete=completion.tables)
@common
def explain(context: click.Context, table: str) -> int:
    """Tell one table's story, old or new: where its rows go, by which rules, and what holds them.

    It needs no database; where NXTGAUGE_SOURCE_URL is set, what is there is added.
    """
    settings = settings_of(context)
    from flows.cli import explained

    found, text = explained.story(settings, table)
    show(context, found, text)
    return 0


@cli.command()
@click.option("--dry-run", is_flag=True, help="Stop before the publish, report, and drop what was built.")
@click.option("--run", "run_id", metavar="ID", help="Resume this run.")
@click.option("--resume", is_flag=True, help="Resume the latest run if it left something to go on with.")
@click.option("--approve", is_flag=True, help="Wait before the publish until a person approves.")
@click.option("--verify-anyway", is_flag=True, help="Build and verify although a closed gate is known already.")
@click.option(
    "--redrive", metavar="RUN", help="Drive this run's rejected rows once more, after the source was mended, and go on."
)
@certificate_option
@common
def migrate(context: click.Context, redrive: str | None, **options: Any) -> int:
    """Plan, build, verify and publish; nothing is visible under the target's name before the end."""
    if redrive:
        return following.redrive(context, redrive, options)
    settings = settings_of(context)
    from flows.local import report
    from flows.local.progress import shown
    from flows.runs import suites

    suites.begin()
    with shown() as watch:
        summary = through_prefect("migrate", watch, {"profile": context.obj.profile or "", **options})
        if summary is None:
            from flows.runs import work

            summary = work.migrate(settings, watch=watch, **options)
    show(context, summary, lambda: report.to_text(summary))
    return 0


@cli.command()
@click.option("--percent", type=click.FloatRange(0, 100, min_open=True), default=100, help="Of the users; default all.")
@click.option("--plan", "is_plan", is_flag=True, help="Say how each column would be carried, and copy nothing.")
@click.option("--unmasked", is_flag=True, help="Copy personal data as it is; needs --reason and --by.")
@click.option("--reason", metavar="TEXT", help="Why the copy is not masked; stands in its books.")
@click.option("--by", metavar="NAME", help="Who answers for that.")
@common
def stage(context: click.Context, is_plan: bool, **options: Any) -> int:
    """Make or refresh the rehearsal copy of the legacy database, masked on the way, and prove that it is."""
    settings = settings_of(context)
    from flows.local import staging_copy
    from flows.local.progress import shown

    if is_plan:
        return _stage_plan(context, staging_copy.plan(settings, staging_copy.wish(**options)))
    from flows.runs import work

    with shown() as watch:
        told = work.stage(settings, **options, watch=watch)
    show(context, told, lambda: staging_copy.text(told))
    return 0


def _stage_plan(context: click.Context, planned: dict[str, Any]) -> int:
    from flows.local import staging_copy

    refused = PlanRefused(planned["faults"]) if planned["faults"] else None
    show(context, planned | (error_json(refused) if refused else {}), lambda: staging_copy.plan_text(planned))
    return refused.exit_code if refused else 0


@cli.command()
@click.option("--refresh", is_flag=True, help="Make the staging copy anew first.")
@click.option(
    "--percent", type=click.FloatRange(0, 100, min_open=True), default=100, help="Of the users, in a new copy."
)
@click.option("--resume", is_flag=True, help="Resume the latest rehearsal if it broke off.")
@click.option("--cutover", is_flag=True, help="Rehearse the cut-over too; a writer writes to the copy meanwhile.")
@click.option(
    "--writes", type=click.FloatRange(0, min_open=True), help="Of the writer, transactions a second; default 100."
)
@durations.option("--budget", help="How long the cut-over may keep the writer waiting; default 10s.")
@common
def rehearse(context: click.Context, **options: Any) -> int:
    """Migrate from the staging copy without publishing: build, verify, report.

    With --cutover the build then follows the copy, and is cut over but for the publish's commit. Afterwards the copy
    holds what the writer wrote: stage it anew.
    """
    if not options["cutover"] and (options["writes"] or options["budget"]):
        raise click.UsageError("--writes and --budget are of a rehearsed cut-over; add --cutover, or leave them out")
    settings = settings_of(context)
    from flows.local import report
    from flows.local.progress import shown
    from flows.runs import suites

    suites.begin()
    with shown() as watch:
        summary = through_prefect("rehearse", watch, {"profile": context.obj.profile or "", **options})
        if summary is None:
            from flows.runs.live import rehearsing

            summary = rehearsing.plainly(settings, watch=watch, **options)
    show(context, summary, lambda: report.to_text(summary))
    return 0


@cli.command()
@click.option("--run", "run_id", metavar="ID", help="Judge what this run has built, in place of what is published.")
@click.option("--level", type=click.Choice(["counts", "content", "full"]), default="full", help="How closely to look.")
@click.option("--sample", type=click.FloatRange(0, 100, min_open=True), help="Per cent of the rows to compare.")
@click.option(
    "--data-docs", metavar="FOLDER", type=click.Path(resolve_path=True), help="Write Great Expectations' pages."
)
@click.option("--show-values", is_flag=True, help="Show the values that differ; on a terminal only.")
@click.option("--strict", is_flag=True, help="Fail, too, where not everything was compared.")
@common
def verify(context: click.Context, show_values: bool, strict: bool, **options: Any) -> int:
    """Judge what is published in the target.

    Exit 0 where everything was compared and is right, 6 where anything is wrong, 8 where nothing is and something
    could not be compared: it was written since, or left out by an option.
    """
    if show_values and (context.obj.is_json or not sys.stdout.isatty()):
        raise click.UsageError("--show-values shows personal data: it needs a terminal, and no --json")
    settings = settings_of(context)
    from flows.local import report
    from flows.local.progress import shown

    with shown() as watch:
        found = through_prefect("verify", watch, {"profile": context.obj.profile or "", "strict": strict, **options})
        if found is None:
            from flows.runs import work

            found = work.verify(settings, **options, watch=watch)
    show(context, found, lambda: report.to_text(found))
    if show_values:
        _show_values(settings, found)
    return report.exit_code(found, strict)


def _show_values(settings: "Settings", report: dict[str, Any]) -> None:
    from checks.verify import show

    for each in show.values(settings, report):
        text = f"{each.check} {each.key} {each.column}: source {each.source!r}, target {each.target!r}"
        click.echo(printable.line(text))


OTHERS = (
    plans.plan, following.sync, cutting.cutover,
    about_runs.status, about_runs.approve, about_runs.pause, about_runs.go_on, about_runs.waive,
    about_rows.rejects, about_rows.notes, about_rows.links, rolling_back.rollback, doctor.doctor, completion.completion,
    cli_services.demo, cli_services.deploy, cli_services.worker, cli_services.server,
)  # fmt: skip
for command in OTHERS:
    cli.add_command(command)


def _report_error(error: BaseException, is_json: bool, is_verbose: bool) -> int:
    """Says what went wrong, on stderr, with --json on stdout too; the exit code."""
    if os.environ.get("NXTGAUGE_LOG") == "json":
        return _log_error(error, is_json, is_verbose)
    if is_verbose and not isinstance(error, click.ClickException):
        from flows.local.logs import trace

        click.echo(printable.block(trace(error)), err=True)
    if is_json:
        print_json(error_json(error))
    if isinstance(error, click.UsageError):
        click.echo(hints.usage(error), err=True, nl=False)
    else:
        click.echo(printable.block(commands.typed(f"{NAME}: {message_of(error)}")), err=True)
        if reports := reports_of(error):
            click.echo(f"reports: {', '.join(reports)}", err=True)
    return exit_code_of(error)


def _log_error(error: BaseException, is_json: bool, is_verbose: bool) -> int:
    """The same where the log is JSON: one object on stderr."""
    from flows.local.logs import tell_error

    if is_json:
        print_json(error_json(error))
    tell_error(error, message_of(error), is_verbose)
    return exit_code_of(error)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; its exit code."""
    options = GlobalOptions(is_process=arguments is None)
    if options.is_process:
        commands.begin(set(cli.commands))
        gc.set_threshold(7_000, 10, 10)  # a tenth as often as by default: it took a tenth of the imports' time
        atexit.register(gc.freeze)  # or the interpreter, as it ends, looks through all that it has: a second and more
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        hints.refuse_connections(arguments)
        return cli.main(arguments, prog_name=NAME, standalone_mode=False, obj=options) or 0
    except BaseException as error:
        return _report_error(
            hints.told(reportable(error)), "--json" in arguments, bool({"-v", "--verbose"} & set(arguments))
        )
