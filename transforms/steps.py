"""Column functions that the transforms of several domains share.

Laws
- Series of TEXT in, Series of TEXT (or a boolean mask) out, with the same index; null stays null.
- No result depends on other rows of the chunk, so every function gives the same for a whole table and for a part.
- Identifiers are deterministic: the same legacy row gets the same id in every run.
"""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha1

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config import note_kinds
from config.note_kinds import Note
from config.reasons import Reason
from config.rules import spelling as spelling_of
from transforms.outcome import ID_MAP, NOTES, REJECTED, TEXT, empty

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "migrate.nxtgauge")

# What PostgreSQL's uuid input accepts; the hyphens may stand after any four digits, the braces must balance.
_PLAIN_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_ANY_UUID = r"^(?:[0-9a-f]{4}(?:-?[0-9a-f]{4}){7}|\{[0-9a-f]{4}(?:-?[0-9a-f]{4}){7}\})$"
_GROUPS = r"^(.{8})(.{4})(.{4})(.{4})(.{12})$"

Values = list[pd.Series | str | None]  # of the columns of a frame: a value that is no series is repeated

_ERA = re.compile(r"^(\d{4,})(-.*?)( BC)?$")


def text(values: pa.Array | pa.ChunkedArray, index: pd.Index) -> pd.Series:
    """A series of TEXT over Arrow values."""
    return pd.Series(pd.array(values, dtype=TEXT), index=index)


def arrow(values: pd.Series) -> pa.ChunkedArray:
    """The Arrow values of a series."""
    return values.array.__arrow_array__()


def constant(value: str | None, index: pd.Index) -> pd.Series:
    """A series of one value; None makes it all null."""
    return text(pa.repeat(pa.scalar(value, pa.string()), len(index)), index)


def frame(index: pd.Index, columns: Mapping[str, pd.Series | str | None]) -> pd.DataFrame:
    """A frame of TEXT columns on one index: of a series its values at these labels, anything else is repeated."""
    if not len(index):
        return empty(columns).copy()
    return pd.DataFrame({name: _on(index, values) for name, values in columns.items()}, index=index)


def _on(index: pd.Index, values: pd.Series | str | None) -> pd.Series:
    if not isinstance(values, pd.Series):
        return constant(values, index)
    return values if values.index.is_(index) else values.loc[index]


