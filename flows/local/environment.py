"""The environment that a command works in: its own, a file .env in the current folder, and what its options name.

Laws
- A variable of the environment goes before the same one in .env; an option goes before both.
- Of .env only variables count that the program, Prefect or libpq reads: no file of the current folder decides which
  programs are run. What was taken is told by name, and no value ever is.
"""

import os
from pathlib import Path
from typing import Protocol

from config.errors import ConfigError
from config.origins import VARIABLES

FILE = ".env"
OURS = ("NXTGAUGE_", "PREFECT_", "PG")


class Choice(Protocol):
    """Options that say which files hold."""

    mapping: str | None
    masks: str | None


def read() -> str | None:
    """Adds what .env says to the environment; the sentence that says so. Errors: ConfigError."""
    path = Path(FILE)
    if not path.is_file():
        return None
    given = {name: value for name, value in _values(path).items() if name.startswith(OURS) and value}
    taken = sorted(name for name in given if not os.environ.get(name))
    os.environ.update({name: given[name] for name in taken})
    kept = [f"{name} (the environment has another)" for name in sorted(given.keys() - {*taken})]
    return f"from {path.absolute()}: {', '.join([*taken, *kept])}" if given else None


def _values(path: Path) -> dict[str, str | None]:
    from dotenv import dotenv_values

    try:
        return dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.absolute()} cannot be read ({error}); wanted lines NAME=VALUE in UTF-8") from None


def choose(options: Choice) -> None:
    """Mapping and masks as the options name them, for this process and those that it starts."""
    for name, value in (("mapping", options.mapping), ("masks", options.masks)):
        if value:
            os.environ[VARIABLES[name]] = str(Path(value).absolute())
