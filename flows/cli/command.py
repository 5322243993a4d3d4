"""What all commands share: common options, settings, and how results are shown.

Laws
- Results go to stdout, all else to stderr; with --json stdout holds one JSON object, of an error too.
- Every text passes config.printable on its way out: names come from a foreign catalogue. What is said of an error has
  no password in it, whoever says it.
"""

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from config import printable
from config.errors import Interrupted, MigrateError
from flows.local import commands

if TYPE_CHECKING:  # what a signature names is not worth waiting for
    from config.settings import Settings
    from engine.session.execution import Watch

NAME = "nxtgauge-migrate"
INTERRUPTED = 130
LOG = logging.getLogger("nxtgauge")


@dataclass
class GlobalOptions:
    """Options that may stand before or after the command's name. is_process: whether the process is the command's."""

    profile: str | None = None
    mapping: str | None = None
    masks: str | None = None
    is_json: bool = False
    is_verbose: bool = False
    is_process: bool = False


class Commands(click.Group):
    """Commands that end well where whoever reads stdout (head, less) has seen enough; click would end with 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value:
        setattr(context.obj, parameter.name, value)


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """--profile, --mapping, --masks, --json and -v, on the group and on every command alike."""
    folder, file = click.Path(exists=True, file_okay=False), click.Path(exists=True, dir_okay=False)
    options = (
        click.option("--profile", metavar="NAME|FILE", help="demo, staging (the default), production, or a TOML file."),
        click.option("--mapping", metavar="FOLDER", type=folder, help="Mapping files that go before the program's."),
        click.option("--masks", metavar="FILE", type=file, help="Masks of staging copies, in place of masks.toml."),
        click.option("--json", "is_json", is_flag=True, help="One JSON object on stdout."),
        click.option("-v", "--verbose", "is_verbose", is_flag=True, help="Debug log, and tracebacks of errors."),
    )
    made: Any = command
    for option in reversed(options):
        made = option(made)
    for parameter in made.__click_params__[-len(options) :]:
        parameter.expose_value, parameter.callback = False, _keep
    return click.pass_context(made)


def set_up(context: click.Context) -> None:
    """The environment of this process and of all that it starts, and its log."""
    from flows.local import environment, logs

    found = environment.read() if context.obj.is_process else None
    environment.choose(context.obj)
    commands.also(mapping=context.obj.mapping, masks=context.obj.masks)
    logs.set_up(context.obj.is_verbose)
    if found:
        LOG.info("%s", found)


certificate_option = click.option(
    "--certificate",
    metavar="FILE",
    type=click.Path(resolve_path=True),
    help="Migrate only as this rehearsal's certificate.json says.",
)


def settings_of(context: click.Context) -> "Settings":
    """The settings; from now on a signal asks the command to stop."""
    if context.obj.is_process:
        from engine.session.stop import STOP
        from flows.local import stopping

        stopping.hear(STOP)
    return settings_alone(context)


def settings_alone(context: click.Context) -> "Settings":
    """The settings of a command that deals with signals by itself, or leaves them to the system."""
    set_up(context)
    from config import settings
    from flows.demo import databases

    if remark := databases.taken(context.obj.profile):
        LOG.info("%s", remark)
    return settings.load(context.obj.profile)


def through_prefect(
    name: str, watch: "Watch | None", parameters: dict[str, Any], stopped: Callable[[], None] | None = None
) -> dict[str, Any] | None:
    """The flow's result, or None where no Prefect server answers and the caller has to do the work itself.

    name: of its module below flows.runs. stopped: see flows.runs.calls.Call.
    """
    from flows.local import prefect_server

    url = prefect_server.answering_url()
    if url is None:
        LOG.info("running plainly: %s", prefect_server.silence())
        return None
    if why := prefect_server.refused(url):
        LOG.warning("running plainly: %s", why)
        return None
    LOG.info("running as a Prefect flow on %s", url)
    prefect_server.use(url)
    from importlib import import_module

    from flows.runs import calls

    flow = getattr(import_module(f"flows.runs.{name}"), name.rpartition(".")[2])
    return calls.run(flow, watch, stopped, **parameters)


def show(context: click.Context, value: dict[str, Any], text: Callable[[], str]) -> None:
    if context.obj.is_json:
        print_json(value)
    else:
        click.echo(printable.block(commands.typed(text())))


def print_json(value: object) -> None:
    from flows.local import report

    click.echo(printable.json_text(report.to_json(value)))


def pairs(values: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in values.items() if value is not None)


def error_json(error: BaseException) -> dict[str, Any]:
    body = {"type": type(error).__name__, "message": message_of(error), "exit_code": exit_code_of(error)}
    faults = getattr(error, "faults", None)
    more = {"faults": [_redacted(fault) for fault in faults]} if faults else {}
    reports = reports_of(error)
    return {"error": body | more | ({"reports": reports} if reports else {})}


def reports_of(error: BaseException) -> list[str]:
    """Paths of what was written about a run that its gates refused."""
    report: dict[str, list[str]] = getattr(error, "report", None) or {}
    return report.get("reports", [])


def reportable(error: BaseException) -> BaseException:
    """The error. Prefect has one of its own for a signal that comes while a flow begins or ends: that is Interrupted.

    Errors: itself, if it is no error but the end of the process.
    """
    if isinstance(error, Exception | KeyboardInterrupt):
        return error
    from engine.session.stop import STOP

    if isinstance(error, SystemExit) or not STOP.is_set():
        raise error
    return Interrupted("stopped; `nxtgauge-migrate status` says what is there")


def exit_code_of(error: BaseException) -> int:
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return INTERRUPTED
    return getattr(error, "exit_code", 1)


def message_of(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return _redacted(error.format_message())
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return "interrupted"
    text = _redacted(str(error))
    return text if isinstance(error, MigrateError) else f"{type(error).__name__}: {text}".strip(": ")


def _redacted(text: str) -> str:
    from flows.local.logs import redacted

    return redacted(text)
