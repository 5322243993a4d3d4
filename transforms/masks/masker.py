"""The masks by kind: each looks at the form of a value and uses the mask of that form.

Laws
- A value is masked by its own form, whatever column it is in; one that is not of its column's form is masked as a text.
- A text that is no address, link or document is masked again until its mask is none either.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import get_args

from config.masks import Masked
from transforms.masks import addresses, arrays, documents, figures, letters, people, shapes, texts
from transforms.masks.keyed import Keyed
from transforms.masks.texts import Texts

Mask = Callable[[str], str]

KINDS = (*get_args(Masked), "keep")
REMEMBERED, SHORT = 16_384, 100  # values of each kind, and their characters at most
ENDLESS = ("infinity", "-infinity")
BLANK = re.compile(r"\s")
LONGEST_PHONE = 13  # digits, with a country code


class Masker:
    """Masks under one key. Threads may share it."""

    def __init__(self, key: bytes):
        """key: secret, of one byte or more."""
        self._keyed = Keyed(key)
        self._plain = Texts(self._keyed, "text", letters.of_text()).masked
        self._spoken = Texts(self._keyed, "name", letters.of_names()).masked
        self._hexed = Texts(self._keyed, "hex", letters.of_hex(), has_contacts=False).masked
        self._any_string = _remembered(_trimmed(self._string, None))
        self._known = lru_cache(None)(self._made)

    def function(self, kind: str, limit: int | None = None) -> Mask:
        """The mask of a kind (config.masks.Kind, but for null and unknown: ValueError).

        It takes PostgreSQL's text output, never None. limit: the most characters that the column takes.
        """
        return self._known(kind, limit)

    def array(self, kind: str, limit: int | None = None) -> Mask:
        """The same for the text of an array of that kind: its elements are masked; NULLs, bounds and shape stay."""
        return partial(arrays.masked, mask=self.function(kind, limit), together=self._plain)

    def _made(self, kind: str, limit: int | None) -> Mask:
        if kind not in KINDS:
            raise ValueError(f"no value can be masked as {kind!r}; wanted one of {', '.join(KINDS)}")
        return str if kind == "keep" else _remembered(_trimmed(getattr(self, f"_{kind}"), limit))

    # Each of these takes a text that neither begins nor ends with white space, and how long it may become.

    def _text(self, text: str, limit: int | None) -> str:
        return self._shaped(text, limit) or _until_plain(text, self._plain)

    def _shaped(self, text: str, limit: int | None) -> str | None:
        """The mask of a text that is more than a text; None if it is not."""
        shape = shapes.of(text)
        if shape == "uuid":
            return self._hexed(text)
        return getattr(self, f"_{shape}")(text, limit) if shape else None

    def _email(self, text: str, limit: int | None) -> str:
        if shapes.LOOSE_EMAIL.fullmatch(text):
            return people.email(self._keyed, text, limit, self._plain)
        return self._text(text, limit)

    def _phone(self, text: str, limit: int | None) -> str:
        is_phone = len(text) <= texts.WHOLE and shapes.is_phone(text)
        return figures.phone(self._keyed, text) if is_phone else self._text(text, limit)

    def _name(self, text: str, limit: int | None) -> str:
        made = people.name(self._keyed, text, limit, self._plain)
        return made or self._shaped(text, limit) or _until_plain(text, self._spoken)

    def _id(self, text: str, limit: int | None) -> str:
        """Of what may refer to something: UUIDs and short numbers stay."""
        is_short = text.isdecimal() and len(text) < figures.LONG_NUMBER
        return text if is_short or shapes.UUID.fullmatch(text) else self._text(text, limit)

    def _code(self, text: str, limit: int | None) -> str:
        """Codes stay; what is none becomes none."""
        if shapes.is_code(text):
            return text
        new = self._text(text, limit)
        while shapes.is_code(new):
            new = self._text(new, limit)
        return new

    def _ip(self, text: str, limit: int | None) -> str:
        if shapes.is_address(text):
            return addresses.ip(self._keyed, text, limit, self._hexed)
        new = self._text(text, limit)
        while shapes.is_address(new):
            new = self._text(new, limit)
        return new

    def _url(self, text: str, limit: int | None) -> str:
        return addresses.url(self._keyed, text, limit, self._plain)

    def _date(self, text: str, limit: int | None) -> str:
        if text in ENDLESS:
            return text
        dated = shapes.day_of(text)
        return figures.day(self._keyed, *dated) if dated else self._text(text, limit)

    def _number(self, text: str, limit: int | None) -> str:
        return figures.number(self._keyed, text) if shapes.NUMBER.fullmatch(text) else self._text(text, limit)

    def _hex(self, text: str, limit: int | None) -> str:
        """Of what is no number of a machine, letters beyond f would stay."""
        if shapes.HEX.fullmatch(text):
            return self._hexed(text)
        new = self._text(text, limit)
        while shapes.HEX.fullmatch(new):
            new = self._text(new, limit)
        return new

    def _bytes(self, text: str, limit: int | None) -> str:
        r"""\x and hexadecimal digits."""
        return text[:2] + self._hexed(text[2:])

    def _json(self, text: str, limit: int | None) -> str:
        if documents.is_json(text):
            return self._document(text, limit)
        new = self._text(text, limit)
        while documents.is_json(new):
            new = self._text(new, limit)
        return new

    def _document(self, text: str, limit: int | None) -> str:
        """Without room for strings that grow, each keeps its length."""
        number = partial(figures.document_number, self._keyed)

        def masked(string: Mask) -> str:
            return documents.masked(text, string, partial(self._field, mask=string), number)

        new = masked(self._any_string)
        return new if limit is None or len(new) <= limit else masked(self._plain)

    def _string(self, text: str, limit: int | None) -> str:
        """Of a string in a document: a UUID refers to something, and a number may be one of a phone column."""
        if shapes.UUID.fullmatch(text):
            return text
        is_phone = shapes.is_phone(text) and figures.LONG_NUMBER <= shapes.digits(text) <= LONGEST_PHONE
        if is_phone and not shapes.of(text):
            return _until_plain(text, partial(figures.phone, self._keyed))
        return self._text(text, limit)

    def _field(self, text: str, mask: Mask) -> str:
        """The name of a field, which stays unless it is, or may be, somebody's: a program's own have no blanks."""
        may_be_somebodys = BLANK.search(text) or shapes.RUN.search(text) or next(shapes.addresses(text), None)
        return mask(text) if may_be_somebodys else text


def _until_plain(text: str, mask: Mask) -> str:
    new = mask(text)
    while shapes.of(new):
        new = mask(new)
    return new


def _trimmed(mask: Callable[[str, int | None], str], limit: int | None) -> Mask:
    """The mask of what stands between the white space at both ends, which stays."""

    def trimmed(text: str) -> str:
        core = text.strip()
        if len(core) == len(text):
            return mask(text, limit) if text else text
        if not core:
            return text
        start = len(text) - len(text.lstrip())
        end = start + len(core)
        room = None if limit is None else limit - len(text) + len(core)
        return text[:start] + mask(core, room) + text[end:]

    return trimmed


def _remembered(mask: Mask) -> Mask:
    known = lru_cache(REMEMBERED)(mask)
    return lambda text: known(text) if len(text) <= SHORT else mask(text)
