"""JSON documents, masked token by token at any depth: all that is not masked stays unchanged.

Laws
- The grammar is PostgreSQL's. A text that is no document is masked as a text, until its mask is no document either.
- Strings are replaced by `mask`; so are names that may be personal.
- A number keeps its spelling and its size; equal numbers, however spelled, stay equal.
"""

import json
import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache

_TOKEN = re.compile(
    r"[ \t\n\r]*+(?:"
    r'"(?P<string>[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+)"'
    r"|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)"
    r"|(?P<literal>true|false|null)|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)|(?P<colon>:))"
)
_SPACE = " \t\n\r"
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_PLAIN = json.JSONEncoder(ensure_ascii=False)
_ASCII = json.JSONEncoder()


class Role(Enum):
    NAME = "name"
    STRING = "string"
    NUMBER = "number"


Token = tuple[Role, int, int]  # what it is, and where it stands; of a string what is between the quotes


def is_document(text: str) -> bool:
    """Whether a text is a JSON object or array."""
    return text.lstrip(" \t\n\r")[:1] in ("{", "[") and is_json(text)


def is_json(text: str) -> bool:
    """Whether PostgreSQL's json takes a text."""
    return tokens(text) is not None


def masked(text: str, string: Callable[[str], str], name: Callable[[str], str], number: Callable[[str], str]) -> str:
    """The document with its strings, names and numbers masked. ValueError: it is none."""
    found = tokens(text)
    if found is None:
        raise ValueError("a JSON document was wanted")
    pieces, end = list[str](), 0
    for role, start, stop in found:
        raw = text[start:stop]
        new = number(raw) if role is Role.NUMBER else _respelled(raw, name if role is Role.NAME else string)
        if new != raw:
            pieces += text[end:start], new
            end = stop
    return "".join([*pieces, text[end:]])


def _respelled(raw: str, mask: Callable[[str], str]) -> str:
    """The inside of a string token, masked; what was escaped is escaped again."""
    if "\\" not in raw:
        return mask(raw)
    text = json.loads(f'"{raw}"')
    new = mask(text)
    if len(new) != len(text):
        return (_ASCII if "\\u" in raw else _PLAIN).encode(new)[1:-1]
    spelled = zip(_CHARACTER.findall(raw), text, new, strict=True)
    return "".join(_spelled(unit, char) if char != old else unit for unit, old, char in spelled)


def _spelled(unit: str, char: str) -> str:
    """Another letter or digit, spelled like a unit."""
    return _ASCII.encode(char)[1:-1] if unit.startswith("\\u") else char


# What is wanted → what may come → what is wanted then; after the end of a value that depends on what is open.
_VALUE = {"string": "end", "number": "end", "literal": "end"}
_NEXT = {
    "value": _VALUE,
    "value or end": _VALUE,
    "name": {"string": "colon"},
    "name or end": {"string": "colon"},
    "colon": {"colon": "value"},
    "end": {},
}
_CLOSED = {"{": "}", "[": "]"}


@lru_cache(4)  # whoever asks whether a text is a document masks it next
def tokens(text: str) -> tuple[Token, ...] | None:
    """The strings, names and numbers of a document in their order; None if it is none."""
    found, opened, wanted, at = list[Token](), list[str](), "value", 0
    for token in _TOKEN.finditer(text):
        if token.start() != at or (wanted == "end" and not opened):
            return None
        at, kind = token.end(), str(token.lastgroup)
        if kind == "string":
            found.append((_string(wanted), *token.span(kind)))
        elif kind == "number":
            found.append((Role.NUMBER, *token.span(kind)))
        then = _NEXT[wanted].get(kind) or _around(token[kind], kind, wanted, opened)
        if then is None:
            return None
        wanted = then
    return tuple(found) if wanted == "end" and not opened and not text[at:].strip(_SPACE) else None


def _string(wanted: str) -> Role:
    return Role.NAME if wanted.startswith("name") else Role.STRING


def _around(sign: str, kind: str, wanted: str, opened: list[str]) -> str | None:
    """What is wanted after a bracket or a comma; None where none may stand. opened: the brackets around it."""
    if kind == "open" and wanted.startswith("value"):
        opened.append(sign)
        return "name or end" if sign == "{" else "value or end"
    if not opened:
        return None
    if kind == "close" and wanted.endswith("end") and _CLOSED[opened[-1]] == sign:
        opened.pop()
        return "end"
    if kind == "comma" and wanted == "end":
        return "name" if opened[-1] == "{" else "value"
    return None
