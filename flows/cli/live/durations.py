"""A span of time as a person types it: 30s, 2m, 1h, 500ms; a number alone is seconds."""

import math
import re
from collections.abc import Callable
from typing import Any

import click

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
WRITTEN = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)")


def option(name: str, **attributes: Any) -> Callable[..., Any]:
    """A click option whose value is seconds, more than 0; None where it has no default and is not given."""
    return click.option(name, metavar="DURATION", callback=_parsed, **attributes)


def _parsed(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    return None if value is None else seconds(value)


def seconds(text: str) -> float:
    """Errors: click.BadParameter."""
    found = WRITTEN.fullmatch(text.strip())
    unit = (found[2] or "s") if found else ""
    value = float(found[1]) * UNITS[unit] if found and unit in UNITS else 0.0
    if not value or math.isinf(value):
        raise click.BadParameter(f"{text!r} is no span of time; wanted one such as 30s, 2m or 500ms")
    return value


def spoken(seconds: float) -> str:
    """As it is typed: 10 s, 0.5 s, 2 min."""
    return f"{seconds / 60:g} min" if seconds >= 60 and not seconds % 60 else f"{seconds:g} s"
