"""Rows as CSV for a spreadsheet or a program: to a file of its owner's alone, or to standard output.

Laws
- RFC 4180: a comma between cells, CRLF behind a line, quotes where they have to be; UTF-8 without a mark in front.
- A spreadsheet runs no cell: text that begins as a formula does gets an apostrophe before it. A number stays a number.
- On a terminal nothing moves the cursor or hides (config.printable); a file keeps every character.
- A file appears whole or not at all, and is readable by its owner alone; its rows pass through, and are never held.
"""

import csv
import io
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from config import printable
from config.errors import ConfigError
from flows.local import private

STANDARD_OUTPUT = "-"
# What spreadsheets take as the beginning of a formula, in its full-width form too, or strip before they look.
FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def guarded(cell: object) -> str:
    """A cell as a spreadsheet may have it; None is empty."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def write(place: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write the sheet to a file, or to standard output for `-`; how many rows it has. Errors: ConfigError."""
    if place == STANDARD_OUTPUT:
        sys.stdout.flush()
        count = _poured(sys.stdout.buffer, head, rows, printable.line if sys.stdout.isatty() else str)
        sys.stdout.buffer.flush()
        return count
    path = Path(place)
    try:
        with private.writing(path) as file:
            return _poured(file, head, rows, str)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}; name another file with --csv") from None


def require_file(place: str) -> None:
    """Errors: ConfigError where something else than a file stands there: it would be replaced."""
    path = Path(place)
    if place != STANDARD_OUTPUT and (path.is_symlink() or (path.exists() and not path.is_file())):
        raise ConfigError(f"{place} is no file; name one with --csv FILE, or `--csv -` for standard output")


def _poured(file: BinaryIO, head: Sequence[str], rows: Iterable[Sequence[object]], shown: Callable[[str], str]) -> int:
    """How many rows there are below the head."""
    buffer, count = io.StringIO(newline=""), -1
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in itertools.chain([head], rows):
        writer.writerow([shown(guarded(cell)) for cell in row])
        file.write(buffer.getvalue().encode("utf-8", "backslashreplace"))
        buffer.seek(0)
        buffer.truncate()
        count += 1
    return count
