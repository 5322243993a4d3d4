"""The masks of internet addresses and links.

Laws
- An address becomes another of its family; a network keeps its width, and a bare network stays one.
- An address that is not written as PostgreSQL writes it, or that is too short to be permuted, keeps its form: digits
  replace digits in each part.
- A link keeps its scheme, port, separators and file extension; its host is one that does not exist.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import unquote_to_bytes

from transforms.masks import people
from transforms.masks.keyed import Keyed
from transforms.masks.texts import in_pieces

Mask = Callable[[str], str]

_PART = re.compile("[0-9]+")
_OCTETS = ((0, 10), (10, 100), (100, 256))  # numbers of one, two and three digits

SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*+:)?//")
HOST = re.compile(r"(?:([^\s/?#@]*)@)?(\[[0-9A-Fa-f:.]+\]|\w[\w.-]*)(:[0-9]*)?(?=[/?#]|\Z)")
ENDINGS = (
    "3gp aac ai apk avi avif bmp csv doc docx eps flac gif gz heic htm html ico jpeg jpg js json key log m4a m4v md "
    "mkv mov mp3 mp4 mpeg mpg odp ods odt ogg pages pdf php png ppt pptx psd rar rtf svg tar tif tiff tsv txt wav webm "
    "webp wmv xls xlsx xml yaml yml zip"
)
ENDING = re.compile(rf"\.(?:{'|'.join(ENDINGS.split())})(?=[?#]|\Z)", re.IGNORECASE)
ESCAPES = re.compile("((?:%[0-9A-Fa-f]{2})+)")


def ip(keyed: Keyed, text: str, limit: int | None, form: Mask) -> str:
    """Another address of the same family and width. form masks hexadecimal digits."""
    if text != text.lower():
        return people.cased(ip(keyed, text.lower(), limit, form), text)
    address, slash, width = text.partition("/")
    kind, size = (IPv6Address, 128) if ":" in address else (IPv4Address, 32)
    try:
        number = int(kind(address))
    except ValueError:
        number = None
    if number is None or address not in _spellings(kind, number):
        return _in_form(keyed, address, form) + slash + width
    if width == "0" and number == 0:
        return text
    new = f"{kind(_moved(keyed, number, size, int(width or size)))}{slash}{width}"
    return new if limit is None or len(new) <= limit else _in_form(keyed, address, form) + slash + width


def _spellings(kind: type, number: int) -> tuple[str, ...]:
    """How PostgreSQL may print an address: some of version 6 with the last four bytes as in version 4."""
    new = str(kind(number))
    if kind is IPv4Address:
        return (new,)
    return new, f"::ffff:{IPv4Address(number & 0xFFFFFFFF)}", f"::{IPv4Address(number & 0xFFFFFFFF)}"


def _moved(keyed: Keyed, number: int, size: int, width: int) -> int:
    """Another number; where the bits after the width are 0 they stay, and otherwise they do not become so."""
    after = size - width
    if number % (1 << after) == 0:
        return _in_grid(keyed, f"ip {size}", number >> after, width) << after
    while True:
        number = _in_grid(keyed, f"ip {size} {width}", number, size)
        if number % (1 << after):
            return number


def _in_grid(keyed: Keyed, tag: str, number: int, bits: int) -> int:
    if bits == 1:
        return 1 - number
    sizes = (1 << bits // 2, 1 << bits - bits // 2)
    upper, lower = keyed.moved(tag, divmod(number, sizes[1]), sizes)
    return upper * sizes[1] + lower


def _in_form(keyed: Keyed, address: str, form: Mask) -> str:
    """An address of the same form: each number one of as many digits, or each hexadecimal digit another."""
    groups, colon, octets = address.rpartition(":")
    if "." not in octets and colon:
        return form(address)
    parts = _PART.findall(octets)
    ranges = [next(each for each in _OCTETS if int(part) < each[1]) for part in parts]
    places = [int(part) - first for part, (first, _) in zip(parts, ranges, strict=True)]
    moved = iter(keyed.moved("ip form", places, [end - first for first, end in ranges]))
    firsts = (first for first, _ in ranges)
    return form(groups) + colon + _PART.sub(lambda part: str(next(moved) + next(firsts)).zfill(len(part[0])), octets)


def url(keyed: Keyed, text: str, limit: int | None, rest: Mask) -> str:
    """Another link, or path; rest masks what stands around the host. Too long for the limit: the host is rest too."""
    scheme = SCHEME.match(text)
    if not scheme:
        return _path([text], rest)[0]
    found = HOST.match(text, scheme.end())
    if found:
        user, host, port = (part or "" for part in found.groups())
        before, after = _path([user, text[found.end() :]], rest)
        made = people.cased(people.host(keyed, host.lower()), host)
        new = f"{scheme[0]}{before}{text[found.end(1) : found.start(2)] if user else ''}{made}{port}{after}"
        if limit is None or len(new) <= limit:
            return new
    after = text[scheme.end() :]
    new = _path([after], rest)[0]
    return rest(text) if new == after else scheme[0] + new


def _path(parts: list[str], rest: Mask) -> list[str]:
    """Parts of a link masked as one text, but for the ending of the file in the last."""
    ending = ENDING.search(parts[-1])
    if not ending:
        return _without_ending(parts, rest)
    *first, last = parts
    *first, stem, tail = _escaped([*first, last[: ending.start()], last[ending.end() :]], rest)
    new = [*first, stem + ending[0] + tail]
    return _without_ending(parts, rest) if new == parts else new


def _without_ending(parts: list[str], rest: Mask) -> list[str]:
    new = _escaped(parts, rest)
    while ENDING.search(new[-1]):
        new = _escaped(new, rest)
    return new


def _escaped(parts: list[str], rest: Mask) -> list[str]:
    """Parts masked as one text, in which what stands escaped is masked as what it means, and escaped again."""
    split = [ESCAPES.split(part) for part in parts]
    flat = [_meaning(piece) if at % 2 else piece for pieces in split for at, piece in enumerate(pieces)]
    masked = iter(in_pieces(flat, rest))
    spelled = [
        [_spelled(next(masked), piece) if at % 2 else next(masked) for at, piece in enumerate(pieces)]
        for pieces in split
    ]
    return ["".join(pieces) for pieces in spelled]


def _meaning(escapes: str) -> str:
    """The text of escapes; nothing where they are no UTF-8, and stay as they are."""
    try:
        return unquote_to_bytes(escapes).decode()
    except UnicodeDecodeError:
        return ""


def _spelled(text: str, like: str) -> str:
    if text == _meaning(like):
        return like
    new = "".join(f"%{byte:02X}" for byte in text.encode())
    return new.lower() if like == like.lower() else new
