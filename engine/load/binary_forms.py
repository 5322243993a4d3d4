"""Texts that a transform has computed, in the binary form of a target column's type, over whole columns.

Laws
- A form is given where every text of the column plainly is a value of the type, as PostgreSQL itself writes it. In any
  other case there is none, and PostgreSQL reads the texts.
- What a form says is what the type's input would have read from the text; what the target's column then asks of it
  (length, domain) is asked of either.
"""

import re
import socket
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from config.postgres.types import TEXTUAL
from config.shapes import Column
from engine.session.binary_copy import column as packed

AS_TEXT = {*TEXTUAL, "json"} - {"name"}  # which cuts a text that is too long
HYPHENS = [8, 13, 18, 23]
EPOCH_MICROSECONDS = 946_684_800_000_000  # PostgreSQL counts from the year 2000
FIRST_MICROSECONDS = -62_135_596_800_000_000  # of the year 1; there is none before it without BC
MONEY = re.compile(r"numeric\(([0-9]+),([0-9]+)\)")
BITS = re.compile("[0-9]{1,3}")
INET, INET6 = 2, 3  # as inet's send function calls the families


def of(texts: pa.Array, column: Column) -> pa.Array | None:
    """Their binary forms, null where the text is null; None if the type has none here, or if a text is no plain one."""
    if column.is_array or column.kind not in "bde":
        return None
    if column.kind == "e" or column.base in AS_TEXT:
        return texts
    try:
        if found := MONEY.fullmatch(column.type):
            return _decimals(texts, *map(int, found.groups()))
        return FORMS[column.base](texts) if column.base in FORMS else None
    except (pa.ArrowInvalid, OSError, ValueError):  # of a text that is none of the type's
        return None


def _uuids(texts: pa.Array) -> pa.Array | None:
    known = _known(texts)
    if not pc.all(pc.equal(pc.binary_length(known), 36)).as_py():
        return None if len(known) else texts
    written = _characters(known)
    digits = bytes.fromhex(written.tobytes().translate(None, b"-").decode("ascii"))
    is_plain = (written.reshape(-1, 36)[:, HYPHENS] == ord("-")).all() and len(digits) == 16 * len(known)
    return packed(np.frombuffer(digits, np.uint8).reshape(-1, 16), texts) if is_plain else None


def _booleans(texts: pa.Array) -> pa.Array | None:
    found = pc.index_in(_known(texts), pa.array(["f", "t", "false", "true"]))
    return None if found.null_count else _numbers(pc.bit_wise_and(found, 1), texts, "i1")


def _integers(form: str) -> Callable[[pa.Array], pa.Array | None]:
    limits = np.iinfo(form)

    def read(texts: pa.Array) -> pa.Array | None:
        known = _known(texts)
        if not _all_match(known, "^-?[0-9]{1,18}$"):
            return None
        numbers = known.cast(pa.int64()).to_numpy()
        fits = ((numbers >= limits.min) & (numbers <= limits.max)).all()
        return _numbers(numbers, texts, form) if fits else None

    return read


def _moments(texts: pa.Array) -> pa.Array | None:
    """Of four-digit years, in UTC, as sessions of ours write them."""
    known = _known(texts)
    if not pc.all(pc.ends_with(known, "+00")).as_py() and len(known):
        return None
    moments = known.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    if (moments < FIRST_MICROSECONDS).any():
        return None
    return _numbers(moments - EPOCH_MICROSECONDS, texts, ">i8")


def _decimals(texts: pa.Array, precision: int, scale: int) -> pa.Array | None:
    """Numerics of a fixed scale, in groups of four digits before and behind the point."""
    behind = -(-scale // 4)
    groups = -(-(precision - scale) // 4) + behind
    known = _known(texts)
    if 4 * groups > 18 or not _all_match(known, rf"^-?[0-9]{{1,{precision - scale}}}(\.[0-9]{{1,{max(scale, 1)}}})?$"):
        return None
    exact = known.cast(pa.decimal128(precision, scale)).cast(pa.decimal128(18, scale))
    numbers = np.frombuffer(exact.buffers()[1], "<i8")[::2][exact.offset : exact.offset + len(exact)]
    fields = np.zeros((len(numbers), 4 + groups), ">i2")
    fields[:, 0], fields[:, 1], fields[:, 3] = groups, groups - behind - 1, scale
    fields[:, 2] = np.where(numbers < 0, 0x4000, 0)
    rest = np.abs(numbers) * 10 ** (4 * behind - scale)
    for place in range(groups + 3, 3, -1):
        rest, fields[:, place] = np.divmod(rest, 10_000)
    return packed(fields.view(np.uint8), texts)


def _documents(texts: pa.Array) -> pa.Array:
    """jsonb goes as text behind the number of its version."""
    return pc.binary_join_element_wise(pa.scalar(b"\x01"), texts.cast(pa.binary()), b"")


def _addresses(texts: pa.Array) -> pa.Array | None:
    """IPv4 addresses as four numbers; of all others each distinct one is read for itself."""
    is_plain = pc.match_substring_regex(texts, r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$")
    plain = pc.if_else(is_plain, texts, pa.scalar(None, pa.string()))
    octets = pc.split_pattern(_known(plain), ".").flatten().cast(pa.uint8()).to_numpy().reshape(-1, 4)
    head = np.tile(np.array([INET, 32, 0, 4], np.uint8), (len(octets), 1))
    found = packed(np.hstack([head, octets]), plain)
    distinct = pc.unique(pc.filter(texts, pc.invert(is_plain)))
    if not len(distinct):
        return found
    forms = pa.array([_address(text) for text in distinct.to_pylist()], pa.binary())
    return pc.coalesce(found, forms.take(pc.index_in(texts, distinct)))


def _address(text: str) -> bytes:
    """Errors: OSError or ValueError unless it is a plain address, with or without its number of bits."""
    written, slash, bits = text.partition("/")
    family, form = (INET6, socket.AF_INET6) if ":" in written else (INET, socket.AF_INET)
    address = socket.inet_pton(form, written)
    size = 8 * len(address)
    if slash and not (BITS.fullmatch(bits) and int(bits) <= size):
        raise ValueError("an address has no more bits than its family")
    return bytes([family, int(bits) if slash else size, 0, len(address)]) + address


def _known(texts: pa.Array) -> pa.Array:
    return texts.drop_null() if texts.null_count else texts


def _characters(texts: pa.Array) -> np.ndarray:
    """The bytes of all texts, one after the other; none of them is null."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


def _all_match(texts: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py() is not False


def _numbers(values: pa.Array | np.ndarray, texts: pa.Array, form: str) -> pa.Array:
    numbers = np.asarray(values).astype(form)
    return packed(numbers.view(np.uint8).reshape(len(numbers), numbers.itemsize), texts)


FORMS: dict[str, Callable[[pa.Array], pa.Array | None]] = {
    "uuid": _uuids,
    "bool": _booleans,
    "int2": _integers(">i2"),
    "int4": _integers(">i4"),
    "int8": _integers(">i8"),
    "timestamptz": _moments,
    "jsonb": _documents,
    "inet": _addresses,
}
