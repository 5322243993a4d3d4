"""Arrays as PostgreSQL prints them: the elements masked; bounds, shape and NULLs stay.

Laws
- Elements are masked one by one. Those behind the first WHOLE characters are masked together, as one long text
  (transforms.masks.texts), so that repetitions stay and an index that took the original takes the mask. A value that
  the mask of one element keeps is kept there, too.
"""

import re
from collections.abc import Callable

from transforms.masks import texts

Mask = Callable[[str], str]

WHOLE = 1_000  # characters of an array's text; elements take some ten bytes of an index's 2,700 beside their letters
_BOUNDS = re.compile(r"(?:\[[+-]?[0-9]+:[+-]?[0-9]+\])+=")
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*+)"|[^{},"\\\s][^{},"\\]*+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE = re.compile(r'(["\\])')


def masked(text: str, mask: Mask, together: Mask) -> str:
    """The text of an array whose delimiter is the comma, each element masked by mask and quoted.

    together: the mask of a long text, which keeps lengths.
    """
    bounds = _BOUNDS.match(text)
    start = bounds.end() if bounds else 0
    found = [element for element in _ELEMENT.finditer(text, start) if not _is_null(element)]
    old = [_value(element) for element in found]
    first = next((at for at, element in enumerate(found) if element.start() > WHOLE), len(found))
    new = [*map(mask, old[:first]), *_together(old[first:], mask, together)]
    pieces, end = list[str](), 0
    for element, value in zip(found, new, strict=True):
        pieces += text[end : element.start()], _quoted(value)
        end = element.end()
    return "".join([*pieces, text[end:]])


def _together(old: list[str], mask: Mask, together: Mask) -> list[str]:
    """Elements masked as one text, too short ones by themselves."""
    alone = [mask(value) for value in old]
    changed = [at for at, value in enumerate(alone) if value != old[at]]
    if sum(len(old[at]) for at in changed) <= texts.WHOLE:
        return alone
    made = texts.in_pieces([old[at] for at in changed], together)
    for at, value in zip(changed, made, strict=True):
        if value != old[at]:
            alone[at] = value
    return alone


def _is_null(found: re.Match[str]) -> bool:
    return found[1] is None and found[0].upper() == "NULL"


def _value(found: re.Match[str]) -> str:
    return found[0] if found[1] is None else _ESCAPED.sub(r"\1", found[1])


def _quoted(value: str) -> str:
    escaped = _TO_ESCAPE.sub(r"\\\1", value)
    return f'"{escaped}"'
