"""The command line, `nxtgauge-migrate`.

Laws
- Results go to stdout; progress, logs and errors to stderr. With --json stdout holds one JSON object, of an error too.
- The exit code says what happened (config/errors.py); the README lists them.
- Nothing heavy is imported before a command needs it: --help answers at once.
- A migration, a verification and a rollback run as Prefect flows where the configured server answers, plainly where
  none does, and say which.
"""

import getpass
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from config.errors import MigrateError, PlanRefused

NAME = "nxtgauge-migrate"
INTERRUPTED = 130
LOG = logging.getLogger("nxtgauge")


@dataclass
class Options:
    """What may be said before and after the command's name."""

    profile: str | None = None
    is_json: bool = False
    is_verbose: bool = False


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value:
        setattr(context.obj, parameter.name, value)


def common(command: Callable) -> Callable:
    """--profile, --json and -v, on the group and on every command alike."""
    options = (
        click.option("--profile", metavar="NAME", help="demo, staging or production; default staging."),
        click.option("--json", "is_json", is_flag=True, help="One JSON object on stdout."),
        click.option("-v", "--verbose", "is_verbose", is_flag=True, help="Debug log, and tracebacks of errors."),
    )
    for option in reversed(options):
        command = option(command)
    for parameter in command.__click_params__[-len(options) :]:
        parameter.expose_value, parameter.callback = False, _keep
    return click.pass_context(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=NAME, prog_name=NAME)
@common
def cli(context: click.Context) -> None:
    """Moves a legacy Nxtgauge database into the redesigned schema, with every row and column accounted for.

    The databases come from NXTGAUGE_SOURCE_URL and NXTGAUGE_TARGET_URL.
    """


@cli.command()
@common
def plan(context: click.Context) -> int:
    """Say what will become of every table and column, and what stands in the way."""
    settings = _settings(context)
    from engine import describe
    from engine import run as engine_run

    found = engine_run.plan(settings)
    refused = PlanRefused(list(found.faults)) if found.faults else None
    if context.obj.is_json:
        _print_json(describe.plan_json(found) | (_as_json(refused) if refused else {}))
    else:
        click.echo(describe.plan_text(found))
    return refused.exit_code if refused else 0


@cli.command()
@click.argument("table")
@common
def explain(context: click.Context, table: str) -> int:
    """Tell one legacy table's story: source, mapping, transform, target, reasons for rejection."""
    settings = _settings(context)
    from engine import describe
    from engine import run as engine_run

    found = engine_run.plan(settings)
    if context.obj.is_json:
        _print_json(describe.explain_json(found, table))
    else:
        click.echo(describe.explain_text(found, table))
    return 0


@cli.command()
@click.option("--dry-run", is_flag=True, help="Stop before the publish, report, and drop what was built.")
@click.option("--run", "run_id", metavar="ID", help="Resume this run.")
@click.option("--resume", is_flag=True, help="Resume the latest run if it broke off, else begin a new one.")
@click.option("--approve", is_flag=True, help="Wait before the publish until a person approves.")
@click.option(
    "--certificate",
    metavar="FILE",
    type=click.Path(resolve_path=True),
    help="Migrate only as this rehearsal's certificate.json says.",
)
@common
def migrate(context: click.Context, **options) -> int:
    """Plan, build, verify and publish; nothing is visible under the target's name before the end."""
    settings = _settings(context)
    from flows import report
    from flows.progress import shown

    with shown() as watch:
        summary = _through_prefect("migrate", watch, {"profile": settings.profile, **options})
        if summary is None:
            from flows import work

            summary = work.migrate(settings, watch=watch, **options)
    _show(context, summary, lambda: f"{report.to_text(summary)}\n\nreports: {', '.join(summary['reports'])}")
    return 0


@cli.command()
@click.option("--percent", type=click.FloatRange(0, 100, min_open=True), default=100, help="Of the users; default all.")
@click.option("--plan", "is_plan", is_flag=True, help="Say how each column would be carried, and copy nothing.")
@click.option("--unmasked", is_flag=True, help="Copy personal data as it is; needs --reason and --by.")
@click.option("--reason", metavar="TEXT", help="Why the copy is not masked; stands in its books.")
@click.option("--by", metavar="NAME", help="Who answers for that.")
@common
def stage(context: click.Context, is_plan: bool, **options) -> int:
    """Make or refresh the rehearsal copy of the legacy database, masked on the way, and prove that it is."""
    settings = _settings(context)
    from flows import stage as stages
    from flows.progress import shown

    if is_plan:
        return _stage_plan(context, stages, stages.plan(settings, stages.wish(**options)))
    with shown() as watch:
        told = stages.stage(settings, stages.wish(**options), watch)
    _show(context, told, lambda: stages.text(told))
    return 0


