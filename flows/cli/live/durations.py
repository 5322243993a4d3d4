"""A span of time as a person types it: 30s, 2m, 1h, 500ms; a number alone is seconds."""

import math
import re

import click

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
WRITTEN = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)")


class Duration(click.ParamType):
    """Seconds, more than 0."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Errors: click.BadParameter."""
        found = WRITTEN.fullmatch(str(value).strip())
        unit = (found[2] or "s") if found else ""
        seconds = float(found[1]) * UNITS[unit] if found and unit in UNITS else 0.0
        if not seconds or math.isinf(seconds):
            self.fail(f"{value!r} is no span of time; wanted one such as 30s, 2m or 500ms", param, ctx)
        return seconds


DURATION = Duration()


def spoken(seconds: float) -> str:
    """As it is typed: 10 s, 0.5 s, 2 min."""
    return f"{seconds / 60:g} min" if seconds >= 60 and not seconds % 60 else f"{seconds:g} s"
