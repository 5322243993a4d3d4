"""The masks of what is made of digits: phone numbers, numbers in documents, dates."""

import re
from calendar import isleap
from datetime import date, timedelta

from transforms.masks import shapes
from transforms.masks.keyed import Keyed

NATIONAL = 10  # digits of a number without what is dialled before it
SHORTEST_NATIONAL = 6
LONG_NUMBER = 7  # digits; shorter ones say nothing of anybody

# The country codes of one and two digits (ITU-T E.164); all others have three.
SHORT_CODES = re.compile("1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")

# The first digit of a number says what kind of number it is: a trunk's 0, a landline, in India a mobile.
FIRST_DIGITS = ("0", "12345", "6789")

_DIGIT = re.compile("[0-9]")
_COUNTED = re.compile("[1-9](?:[0-9.]*[1-9])?")  # of a number, from the first digit that is not 0 to the last
_LONGEST_EXPONENT = 9  # characters

_WEEKS = {365: (5, 73), 366: (6, 61)}  # days of a year as a grid


def phone(keyed: Keyed, text: str) -> str:
    """Other digits where digits stand; kept are a country code and whatever comes before the last ten."""
    digits = _DIGIT.findall(text)
    first = max(len(digits) - NATIONAL, _code_length(digits) if text.lstrip()[0] == "+" else 0)
    moved = iter(digits[:first] + _moved_number(keyed, digits[first:]))
    return _DIGIT.sub(lambda _: next(moved), text)


def _code_length(digits: list[str]) -> int:
    short = SHORT_CODES.match("".join(digits[:2]))
    length = short.end() if short else 3
    return length if len(digits) - length >= SHORTEST_NATIONAL else 0


def _moved_number(keyed: Keyed, digits: list[str]) -> list[str]:
    kinds = ["0123456789"] * len(digits)
    if len(digits) > 1:
        kinds[0] = next(kind for kind in FIRST_DIGITS if digits[0] in kind)
    return _moved(keyed, "phone", digits, kinds)


def _moved(keyed: Keyed, tag: str, digits: list[str], kinds: list[str]) -> list[str]:
    """Every digit replaced by one of its kind; a kind of one stays."""
    free = [at for at, kind in enumerate(kinds) if len(kind) > 1]
    places = keyed.moved(tag, [kinds[at].index(digits[at]) for at in free], [len(kinds[at]) for at in free])
    new = list(digits)
    for at, place in zip(free, places, strict=True):
        new[at] = kinds[at][place]
    return new


def number(keyed: Keyed, text: str) -> str:
    """Another number of the same size and scale, if it takes seven digits; its zeros at either end stay."""
    mantissa = re.split("[eE]", text)[0]
    found = _COUNTED.search(mantissa)
    if not found or _plain_digits(text, mantissa, found) < LONG_NUMBER:
        return text
    digits = _DIGIT.findall(found[0])
    ends = {0, len(digits) - 1}
    kinds = ["123456789" if at in ends else "0123456789" for at in range(len(digits))]
    moved = iter(_moved(keyed, "number", digits, kinds))
    return text[: found.start()] + _DIGIT.sub(lambda _: next(moved), found[0]) + text[found.end() :]


def _plain_digits(text: str, mantissa: str, found: re.Match) -> int:
    """How many digits a number takes that is written without exponent and without zeros that say nothing."""
    exponent = text[len(mantissa) + 1 :] or "0"
    if len(exponent) > _LONGEST_EXPONENT:
        return LONG_NUMBER
    point = mantissa.find(".") if "." in mantissa else len(mantissa)
    last = found.end() - 1
    below = int(exponent) + (point - last - 1 if last < point else point - last)  # power of ten of the last digit
    count = len(_DIGIT.findall(found[0]))
    return max(count, count + below, 1 - below if count + below <= 0 else 0)


def day(keyed: Keyed, text: str) -> str:
    """Another day of the same year; the time stays. The text is a date to shapes.day_of."""
    found, old = shapes.day_of(text)
    grid = _WEEKS[366 if isleap(old.year) else 365]
    places = divmod(old.timetuple().tm_yday - 1, grid[1])
    week, rest = keyed.moved(f"date {old.year}", places, grid)
    new = date(old.year, 1, 1) + timedelta(week * grid[1] + rest)
    return f"{found[1]}-{new:%m-%d}{text[found.end(3) :]}"