def _stage_plan(context: click.Context, stages, planned: dict) -> int:
    refused = PlanRefused(planned["faults"]) if planned["faults"] else None
    _show(context, planned | (_as_json(refused) if refused else {}), lambda: stages.plan_text(planned))
    return refused.exit_code if refused else 0


@cli.command()
@click.option("--refresh", is_flag=True, help="Make the staging copy anew first.")
@click.option(
    "--percent", type=click.FloatRange(0, 100, min_open=True), default=100, help="Of the users, in a new copy."
)
@click.option("--resume", is_flag=True, help="Resume the latest rehearsal if it broke off.")
@common
def rehearse(context: click.Context, **options) -> int:
    """Migrate from the staging copy without publishing: build, verify, report."""
    settings = _settings(context)
    from flows import report
    from flows.progress import shown

    with shown() as watch:
        summary = _through_prefect("rehearse", watch, {"profile": settings.profile, **options})
        if summary is None:
            from flows import work

            summary = work.rehearse(settings, watch=watch, **options)
    _show(context, summary, lambda: f"{report.to_text(summary)}\n\nreports: {', '.join(summary['reports'])}")
    return 0


@cli.command()
@click.option("--run", "run_id", metavar="ID", help="Judge what this run has built, in place of what is published.")
@click.option("--level", type=click.Choice(["counts", "content", "full"]), default="full", help="How closely to look.")
@click.option("--sample", type=click.FloatRange(0, 100, min_open=True), help="Per cent of the rows to compare.")
@click.option(
    "--data-docs", metavar="FOLDER", type=click.Path(resolve_path=True), help="Write Great Expectations' pages."
)
@click.option("--show-values", is_flag=True, help="Show the values that differ; on a terminal only.")
@common
def verify(context: click.Context, show_values: bool, **options) -> int:
    """Judge what is published in the target; exit 6 where anything is wrong."""
    if show_values and (context.obj.is_json or not sys.stdout.isatty()):
        raise click.UsageError("--show-values shows personal data: it needs a terminal, and no --json")
    settings = _settings(context)
    from config.errors import VerificationFailed
    from flows import report

    found = _through_prefect("verify", None, {"profile": settings.profile, **options})
    if found is None:
        from flows import work

        found = work.verify(settings, **options)
    _show(context, found, lambda: f"{report.to_text(found)}\n\nreports: {', '.join(found['reports'])}")
    if show_values:
        _show_values(settings, found)
    return 0 if found["passed"] else VerificationFailed.exit_code


def _show_values(settings, report: dict) -> None:
    from checks import show

    for each in show.values(settings, report):
        click.echo(f"{each.check} {each.key} {each.column}: source {each.source!r}, target {each.target!r}")


@cli.command()
@click.option("--run", "run_id", metavar="ID", help="Only if this is the run that is published.")
@common
def rollback(context: click.Context, run_id: str | None) -> int:
    """Put back by rename what stood before the last publish."""
    settings = _settings(context)
    from engine import run as engine_run
    from flows import work

    run_id = run_id or engine_run.published_run(settings)
    done = _through_prefect("rollback", None, {"profile": settings.profile, "run_id": run_id}) if run_id else None
    if done is None:
        done = work.rollback(settings, run_id)
    _show(context, done, lambda: _pairs(done))
    return 0


@cli.command()
@common
def status(context: click.Context) -> int:
    """List the runs in the target, their state and their balance."""
    settings = _settings(context)
    from engine import run as engine_run
    from flows import report

    runs = engine_run.status(settings)
    _show(context, {"runs": runs}, lambda: "\n".join((report.status_text(runs), *_gates_of(runs))))
    return 0


def _gates_of(runs: list[dict]) -> list[str]:
    """What is closed, and what was waived, a line each."""
    lines = []
    for run in runs:
        lines += [f"run {run['run_id']}: {_closed(gate)}" for gate in run["closed_gates"]]
        lines += [f"run {run['run_id']}: {_waived(waiver)}" for waiver in run["waivers"]]
    return ["", *lines] if lines else []


def _closed(gate: dict) -> str:
    verb = "is open to a decision" if gate["state"] == "awaiting" else "is closed"
    return f"{gate['check_name']} {verb}: {gate['detail']}"


