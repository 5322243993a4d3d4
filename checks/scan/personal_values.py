"""Personal values inside a text: email addresses and phone numbers, however they are written there.

Laws
- Both sides are read by the same rules, so that an address in the source is the same address in the copy.
- An address counts in lower case; a number by its last ten digits, or by all of them if it has seven to nine. Blanks,
  dots, dashes and parentheses between the digits of a number count for nothing.
- Characters around an address or a number do not hide it; digits of a UUID or of a hash are no number.
"""

import html
import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote

LONGEST_LOCAL, LONGEST_DOMAIN = 64, 255  # RFC 5321, 4.5.3.1
LOCAL = re.compile(r"[\w.%+-]+\Z")
DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+")
BOUNDS = re.compile(r"[._%+-]+")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)  # of JSON, hstore and composites inside a text

SEPARATORS = r"[\s.()\u2010-\u2015\u2212-]{0,4}"
RUN = re.compile(rf"[0-9](?:{SEPARATORS}[0-9]){{6,}}")
GROUP = re.compile("[0-9]+")
WHOLE, SHORTEST = 10, 7  # digits
# A UUID, or a hash: hexadecimal digits in a row, with letters among them.
IDS = re.compile(
    r"(?<![0-9a-f])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{32,})(?![0-9a-f])",
    re.IGNORECASE,
)
# Numbers that stand for no number: they are nobody's, and stand everywhere.
COUNTED = ("0123456789", "1234567890", "9876543210")


WORD = re.compile(r"[^\W_]+")
LONGEST_VALUE = 200  # characters; a longer one is compared to the letter
SHORTEST_VALUE, SHORTEST_NAME = 8, 5  # characters
PHRASE = (2, 3, 4)  # words

AT = r"@|%40|&#|\\u00"  # what a text with an address has in it, as a regular expression of either kind


def may_hold_email(text: str) -> bool:
    return "@" in text or "%40" in text or "&#" in text or "\\u00" in text


def emails(text: str) -> Iterator[str]:
    """Every address in a text, in lower case, at its longest."""
    for local, domain in _addresses(text):
        yield f"{local}@{domain}"


def possible_emails(text: str) -> Iterator[str]:
    """Every address that may be meant: `to-asha@x.in` may be asha@x.in, and `asha@x.in-2` too."""
    for local, domain in _addresses(text):
        locals_ = [local, *(local[bound.end() :] for bound in BOUNDS.finditer(local))]
        domains = [domain, *(d for bound in BOUNDS.finditer(domain) if "." in (d := domain[: bound.start()]))]
        yield from (f"{left}@{right}" for left in locals_ for right in domains)


def _addresses(text: str) -> Iterator[tuple[str, str]]:
    text = _readable(text)
    if "@" not in text:
        return
    parts = text.split("@")  # outwards from the @: no long word is read twice
    for left, right in pairwise(parts):
        local, domain = LOCAL.search(left[-LONGEST_LOCAL:]), DOMAIN.match(right[:LONGEST_DOMAIN])
        found = local and local[0].lstrip("._%+-")
        if found and domain:
            yield found.casefold(), domain[0].rstrip("_-").casefold()


def _readable(text: str) -> str:
    """The text without what hides the @ or sticks to an address: escapes of URLs, of XML and of JSON."""
    if "%40" in text:
        text = unquote(text)
    if "&#" in text:
        text = html.unescape(text)
    if "\\" in text:
        text = ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else " ", text)
    return text


def words(text: str) -> str:
    """The words of a text, in small letters and with one blank between: Asha Rao and asha-rao are the same name."""
    return " ".join(WORD.findall(text.casefold())) if len(text) <= LONGEST_VALUE else text


def is_telling(words: str) -> bool:
    """Whether words may identify somebody: at least eight characters, or two words and five characters."""
    if len(words) >= SHORTEST_VALUE:
        return True
    return len(words) >= SHORTEST_NAME and any(len(word) > 2 and word.isalpha() for word in words.split(" ")[1:])


def phrases(text: str) -> set[str]:
    """The words of a text, and each two to four of them in a row: what may be somebody's name in it."""
    found = WORD.findall(text.casefold())
    inner = {" ".join(found[at : at + size]) for size in PHRASE for at in range(len(found) - size + 1)}
    return inner | {words(text)}


def runs(text: str) -> list[str]:
    """Stretches of seven digits and more, with what separates them."""
    return RUN.findall(text)


def numbers(text: str) -> set[str]:
    """The numbers that the cell of a phone column holds."""
    found = set()
    for run in runs(text):
        groups = GROUP.findall(run)
        found.add("".join(groups)[-WHOLE:])
        found |= {group[-WHOLE:] for group in groups if len(group) >= WHOLE}
    return {number for number in found if not _is_placeholder(number)}


def _is_placeholder(number: str) -> bool:
    return len(set(number)) == 1 or any(number in counted for counted in COUNTED)


def windows(run: str, lengths: set[int]) -> list[str]:
    """What may be a number in a run of digits: any ten of them in a row; fewer, where they stand by themselves."""
    groups = GROUP.findall(run)
    digits = "".join(groups)
    found = [digits[start : start + WHOLE] for start in range(len(digits) - WHOLE + 1)] if WHOLE in lengths else []
    if len(lengths) > (WHOLE in lengths):
        found += [part for part in _parts(groups) if len(part) in lengths]
    return found


def _parts(groups: list[str]) -> list[str]:
    """Groups of digits, alone and joined with those that follow, of less than ten digits."""
    found = []
    for first in range(len(groups)):
        part = ""
        for group in groups[first:]:
            part += group
            if len(part) >= WHOLE:
                break
            found.append(part)
    return found


def holds(text: str, number: str) -> bool:
    """Whether the number stands in the text, UUIDs and hashes aside."""
    return any(number in windows(run, {len(number)}) for run in runs(IDS.sub("_", text)))
