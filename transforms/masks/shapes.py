"""What a text is by its form: an address, a link, a document, a date, or just a text.

Law: whether a text is an email address, a link or a phone number depends on nothing that a text's mask changes; for the
other shapes, a text is masked until its mask has none of them.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

from transforms.audit import IPV4, is_ipv6
from transforms.masks import documents

Shape = Literal["email", "url", "uuid", "ip", "date", "json"]

LONGEST = 2048  # characters of a text that may be anything but a document or a text

AT = re.compile("@")
LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]++\Z")
DOMAIN = re.compile(r"\w[\w-]*+(?:\.[\w-]++)*+")
LONGEST_LOCAL, LONGEST_DOMAIN = 64, 255  # RFC 5321
# No control characters: a mask that drops one could make a bad document a good one.
EMAIL = re.compile(rf"{LOCAL.pattern[:-2]}@{DOMAIN.pattern}")
LOOSE_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://\S*[^\W_]\S*")
UUID = re.compile(
    r"\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)
HASH = re.compile("[0-9a-f]{32}|[0-9A-F]{32}")  # a UUID without its hyphens looks the same
# A number of a machine, as PostgreSQL takes one for macaddr, or a UUID, or eight digits and more without separators.
HEX = re.compile(
    rf"[0-9a-f]{{8,}}|[0-9a-f]{{2}}(?:[:-][0-9a-f]{{2}}){{3,}}|[0-9a-f]{{4}}(?:[.-][0-9a-f]{{4}})+"
    rf"|[0-9a-f]{{6}}[:-][0-9a-f]{{6}}|{UUID.pattern}",
    re.IGNORECASE | re.ASCII,
)
QUAD = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?")
INET = re.compile(IPV4)
DATE = re.compile(
    r"([0-9]{4,6})-([0-9]{2})-([0-9]{2})"
    r"((?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?(?: ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2}){0,2}))?)( BC)?"
)
SEPARATORS = r"\s.()\u2010-\u2015\u2212\-"
PHONE = re.compile(rf"[+]?[{SEPARATORS}/]*[0-9][0-9{SEPARATORS}/]*")
RUN = re.compile(rf"[0-9](?:[{SEPARATORS}]{{0,4}}[0-9]){{6,}}")
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]*)?")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+&-]{0,39}")  # one word, as programs write it
LONGEST_RUN = 24  # digits; what is longer is no number that anybody calls
SHORTEST_RUN = 7


def of(text: str) -> Shape | None:
    """The shape of a text without white space at its ends."""
    if text[0] in "{[" and documents.is_document(text):
        return "json"
    if len(text) > LONGEST:
        return None
    if "@" in text and EMAIL.fullmatch(text):
        return "email"
    if ":" in text or "." in text:
        if URL.fullmatch(text):
            return "url"
        if is_plain_address(text):
            return "ip"
    if "-" in text:
        if UUID.fullmatch(text):
            return "uuid"
        if day_of(text):
            return "date"
    return "uuid" if len(text) == 32 and HASH.fullmatch(text) else None


def is_code(text: str) -> bool:
    """Whether a program may know the text: one short word without a long number, or a UUID; no link, no address."""
    if UUID.fullmatch(text):
        return True
    return CODE.fullmatch(text) is not None and RUN.search(text) is None and of(text) is None


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Where email addresses stand in a text."""
    for sign in AT.finditer(text):
        at = sign.start()
        local = LOCAL.search(text, max(0, at - LONGEST_LOCAL), at)
        domain = DOMAIN.match(text, at + 1, at + 1 + LONGEST_DOMAIN)
        if local and domain:
            yield local.start(), domain.end()


def is_plain_address(text: str) -> bool:
    """Whether a text is an address to anybody: PostgreSQL also takes 10/8 for one."""
    if text.count(":") > 1:
        return is_ipv6(text)
    return QUAD.fullmatch(text) is not None and is_address(text)


def is_address(text: str) -> bool:
    """Whether PostgreSQL's inet takes a text."""
    return is_ipv6(text) if ":" in text else INET.fullmatch(text) is not None


def day_of(text: str) -> tuple[re.Match[str], date] | None:
    """The parts of an ISO date or time, and its day; in a year that Python lacks, the day of one like it."""
    found = DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = map(int, found.group(1, 2, 3))
    if found[5]:
        year = 1 - year
    if not 1 <= year <= 9999:
        year = 2000 + year % 400
    try:
        return found, date(year, month, day)
    except ValueError:
        return None


def is_phone(text: str) -> bool:
    return PHONE.fullmatch(text) is not None


def digits(text: str) -> int:
    return sum(map(str.isdigit, text))