def _waived(waiver: dict) -> str:
    former = "" if waiver["is_current"] else ", for a build that is gone"
    text = "{check_name} was waived by {name} at {waived_at}: {reason}".format(**waiver)
    return text + former


@cli.command()
@click.argument("run_id", metavar="RUN")
@click.option("--reject", is_flag=True, help="Say no: the build is not published.")
@click.option("--by", "name", metavar="NAME", help="Who decides; by default the user of this machine.")
@click.option("--comment", metavar="TEXT", default="", help="Why, if there is anything to say.")
@common
def approve(context: click.Context, run_id: str, reject: bool, name: str | None, comment: str) -> int:
    """Approve the build of a run that waits for it, so that it is published; or reject it."""
    settings = _settings(context)
    from engine.approval import Decision
    from flows import work

    gate = work.decide(settings, run_id, Decision(not reject, name or getpass.getuser(), comment))
    _show(context, gate, lambda: f"run {run_id}: {gate['detail']}")
    return 0


@cli.command()
@click.argument("run_id", metavar="RUN")
@click.argument("check_name", metavar="CHECK")
@click.option("--reason", metavar="TEXT", required=True, help="Why the build may be published all the same.")
@click.option("--by", "name", metavar="NAME", required=True, help="Who answers for it.")
@common
def waive(context: click.Context, run_id: str, check_name: str, reason: str, name: str) -> int:
    """Open a closed gate of a run's build; every report of the run will say so. `migrate --run RUN` then publishes."""
    settings = _settings(context)
    from flows import work

    waiver = work.waive(settings, run_id, check_name, reason, name)
    _show(context, waiver, lambda: f"{_waived(waiver)}\nnow: {NAME} migrate --run {run_id}")
    return 0


@cli.command()
@click.option("--rows", type=click.IntRange(min=1), help="About how many legacy rows; default 100000.")
@click.option("--seed", type=int, help="Another seed makes other rows.")
@click.option("--status", "wants_status", is_flag=True, help="Say which of its servers run, and do nothing else.")
@click.option("--stop", "is_end", is_flag=True, help="Stop its PostgreSQL and its Prefect server.")
@click.option("--remove", "is_removal", is_flag=True, help="Stop them, and remove the demo's databases.")
@common
def demo(context: click.Context, rows: int | None, seed: int | None, **flags: bool) -> int:
    """Migrate a legacy database made up for the purpose, on servers of its own."""
    _set_up(context)
    if context.obj.profile not in (None, "demo"):
        raise click.UsageError(f"the demo runs with the profile demo, not {context.obj.profile}")
    from flows.demo import run

    if any(flags.values()):
        found = _about_demo(run, **flags)
        _show(context, found, lambda: _pairs(found))
        return 0
    given = {name: value for name, value in (("rows", rows), ("seed", seed)) if value is not None}
    summary = run.run(**given)
    _show(context, summary, lambda: run.text(summary))
    return 0


def _about_demo(run, wants_status: bool, is_end: bool, is_removal: bool) -> dict:
    if is_removal:
        return run.remove()
    return run.stop() if is_end else run.status()


@cli.command()
@common
def deploy(context: click.Context) -> int:
    """Put deployments, work pool and automations on the configured Prefect server; again, to bring them up to date."""
    _set_up(context)
    from config.errors import ConfigError
    from flows import server as prefect_server

    url = prefect_server.answering_url()
    if url is None:
        where = prefect_server.configured_url()
        raise ConfigError(f"no Prefect server answers at {where}; `{NAME} server start` starts one here")
    done = _deployed(prefect_server, url)
    _show(context, done, lambda: _pairs({name: _listed(value) for name, value in done.items()}))
    return 0


def _deployed(prefect_server, url: str) -> dict:
    prefect_server.use(url)
    from flows.deploy import deploy as apply

    return apply()


def _listed(value: object) -> object:
    return ", ".join(value) if isinstance(value, list) else value


@cli.command()
@common
def worker(context: click.Context) -> int:
    """Pick up runs from the Prefect server and run them here, with this environment's connections, until stopped."""
    settings = _settings(context)
    from flows import worker as prefect_worker

    prefect_worker.run(settings)
    return 0


@cli.group()
@common
def server(context: click.Context) -> None:
    """The local Prefect server with its worker: start, stop, status."""


