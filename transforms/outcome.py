"""What a transform returns: for every input row its target rows or its rejection, with new ids and notes.

Laws
- Every frame keeps the labels of the input rows in its index; a label may repeat (one row, many target rows).
- Every value is text in PostgreSQL's input form, or null; the engine casts it to the target's type.
- A row is in `rejected` or in `frames`, never in both: a reshaped row is all or nothing.
- A row in none of `frames`, `rejected` and `merged` is archived.
- transform(all rows) is the concatenation of transform(chunk) over any split into chunks.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

TEXT = pd.ArrowDtype(pa.string())

REJECTED = ["target_table", "reason", "detail"]
ID_MAP = ["legacy_id", "target_table", "target_id", "why"]
REMOVED_LINKS = ["user_role_profile_id", "legacy_column", "url"]
NOTES = ["target_table", "target_column", "note", "legacy_value"]


def empty(columns: Iterable[str]) -> pd.DataFrame:
    """A frame of text columns without rows; of the same columns the same one, which nobody changes."""
    return _empty(tuple(columns))


@functools.cache
def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series([], dtype=TEXT) for column in columns}, index=pd.Index([], dtype="int64"))


@dataclass(frozen=True)
class Outcome:
    """The result of one transform over one chunk.

    frames: target table → its rows (columns named as in the target, or a subset of them). rejected: columns REJECTED;
    one row per rejected input row. merged: labels of rows that were merged into another row's; each has a row in id_map
    (why = merged). id_map: columns ID_MAP; why is derived, merged or created. removed_links: columns REMOVED_LINKS.
    notes: columns NOTES.
    """

    frames: Mapping[str, pd.DataFrame]
    rejected: pd.DataFrame = field(default_factory=lambda: empty(REJECTED))
    merged: pd.Index = field(default_factory=lambda: pd.Index([], dtype="int64"))
    id_map: pd.DataFrame = field(default_factory=lambda: empty(ID_MAP))
    removed_links: pd.DataFrame = field(default_factory=lambda: empty(REMOVED_LINKS))
    notes: pd.DataFrame = field(default_factory=lambda: empty(NOTES))


@dataclass(frozen=True)
class Parameters:
    """What the mapping says of one route; the same for every chunk.

    professional_roles: role keys that a row without a role may be taken for.
    role_keys, statuses, order_statuses: spelling (lower case, letters and digits only) → the key or status meant.
    removed: rule columns that may not arrive in the target (their values go to removed_links).
    documents: rule columns that are json or jsonb in the legacy table.
    """

    legacy_table: str
    role_keys: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    order_statuses: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    professional_roles: tuple[str, ...] = ()
