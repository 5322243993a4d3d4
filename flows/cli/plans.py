"""The command `plan`: as text, as JSON, as a difference, and as a page to be signed."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config import printable
from config.errors import ConfigError, PlanRefused
from flows.cli import completion
from flows.cli.command import certificate_option, common, error_json, settings_of, show

if TYPE_CHECKING:  # what a signature names is not worth waiting for
    from engine.planning.plan import Plan, TablePlan
    from engine.start.survey import Survey


@click.command()
@click.argument("tables", nargs=-1, metavar="[TABLE]…", shell_complete=completion.tables)
@click.option("--full", "is_full", is_flag=True, help="Every table, column and definition, not an overview.")
@click.option("--diff", "is_diff", is_flag=True, help="What changes, by table and column; of a TABLE all of it.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, resolve_path=True, path_type=Path),
    help="Write a page with both schemas drawn beside each other, to be read and signed.",
)
@certificate_option
@common
def plan(
    context: click.Context,
    tables: tuple[str, ...],
    is_full: bool,
    is_diff: bool,
    page: Path | None,
    certificate: str | None,
) -> int:
    """Say what will become of every table and column, and all that a migration would be refused for."""
    settings = settings_of(context)
    from engine import describe
    from engine.start import survey

    found = survey.survey(settings, certificate)
    only, new = _wanted(found.plan, tables)
    error = PlanRefused(list(found.faults)) if found.faults else survey.busy(found)
    if page:
        _write(found, page)
    known = describe.survey_json(found) | (error_json(error) if error else {}) if context.obj.is_json else {}
    known |= {"html": str(page)} if page else {}
    written = f"\n\npage: {page}" if page else ""
    show(context, known, lambda: describe.survey_text(found, is_full, only, new, is_diff) + written)
    return error.exit_code if error else 0


def _write(found: "Survey", page: Path) -> None:
    """Errors: ConfigError where the file cannot be written."""
    from datetime import UTC, datetime

    from flows.local import private
    from flows.local.logs import redacted
    from flows.pages import plan as plan_page

    harmless = replace(found, faults=tuple(map(redacted, found.faults)))
    try:
        private.write(page, plan_page.render(harmless, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"))
    except OSError as error:
        raise ConfigError(
            f"{page} cannot be written: {error.strerror}; name a file in a folder that is there"
        ) from None


def _wanted(plan: "Plan", tables: tuple[str, ...]) -> "tuple[list[TablePlan], list[str]]":
    """The legacy tables of these names, and the new tables. Errors: UsageError."""
    from engine import describe

    only: list[TablePlan] = []
    new: list[str] = []
    for name in tables:
        if name in describe.new_tables(plan):
            new.append(name)
        elif found := describe.meant(plan, name):
            only += found
        else:
            fault = f"there is no table {name} in source or target; {describe.near(plan, name)}"
            raise click.UsageError(printable.line(fault))
    return only, new
