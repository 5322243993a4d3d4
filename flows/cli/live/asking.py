"""Questions to a person before something that cannot be taken back at once.

Laws
- What will be done, and the question, go to stderr.
- Without a terminal nobody can be asked: --yes answers.
"""

import select
import sys
from collections.abc import Sequence
from typing import TextIO

import click

from config import printable
from config.errors import PlanRefused
from flows.cli.rolling_back import NOT_ASKED

POLL_SECONDS = 0.2  # between two looks at whether somebody has asked to stop


def agree(told: str, yes: bool, stdin: TextIO, faults: Sequence[str] = ()) -> None:
    """Say what will be done; ask. faults: why it cannot be.

    Errors: PlanRefused where it cannot; click.UsageError without a terminal, click.Abort after a no.
    """
    click.echo(printable.block(told), err=True)
    if faults:
        raise PlanRefused(list(faults))
    if yes:
        return
    if not stdin.isatty():
        raise click.UsageError(NOT_ASKED)
    if not click.confirm("Go on?", err=True):
        click.echo("nothing was changed", err=True)
        raise click.Abort


def wait_for_enter(told: str) -> None:
    """Say it, and wait until the person presses Enter. Errors: Interrupted, once somebody has asked to stop."""
    from engine.session.stop import STOP

    click.echo(printable.block(told), err=True)
    while not select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
        STOP.check()
    sys.stdin.readline()
    STOP.check()
