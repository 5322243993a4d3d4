"""Arrays as PostgreSQL prints them: the elements masked; bounds, shape and NULLs stay."""

import re
from collections.abc import Callable

_BOUNDS = re.compile(r"(?:\[[+-]?[0-9]+:[+-]?[0-9]+\])+=")
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*+)"|[^{},"\\\s][^{},"\\]*+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE = re.compile(r'(["\\])')


def masked(text: str, mask: Callable[[str], str]) -> str:
    """The text of an array whose delimiter is the comma, each element masked by mask and quoted."""
    bounds = _BOUNDS.match(text)
    start = bounds.end() if bounds else 0
    return text[:start] + _ELEMENT.sub(lambda element: _element(element, mask), text[start:])


def _element(found: re.Match, mask: Callable[[str], str]) -> str:
    if found[1] is None and found[0].upper() == "NULL":
        return found[0]
    value = found[0] if found[1] is None else _ESCAPED.sub(r"\1", found[1])
    escaped = _TO_ESCAPE.sub(r"\\\1", mask(value))
    return f'"{escaped}"'