def joined(frames: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Frames of the same columns under each other; none at all give an empty frame."""
    filled = [part for part in frames if len(part)]
    return pd.concat(filled) if filled else empty(columns)


def rejects(index: pd.Index, target_table: pd.Series | str, reason: Reason, detail: pd.Series | str) -> pd.DataFrame:
    """Rows of Outcome.rejected for the labels of index."""
    values: Values = [target_table, reason.name, detail]
    return frame(index, dict(zip(REJECTED, values, strict=True)))


def id_map(index: pd.Index, legacy_id: pd.Series, target_table: str, target_id: pd.Series, why: str) -> pd.DataFrame:
    """Rows of Outcome.id_map for the labels of index."""
    values: Values = [legacy_id, target_table, target_id, why]
    return frame(index, dict(zip(ID_MAP, values, strict=True)))


def notes(
    index: pd.Index,
    target_table: str,
    target_column: str | None,
    note: pd.Series | Note,
    legacy_value: pd.Series | None,
) -> pd.DataFrame:
    """Rows of Outcome.notes for the labels of index. Errors: ValueError if one of the notes is of no kind."""
    said = note.unique() if isinstance(note, pd.Series) else [note]
    if strange := [one for one in said if note_kinds.of_note(one) is None]:
        raise ValueError(f"{strange} are notes of no kind; add the kind to config/note_kinds.py")
    values: Values = [target_table, target_column, note, legacy_value]
    return frame(index, dict(zip(NOTES, values, strict=True)))


def first_known(*candidates: pd.Series) -> pd.Series:
    """The first value that is not null, from left to right; the index is the first candidate's."""
    return text(pc.coalesce(*map(arrow, candidates)), candidates[0].index)


def is_blank(values: pd.Series) -> pd.Series:
    """Null, empty or white space only."""
    blank = pc.equal(pc.utf8_trim_whitespace(arrow(values)), "")
    return mask(pc.fill_null(blank, True), values.index)


def mask(values: pa.Array | pa.ChunkedArray, index: pd.Index) -> pd.Series:
    """A numpy-backed boolean series over Arrow booleans; null counts as false."""
    return pd.Series(pc.fill_null(values, False).to_numpy(zero_copy_only=False), index=index)


def by_distinct(values: pd.Series, function: Callable[[str], str | None]) -> pd.Series:
    """function of each value, called once for each distinct one: for columns whose values repeat. Null stays null."""
    codes, distinct = pd.factorize(values.array)
    results = pa.array([function(value) for value in distinct.tolist()], pa.string())
    return text(results.take(pa.array(codes, mask=codes < 0)), values.index)


def spelling(values: pd.Series) -> pd.Series:
    """Lower case, letters and digits only: `Makeup Artist` and `makeup-artist` are spelled alike."""
    return by_distinct(values, spelling_of)


def meant(values: pd.Series, known: Mapping[str, str]) -> pd.Series:
    """The meaning of each value by its spelling; null if `known` has no such spelling, or if nothing is left to
    compare."""
    return by_distinct(values, lambda value: known.get(spelled) if (spelled := spelling_of(value)) else None)


def role_keys(values: pd.Series, known: Mapping[str, str]) -> pd.Series:
    """The role key that each value spells; null where it is blank or no role."""
    return meant(values, known)


def statuses(values: pd.Series, known: Mapping[str, str]) -> tuple[pd.Series, pd.Series]:
    """(normalised status, is unknown). A blank is null and not unknown; a text that spells no status is null and
    unknown."""
    normalised = meant(values, known)
    return normalised, normalised.isna() & ~is_blank(values)


def status_details(values: pd.Series) -> pd.Series:
    """The sentence of a rejection under unknown_status."""
    return "status '" + values + "' is none of the known statuses; add it to the synonyms of the mapping"


def canonical_uuid(values: pd.Series) -> pd.Series:
    """Lower case with hyphens where PostgreSQL would take the text for a uuid, else null."""
    given = arrow(values)
    plain = pc.match_substring_regex(given, _PLAIN_UUID)
    if pc.all(plain).as_py() is not False:  # null values do not count
        return values
    digits = pc.replace_substring_regex(pc.utf8_lower(given), "[-{}]", "")
    hyphened = pc.replace_substring_regex(digits, _GROUPS, r"\1-\2-\3-\4-\5")
    accepted = pc.match_substring_regex(given, _ANY_UUID, ignore_case=True)
    return text(pc.if_else(accepted, hyphened, pa.scalar(None, pa.string())), values.index)


def derived_id(name: str) -> str:
    """UUIDv5 of a name in the project's namespace."""
    return str(uuid.uuid5(NAMESPACE, name))


def derived_ids(names: pd.Series, prefix: str) -> pd.Series:
    """derived_id of `<prefix>:<name>` for each name; null stays null."""
    begun = NAMESPACE.bytes + f"{prefix}:".encode()
    known = arrow(names).drop_null().to_pylist()
    digests = b"".join([sha1(begun + name.encode(), usedforsecurity=False).digest() for name in known])
    ids = _version_5(np.frombuffer(digests, np.uint8).reshape(-1, 20)[:, :16])
    places = np.cumsum(names.notna().to_numpy()) - 1
    return text(ids.take(pa.array(places, mask=names.isna().to_numpy())), names.index)


def _version_5(digests: np.ndarray) -> pa.Array:
    """The texts of UUIDs whose sixteen bytes stand in the rows."""
    digests = digests.copy()
    digests[:, 6] = digests[:, 6] & 0x0F | 0x50
    digests[:, 8] = digests[:, 8] & 0x3F | 0x80
    digits = np.frombuffer(digests.tobytes().hex().encode(), np.uint8).reshape(-1, 32)
    parts = [part for group in np.split(digits, [8, 12, 16, 20], axis=1) for part in (_hyphens(len(digits)), group)][1:]
    ends = pa.py_buffer(np.arange(0, 36 * len(digits) + 1, 36, dtype=np.int32))
    return pa.Array.from_buffers(pa.string(), len(digits), [None, ends, pa.py_buffer(np.hstack(parts))])


def _hyphens(count: int) -> np.ndarray:
    return np.full((count, 1), ord("-"), np.uint8)


def target_id(values: pd.Series, legacy_table: str, taken: pd.Series | None = None) -> pd.Series:
    """The id in the target: the legacy one where it is a UUID (and not in taken), else derived from `<table>:<id>`."""
    canonical = canonical_uuid(values)
    if taken is not None and len(taken):
        canonical = canonical.mask(is_in(canonical, taken))
    without = canonical.isna() & values.notna()
    return first_known(canonical, derived_ids(values.where(without), legacy_table)) if without.any() else canonical


def is_in(values: pd.Series, some: pd.Series) -> pd.Series:
    """Which values are among some; null never is."""
    return mask(pc.is_in(arrow(values), value_set=arrow(some), skip_nulls=True), values.index)


def looked_up(values: pd.Series, keys: pd.Series, results: pd.Series) -> pd.Series:
    """For each value the result beside its key; null where there is none. Of equal keys the first counts."""
    places = pc.index_in(arrow(values), value_set=arrow(keys), skip_nulls=True)
    return text(arrow(results).take(places), values.index)


def paired(role: pd.Series, user_id: pd.Series) -> pd.Series:
    """`<role key>:<user id>`, one key for both; null where either is. A role key holds no colon, so none collide."""
    return text(pc.binary_join_element_wise(arrow(role), arrow(user_id), ":"), role.index)


def moment_order(values: pd.Series) -> pd.Series:
    """Text that sorts bytewise as the timestamps do, for timestamps as PostgreSQL writes them in ISO style and UTC.

    Four-digit years (and ±infinity) sort as they are written; years from 10000 on and those before Christ do not.
    """
    odd = pc.match_substring_regex(arrow(values), r"^\d{5,}-| BC$")
    if not pc.any(odd).as_py():
        return values
    keys = [_moment_key(value) if is_odd else value for value, is_odd in zip(values, odd.to_pylist(), strict=True)]
    return text(pa.array(keys, pa.string(), from_pandas=True), values.index)


def _moment_key(value: str) -> str:
    found = _ERA.match(value)
    if not found:  # an endless one, which sorts as it is written
        return value
    year, rest, is_bc = found.groups()
    if is_bc:  # after '-infinity', before the digits; the greater the year the earlier
        return f".{999_999 - int(year):06}{rest}"
    return f":{int(year):06}{rest}" if len(year) > 4 else value  # after the digits, before 'infinity'


def id_order(values: pd.Series) -> pd.Series:
    """Text that sorts bytewise as ids do: integers by number, and before all others; UUIDs by their canonical form."""
    known = first_known(canonical_uuid(values), values)
    integer = pc.match_substring_regex(arrow(values), r"^-?[0-9]{1,19}$")
    after_integers = "~" + known  # '~' sorts after every digit
    if not pc.any(integer).as_py():
        return after_integers
    pairs = zip(values.tolist(), after_integers.tolist(), integer.to_pylist(), strict=True)
    keys = [_integer_key(value) if is_integer else other for value, other, is_integer in pairs]
    return text(pa.array(keys, pa.string(), from_pandas=True), values.index)


def _integer_key(value: str) -> str:
    return f"{int(value) + 2**64:020}"  # shifted, so that negative numbers sort before the others


def ranks(values: pd.Series) -> np.ndarray:
    """The place of each value in bytewise order, equal values alike; nulls come first (-1)."""
    codes, distinct = pd.factorize(values.array)
    if not len(distinct):
        return np.asarray(codes)
    order = pc.rank(distinct.__arrow_array__(), tiebreaker="dense").to_numpy().astype("int64")
    return np.where(codes < 0, -1, order[codes])
