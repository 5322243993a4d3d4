"""JSON documents, token by token: what is not masked stays to the letter, in whatever depth.

Laws
- The grammar is PostgreSQL's; what is no document is none here, and a text of its is masked until it is none either.
- Strings become what mask makes of them; names only where they are addresses or numbers themselves.
- A number keeps its spelling and its size; equal numbers, however spelled, stay equal.
"""

import json
import re
from collections.abc import Callable, Iterator
from enum import Enum

_SPACE = re.compile(r"[ \t\n\r]*+")
_TOKEN = re.compile(
    r'"(?P<string>[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+)"'
    r"|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)"
    r"|(?P<sign>[{}\[\],:])|true|false|null"
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
    pieces, end = [], 0
    for role, start, stop in found:
        raw = text[start:stop]
        new = number(raw) if role is Role.NUMBER else _respelled(raw, name if role is Role.NAME else string)
        if new != raw:
            pieces += text[end:start], new
            end = stop
    return "".join([*pieces, text[end:]])


def _respelled(raw: str, mask: Callable[[str], str]) -> str:
    """The inside of a string token, masked, and escaped as it was."""
    if "\\" not in raw:
        return mask(raw)
    text = json.loads(f'"{raw}"')
    new = mask(text)
    if new == text:
        return raw
    spelled = (_ASCII if "\\u" in raw else _PLAIN).encode(new)[1:-1]
    return spelled.replace("/", "\\/") if "\\/" in raw else spelled


def tokens(text: str) -> list[Token] | None:
    """The strings, names and numbers of a document in their order; None if it is none."""
    try:
        return list(_tokens(text))
    except _NoDocument:
        return None


class _NoDocument(Exception):
    pass


def _tokens(text: str) -> Iterator[Token]:
    wanted, opened, at = "value", [], _SPACE.match(text).end()
    while wanted != "nothing":
        found = _TOKEN.match(text, at)
        if not found:
            raise _NoDocument
        at = _SPACE.match(text, found.end()).end()
        sign = found["sign"]
        if sign is None:
            if found["string"] is not None:
                yield _string(wanted), *found.span("string")
            elif found["number"] is not None:
                yield Role.NUMBER, *found.span("number")
            wanted = _after_scalar(wanted, found["string"] is not None, opened)
        else:
            wanted = _after_sign(sign, wanted, opened)
    if at != len(text):
        raise _NoDocument


def _string(wanted: str) -> Role:
    return Role.NAME if wanted in ("name", "name or end") else Role.STRING


def _after_scalar(wanted: str, is_string: bool, opened: list[str]) -> str:
    if wanted in ("value", "value or end"):
        return "comma or end" if opened else "nothing"
    if is_string and wanted in ("name", "name or end"):
        return "colon"
    raise _NoDocument


def _after_sign(sign: str, wanted: str, opened: list[str]) -> str:
    if sign in "{[" and wanted in ("value", "value or end"):
        opened.append(sign)
        return "name or end" if sign == "{" else "value or end"
    if sign in "}]" and wanted.endswith("or end") and opened and (opened[-1] == "{") == (sign == "}"):
        opened.pop()
        return "comma or end" if opened else "nothing"
    if sign == "," and wanted == "comma or end" and opened:
        return "name" if opened[-1] == "{" else "value"
    if sign == ":" and wanted == "colon":
        return "value"
    raise _NoDocument
