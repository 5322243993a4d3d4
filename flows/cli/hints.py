"""What a person is told who typed what does not exist, where the parser's own words would not help.

Laws
- A connection is no option, on purpose: who types one is told which variable to set. Its value is not repeated.
"""

import io

import click

from flows.local import commands

# Other names under which people look for a setting.
ALSO = {"--source": "source_url", "--target": "target_url", "--staging": "staging_url", "--schema": "target_schema"}
OF_CONNECTIONS = ("--dsn", "--url", "--host", "--port", "--user", "--username", "--password", "--dbname", "--database")
WHY = "the arguments of a program can be read by every user of the machine"


def told(error: BaseException) -> BaseException:
    """The error, in words that say what to do."""
    if not isinstance(error, click.NoSuchOption):
        return error
    option = error.option_name.partition("=")[0]
    from config.settings import VARIABLES  # heavy, and only needed where somebody has mistyped

    variable = VARIABLES.get(ALSO.get(option, option.removeprefix("--").replace("-", "_")))
    if option in OF_CONNECTIONS:
        variable = f"{VARIABLES['source_url']} and {VARIABLES['target_url']}"
    if variable is None:
        return error
    text = f"there is no {option} on purpose: {WHY}; set {variable} in the environment, or in a file .env here"
    return click.UsageError(text, ctx=error.ctx)


def usage(error: click.UsageError) -> str:
    """What the parser says of a wrong call, with commands as they have to be typed."""
    said = io.StringIO()
    error.show(file=said)
    return commands.typed(said.getvalue())