@server.command("start")
@click.option("--bare", is_flag=True, help="Only the server: no deployments, no worker.")
@common
def server_start(context: click.Context, bare: bool) -> int:
    """Start it with deployments and a worker, or find it running; both stay up until they are stopped."""
    if not bare:
        _settings(context)  # what is wrong with the environment is said before anything starts
    _set_up(context)
    from flows import server as prefect_server

    url = prefect_server.start().api_url
    if not bare:
        from flows import worker as prefect_worker

        _deployed(prefect_server, url)
        prefect_worker.start(url)
    return _show_server(context)


@server.command("stop")
@common
def server_stop(context: click.Context) -> int:
    """Stop the server that was started here, and its worker."""
    _set_up(context)
    from flows import server as prefect_server
    from flows import worker as prefect_worker

    prefect_worker.stop()
    prefect_server.stop()
    return _show_server(context)


@server.command("status")
@common
def server_status(context: click.Context) -> int:
    """Say whether they run, and where the server answers."""
    _set_up(context)
    return _show_server(context)


def _show_server(context: click.Context) -> int:
    from flows import server as prefect_server
    from flows import worker as prefect_worker

    process = prefect_worker.running()
    found = prefect_server.status() | {"worker": process and process.pid, "worker_log": str(prefect_worker.log_path())}
    _show(context, found, lambda: _pairs(found))
    return 0


def _set_up(context: click.Context) -> None:
    from flows import logs

    logs.set_up(context.obj.is_verbose)


def _settings(context: click.Context):
    _set_up(context)
    from config import settings

    return settings.load(context.obj.profile)


def _through_prefect(name: str, watch, parameters: dict) -> dict | None:
    """The flow's result, or None where no Prefect server answers and the caller has to do the work itself."""
    from flows import server as prefect_server

    url = prefect_server.answering_url()
    if url is None:
        LOG.info("running plainly: no Prefect server answers at %s", prefect_server.configured_url())
        return None
    LOG.info("running as a Prefect flow on %s", url)
    prefect_server.use(url)
    from importlib import import_module

    from flows import calls

    return calls.run(getattr(import_module(f"flows.{name}"), name), watch, **parameters)


def _show(context: click.Context, value: dict, text: Callable[[], str]) -> None:
    if context.obj.is_json:
        _print_json(value)
    else:
        click.echo(text())


def _print_json(value: object) -> None:
    from flows import report

    click.echo(report.to_json(value))


def _pairs(values: dict) -> str:
    return "\n".join(f"{name}: {value}" for name, value in values.items() if value is not None)


def _as_json(error: BaseException) -> dict:
    body = {"type": type(error).__name__, "message": _message(error), "exit_code": _exit_code(error)}
    faults = getattr(error, "faults", None)
    more = {"faults": [_redacted(fault) for fault in faults]} if faults else {}
    reports = _reports(error)
    return {"error": body | more | ({"reports": reports} if reports else {})}


def _reports(error: BaseException) -> list[str]:
    """Paths of what was written about a run that its gates refused."""
    return (getattr(error, "report", None) or {}).get("reports", [])


def _exit_code(error: BaseException) -> int:
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return INTERRUPTED
    return getattr(error, "exit_code", 1)


def _message(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return "interrupted"
    text = _redacted(str(error))
    return text if isinstance(error, MigrateError) else f"{type(error).__name__}: {text}".strip(": ")


def _redacted(text: str) -> str:
    from flows.logs import redacted

    return redacted(text)


def _report_error(error: BaseException, is_json: bool, is_verbose: bool) -> int:
    """Says what went wrong, on stderr, with --json on stdout too; the exit code."""
    if os.environ.get("NXTGAUGE_LOG") == "json":
        return _log_error(error, is_json, is_verbose)
    if is_verbose and not isinstance(error, click.ClickException):
        from flows.logs import trace

        click.echo(trace(error), err=True)
    if is_json:
        _print_json(_as_json(error))
    if isinstance(error, click.UsageError):
        error.show()
    else:
        click.echo(f"{NAME}: {_message(error)}", err=True)
        if reports := _reports(error):
            click.echo(f"reports: {', '.join(reports)}", err=True)
    return _exit_code(error)


def _log_error(error: BaseException, is_json: bool, is_verbose: bool) -> int:
    """The same where the log is JSON: one object on stderr."""
    from flows.logs import tell_error

    if is_json:
        _print_json(_as_json(error))
    tell_error(error, _message(error), is_verbose)
    return _exit_code(error)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return cli.main(arguments, prog_name=NAME, standalone_mode=False, obj=Options()) or 0
    except BrokenPipeError:  # whoever read stdout (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        return _report_error(error, "--json" in arguments, bool({"-v", "--verbose"} & set(arguments)))
