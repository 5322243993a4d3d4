"""The masks of digits: phone numbers, numbers in documents, dates."""

import re
from calendar import isleap
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial

from transforms.masks.keyed import Keyed

NATIONAL = 10  # digits of a number without what is dialled before it
SHORTEST_NATIONAL = 6
WHOLE, MOVED = 500, 40  # digits: behind its first a longer number has zeros, for the reason in texts.WHOLE
LONG_NUMBER = 7  # digits; shorter ones say nothing of anybody

# The country codes of one and two digits (ITU-T E.164); all others have three.
SHORT_CODES = re.compile("1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")

# The first digit of a number says what kind of number it is: a trunk's 0, a landline, in India a mobile.
FIRST_DIGITS = ("0", "12345", "6789")

ANY = "0123456789"
MOST = {5: "32767", 10: "2147483647", 19: "9223372036854775807"}  # the ends of smallint, integer and bigint

_DIGIT = re.compile("[0-9]")
_COUNTED = re.compile("[1-9](?:[0-9.]*[1-9])?")  # of a number, from the first digit that is not 0 to the last
_LONGEST_EXPONENT = 9  # characters

_WEEKS = {365: (5, 73), 366: (6, 61)}  # days of a year as a grid


def phone(keyed: Keyed, text: str) -> str:
    """Replaces digits by digits; keeps a country code and all digits before the last ten."""
    digits = _DIGIT.findall(text)
    first = max(len(digits) - NATIONAL, _code_length(digits) if text.lstrip()[0] == "+" else 0)
    new = _within_types("".join(digits[first:]), partial(_moved_number, keyed))
    moved = iter([*digits[:first], *new])
    return _DIGIT.sub(lambda _: next(moved), text)


def _code_length(digits: list[str]) -> int:
    short = SHORT_CODES.match("".join(digits[:2]))
    length = short.end() if short else 3
    return length if len(digits) - length >= SHORTEST_NATIONAL else 0


def _moved_number(keyed: Keyed, digits: str) -> str:
    kinds = [ANY] * len(digits)
    if len(digits) > 1:
        kinds[0] = next(kind for kind in FIRST_DIGITS if digits[0] in kind)
    return "".join(_moved(keyed, "phone", digits, kinds))


def number(keyed: Keyed, text: str) -> str:
    """Another number of as many digits, which fits into the same integer types; its zeros at either end stay."""
    if len(text) == 1:
        return _moved(keyed, "number", text, [ANY])[0]
    return _within_types(text, partial(_recounted, keyed))


def document_number(keyed: Keyed, text: str) -> str:
    """Another number of the same size and scale, if it takes seven digits in plain writing."""
    mantissa = re.split("[eE]", text)[0]
    found = _COUNTED.search(mantissa)
    if not found or _plain_digits(text, mantissa, found) < LONG_NUMBER:
        return text
    return _recounted(keyed, mantissa) + text[len(mantissa) :]


def _moved(keyed: Keyed, tag: str, digits: Sequence[str], kinds: list[str]) -> list[str]:
    """Every digit replaced by one of its kind; a kind of one stays."""
    free = [at for at, kind in enumerate(kinds) if len(kind) > 1]
    places = keyed.moved(tag, [kinds[at].index(digits[at]) for at in free], [len(kinds[at]) for at in free])
    new = list(digits)
    for at, place in zip(free, places, strict=True):
        new[at] = kinds[at][place]
    return new


def _within_types(text: str, mask: Callable[[str], str]) -> str:
    """text masked until it fits again into the integer types that it fitted into."""
    new = mask(text)
    while _fits(new) != _fits(text):
        new = mask(new)
    return new


def _fits(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits <= MOST.get(len(digits), "")


def _recounted(keyed: Keyed, text: str) -> str:
    """The number with others for the digits that count; of a zero none does."""
    found = _COUNTED.search(text)
    if not found:
        return text
    digits = _DIGIT.findall(found[0])
    kinds = ["123456789" if at in (0, len(digits) - 1) else ANY for at in range(len(digits))]
    new = _moved(keyed, "number", digits, kinds)
    if len(digits) > WHOLE:
        new[MOVED:-1] = "0" * (len(new) - MOVED - 1)
    moved = iter(new)
    return text[: found.start()] + _DIGIT.sub(lambda _: next(moved), found[0]) + text[found.end() :]


def _plain_digits(text: str, mantissa: str, found: re.Match[str]) -> int:
    """How many digits a number takes that is written without exponent and without zeros that say nothing."""
    exponent = text[len(mantissa) + 1 :] or "0"
    if len(exponent) > _LONGEST_EXPONENT:
        return LONG_NUMBER
    point = mantissa.find(".") if "." in mantissa else len(mantissa)
    last = found.end() - 1
    below = int(exponent) + (point - last - 1 if last < point else point - last)  # power of ten of the last digit
    count = len(_DIGIT.findall(found[0]))
    return max(count, count + below, 1 - below if count + below <= 0 else 0)


def day(keyed: Keyed, found: re.Match[str], old: date) -> str:
    """Another day of the same year; the time stays. found, old: what shapes.day_of says of the text."""
    grid = _WEEKS[366 if isleap(old.year) else 365]
    places = divmod(old.timetuple().tm_yday - 1, grid[1])
    week, rest = keyed.moved(f"date {old.year}", places, grid)
    new = date(old.year, 1, 1) + timedelta(week * grid[1] + rest)
    return f"{found[1]}-{new:%m-%d}{found.string[found.end(3) :]}"
