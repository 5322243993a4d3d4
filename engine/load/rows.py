"""One chunk's rows for one target table, and the quick way into it: COPY, of what needs no cast."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from config.shapes import Table
from engine.load import binary_forms
from engine.session import binary_copy

ORIGIN = "__origin"


@dataclass(frozen=True)
class Rows:
    """columns: target column → values, in the order of the rows: text, or binary as the source has sent them.

    defaults: column → what stands in for a null. overrides_identity: the numbers of an identity are given.
    """

    shape: Table
    columns: dict[str, pa.Array]
    defaults: dict[str, str]
    is_hidden: bool = True  # whether the target table has the origins too

    @property
    def overrides_identity(self) -> bool:
        return any(column.identity == "a" for column in self.shape.columns)

    @cached_property
    def origins(self) -> list[str]:
        return list(self.columns[ORIGIN].to_pylist())

    @property
    def names(self) -> list[str]:
        """The target columns that are given values."""
        return [name for name in self.columns if self.is_hidden or name != ORIGIN]

    @property
    def left_null(self) -> list[str]:
        """Columns with a default that these rows do not have: null, for a default would be a value nobody gave."""
        if self.defaults:
            return []
        absent = (c for c in self.shape.columns if c.default and not c.generated and c.name not in self.columns)
        return [column.name for column in absent]

    def forms(self) -> dict[str, pa.Array] | None:
        """What COPY takes: every column in its binary form; None where one has none, or holds texts to be read."""
        found = {name: self._form(name) for name in self.names}
        known = {name: values for name, values in found.items() if values is not None}
        nothing = pa.nulls(len(self.columns[ORIGIN]), pa.binary())
        return None if len(known) < len(found) else known | dict.fromkeys(self.left_null, nothing)

    def _form(self, name: str) -> pa.Array | None:
        column, values = self.shape.find_column(name), self.columns[name]
        return values if column is None or pa.types.is_binary(values.type) else binary_forms.of(values, column)


def copy(target: psycopg.Connection, into: sql.Composable, rows: Rows, forms: dict[str, pa.Array]) -> None:
    """COPY the rows, whose binary forms these are."""
    for some in _by_what_they_lack(pa.table(forms), [name for name in rows.defaults if name in forms]):
        binary_copy.write(target, into, some)


def _by_what_they_lack(table: pa.Table, names: list[str]) -> Iterator[pa.Table]:
    """Rows that have nothing in the same ones of these columns, without these columns: so they get their defaults."""
    names = [name for name in names if table[name].null_count]
    lacks = sum((pc.is_null(table[name]).to_numpy() << place for place, name in enumerate(names)), np.int64(0))
    if not names:
        yield table
        return
    for lacking in np.unique(lacks):
        left_out = [name for place, name in enumerate(names) if lacking >> place & 1]
        yield table.filter(pa.array(lacks == lacking)).drop_columns(left_out)
