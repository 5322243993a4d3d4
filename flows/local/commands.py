"""Commands as a person has to type them here: a hint names the program and what its run was told, or it would fail.

Laws
- Texts name the program nxtgauge-migrate, wherever they are made; on their way to a terminal or a log file commands in
  them get the way by which the program was called, and what this process was told of files and databases.
- A profile that a text names itself stays.
- Files that travel (reports, JSON) and what Prefect records stay as they are.
"""

import re
import shlex
import shutil
import sys
from pathlib import Path

NAME = "nxtgauge-migrate"
_COMMAND = re.compile(rf"(?<![\w/.-]){NAME}(?= (?:-|(?P<name>[a-z]+)\b))")
_told: dict[str, str] = {}
_names: set[str] = set()


def begin(names: set[str], **options: str | None) -> None:
    """From now on commands are shown as they have to be typed. names: of all commands; options: what they need."""
    _names.clear()
    _told.clear()
    _names.update(names)
    also(**options)


def also(**options: str | None) -> None:
    """Further options that commands need."""
    _told.update({f"--{name}": value for name, value in options.items() if value})


def typed(text: str) -> str:
    """The text with its commands as they have to be typed."""
    return _COMMAND.sub(lambda match: _typed(match, text), text) if _names else text


def _typed(match: re.Match[str], text: str) -> str:
    if match["name"] and match["name"] not in _names:
        return match[0]
    own = text[match.end() :].split("`", maxsplit=1)[0].split("\n", maxsplit=1)[0].split()
    told = [word for option, value in _told.items() if option not in own for word in (option, shlex.quote(value))]
    return " ".join((program(), *told))


def program() -> str:
    """The program's name where a shell finds this very program under it, else its path."""
    own, found = Path(sys.argv[0]), shutil.which(NAME)
    if own.name != NAME or not own.is_file() or (found and own.samefile(found)):
        return NAME
    own, here = own.absolute(), Path.cwd()
    if own.parent == here:
        return f"./{NAME}"
    return str(own.relative_to(here)) if own.is_relative_to(here) else str(own)
