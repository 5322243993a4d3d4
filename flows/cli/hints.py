"""What a person is told who typed what does not exist, where the parser's own words would not help.

Laws
- A connection is no option and no argument, on purpose: who types one is told which variable to set. It is looked for
  before anything is made of the arguments, whatever the command, and its value is not repeated.
- Whatever the parser says of a wrong call, which it quotes, has no password in it.
"""

import io
import re
from collections.abc import Sequence

import click

from flows.local import commands

# Other names under which people look for a setting.
ALSO = {
    "--source": "source_url", "--target": "target_url", "--staging": "staging_url", "--fence": "fence_url",
    "--schema": "target_schema",
}  # fmt: skip
OF_CONNECTIONS = ("--dsn", "--url", "--host", "--port", "--user", "--username", "--password", "--dbname", "--database")
WHY = "the arguments of a program can be read by every user of the machine"
# A URL of PostgreSQL, one of anything that holds a password, or keywords as libpq takes them.
CONNECTION = re.compile(
    r"""
    ^\s* postgres(?:ql)? (?:\+\w+)? :/
    | [a-z][a-z0-9+.-]* :/{1,2} [^\s:/@]* : \S* @
    | ^\s* (?: host | hostaddr | port | user | dbname | service | passfile | sslmode ) \s*=
    | \b \w* password \s*=
    """,
    re.IGNORECASE | re.VERBOSE,
)


def refuse_connections(arguments: Sequence[str]) -> None:
    """Errors: click.UsageError if one of the arguments is a connection, or an option has one as its value."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        option, value = _parts(before, argument)
        if CONNECTION.search(value) or CONNECTION.search(option):
            variable = _variable(option) or _variable("--url")
            raise click.UsageError(
                f"a connection is no argument, on purpose: {WHY}; set {variable} in the environment, or in a file .env "
                "here; a password that has been typed may stand in the shell's history, too"
            )


def _parts(before: str, argument: str) -> tuple[str, str]:
    """The option that an argument holds or follows, and what may be its value."""
    if argument.startswith("--"):
        option, _, value = argument.partition("=")
        return option, value
    return (argument[:2], argument[2:]) if argument.startswith("-") else (before, argument)


def told(error: BaseException) -> BaseException:
    """The error, in words that say what to do."""
    if not isinstance(error, click.NoSuchOption):
        return error
    option = error.option_name.partition("=")[0]
    variable = _variable(option)
    if variable is None:
        return error
    text = f"there is no {option} on purpose: {WHY}; set {variable} in the environment, or in a file .env here"
    return click.UsageError(text, ctx=error.ctx)


def _variable(option: str) -> str | None:
    """The variable that says what somebody looks for under this name."""
    from config.settings import VARIABLES  # heavy, and only needed where somebody has mistyped

    if option in OF_CONNECTIONS:
        return f"{VARIABLES['source_url']} and {VARIABLES['target_url']}"
    return VARIABLES.get(ALSO.get(option, option.removeprefix("--").replace("-", "_")))


def usage(error: click.UsageError) -> str:
    """What the parser says of a wrong call, with commands as they have to be typed."""
    said = io.StringIO()
    error.show(file=said)
    from flows.local.logs import redacted

    return commands.typed(redacted(said.getvalue()))
