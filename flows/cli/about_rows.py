"""Commands about single rows in the books: those that were rejected, notes, and links that were removed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from flows.cli.command import LOG, common, settings_of, show

if TYPE_CHECKING:  # what a signature names is not worth waiting for
    from config.settings import Settings
    from flows.cli.entries_shown import Shown

MOST = 20  # rows on a terminal


def listing(command: Callable[..., Any]) -> Any:
    """TABLE and the options that all lists of rows have."""
    options = (
        click.argument("table", required=False, metavar="[TABLE]"),
        click.option("--run", "run_id", metavar="ID", help="Of this run; by default of the latest that has books."),
        click.option("--csv", metavar="FILE", help="Write all of them to this file (mode 0600); - is standard output."),
        click.option("--show-values", is_flag=True, help="Show values of the rows: on a terminal, or to a file."),
        click.option("--limit", type=click.IntRange(min=0), default=MOST, help=f"Rows on a terminal; default {MOST}."),
    )
    made: Any = common(command)
    for option in reversed(options):
        made = option(made)
    return made


@click.command()
@click.option("--reason", "groups", multiple=True, metavar="REASON", help="Only rows that were rejected for it.")
@listing
def rejects(context: click.Context, **options: Any) -> int:
    """List the rejected rows of a run: key, reason, what it means and what to do."""
    return _list(context, "rejects", **options)


@click.command()
@click.option("--note", "groups", multiple=True, metavar="NOTE", help="Only notes that begin with it.")
@listing
def notes(context: click.Context, **options: Any) -> int:
    """List what was noted of rows that arrived: key, column, what it means and what to do."""
    return _list(context, "notes", **options)


@click.command()
@listing
def links(context: click.Context, **options: Any) -> int:
    """List the links that profiles may no longer hold, with their owners, so that these can be told."""
    return _list(context, "links", groups=(), **options)


def _list(context: click.Context, kind: str, csv: str | None, show_values: bool, limit: int, **asked: Any) -> int:
    has_values = _may_see(context, kind, csv, show_values)
    settings = settings_of(context)
    from flows.cli import entries_shown
    from flows.local import sheet

    if csv:
        sheet.require_file(csv)
    with _shown(settings, kind, has_values, **asked) as shown:
        if csv:
            _tell_sheet(context, csv, shown, sheet.write(csv, shown.head, shown.cells()))
        elif context.obj.is_json:
            entries_shown.print_json(shown, sys.stdout.write)
        else:
            show(context, {}, lambda: entries_shown.text(shown, limit))
    return 0


def _may_see(context: click.Context, kind: str, csv: str | None, show_values: bool) -> bool:
    """Whether values of rows are shown. What owners are told of is in their file, for nothing else is it made.

    Errors: UsageError where somebody else might read them.
    """
    is_file = csv not in (None, "-")
    if context.obj.is_json and csv == "-":
        raise click.UsageError("--json and --csv - both want standard output; leave one of them out")
    if not show_values:
        return is_file and kind == "links"
    if not is_file and (context.obj.is_json or not sys.stdout.isatty()):
        raise click.UsageError(
            "--show-values shows personal data: it needs a terminal and no --json, or a file: --csv FILE --show-values"
        )
    return True


@contextmanager
def _shown(settings: "Settings", kind: str, has_values: bool, **asked: Any) -> "Iterator[Shown]":
    """The entries, for as long as their session lives. Errors: ConfigError, PlanRefused, TargetError."""
    from checks.reading import books
    from engine import operations
    from flows.cli.entries_shown import Shown, counted

    with operations.entries(settings, kind, **asked) as (found, state):
        counts = found.counts()
        reasons = found.reasons(counts) if kind == "rejects" else {}
        counts = counts if has_values else counted(counts, found.kind.group)
        secret = books.secret(found.conn, found.run.run_id)
        yield Shown(found, state, has_values, found.key_types(), secret, counts, reasons)


def _tell_sheet(context: click.Context, csv: str, shown: "Shown", rows: int) -> None:
    run_id = shown.entries.run.run_id
    if csv == "-":
        LOG.info("%s of run %s: %d", shown.name, run_id, rows)
        return
    told = {"run_id": run_id, "rows": rows, "file": csv}
    show(context, told, lambda: f"run {run_id} ({shown.state}): {shown.counted}; written to {csv} (mode 0600)")
