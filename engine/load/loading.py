"""Loads the outcome of a transform into the target's tables, and deals with rows that these refuse.

Laws
- Rows are copied in the binary forms of the target's types. Where a text is not plainly of its column's type, they go
  through a temporary table and are cast there, without a length: what does not fit fails the constraint or the check,
  and is never cut to size.
- All rows are tried at once. Only if some are refused are they looked for, in temporary tables: first by type, over
  whole columns, then one by one, by the server itself.
- A row with a value that its column refuses is rejected; a nullable reference whose value is refused is set to null, as
  any other orphan.
"""

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import sql

from config.errors import TargetError
from engine.chunks import chunk_books, culprits
from engine.chunks.culprits import Refused
from engine.chunks.work import Work
from engine.load.rows import Rows, copy
from engine.load.temporary import COPIED, TemporaryTable, failing, tried
from engine.planning.plan import HIDDEN, MERGED, Route, merged_shape
from engine.planning.tables.reshaped import RULE
from engine.session.blame import blame
from transforms import steps
from transforms.outcome import TEXT, Outcome

Half = TypeVar("Half", list[str], range)


def load(work: Work, route: Route, table: pa.Table, outcome: Outcome, target: psycopg.Connection) -> Outcome:
    """Insert every target's rows. Returns the outcome without refused rows, and with notes of references set to
    null."""
    parts = _parts(work, route, table, outcome)
    try:
        with culprits.trying(target), blame(TargetError, f"loading {route.legacy_table}", work.stop):
            for rows in parts:
                _insert(work, rows, target)
    except TargetError as error:
        if not culprits.is_of_a_value(error):
            raise
    else:
        return outcome
    sieve = _Sieve(work, route, table, [TemporaryTable(target, work.schema, rows) for rows in parts], target)
    sieve.run()
    return sieve.judged(outcome)


def load_copied(work: Work, route: Route, table: pa.Table, target: psycopg.Connection) -> list[Refused]:
    """Insert the rows of a table that keeps its shape, but for those with a value that is refused, which are given."""
    outcome = Outcome(frames={route.targets[0]: pd.DataFrame(index=pd.RangeIndex(table.num_rows))})
    parts = _parts(work, route, table, outcome)
    temporaries = [TemporaryTable(target, work.schema, rows, COPIED) for rows in parts]
    sieve = _Sieve(work, route, table, temporaries, target, nulls_pointers=False)
    sieve.run()
    return list(sieve.refused.values())


def _insert(work: Work, rows: Rows, target: psycopg.Connection) -> None:
    """All rows at once."""
    if (forms := rows.forms()) is not None:
        copy(target, sql.Identifier(work.schema, rows.shape.name), rows, forms)
        return
    temporary = TemporaryTable(target, work.schema, rows)
    temporary.make()
    temporary.fill()
    target.execute(temporary.insertion())


def _parts(work: Work, route: Route, table: pa.Table, outcome: Outcome) -> list[Rows]:
    freight = {target: dict(pairs) for target, pairs in route.freight}
    parts = [
        _rows(work, route, table, target, frame, freight.get(target, {}))
        for target, frame in outcome.frames.items()
        if len(frame)
    ]
    merged = _merged(work, route, table, outcome, freight)
    return [*parts, merged] if merged else parts


class Found(NamedTuple):
    """A value that a column refuses."""

    origin: str
    column: str
    value: str | None
    sqlstate: str


@dataclass(frozen=True)
class Pointer:
    """A value that was refused, of a column that may be null. parent: the build table that it should name a row of."""

    refused: Refused
    parent: str
    value: str | None


@dataclass
class _Sieve:
    """Finds the rows of one chunk that the target refuses, and inserts all others."""

    work: Work
    route: Route
    table: pa.Table
    temporaries: list[TemporaryTable]
    target: psycopg.Connection
    nulls_pointers: bool = True  # else they cost their rows, as any other value
    refused: dict[str, Refused] = field(default_factory=dict)  # origin → the first value that was
    pointers: list[Pointer] = field(default_factory=list)

    def run(self) -> None:
        for temporary in self.temporaries:
            self._fill(temporary)
            self._judge(temporary, [Found(*found, "22") for found in temporary.unfit()])
        whole = sorted({o for temporary in self.temporaries for o in temporary.rows.origins} - self.refused.keys())
        if tried(self.target, [one.insertion(whole) for one in self.temporaries]):
            self._insert_each(whole)

    def _fill(self, temporary: TemporaryTable) -> None:
        """Load the rows into the temporary table, but for those with a value that it does not receive."""
        temporary.make()

        def fill(places: range) -> None:
            with blame(TargetError, f"loading {self.route.legacy_table}", self.work.stop), culprits.trying(self.target):
                temporary.fill(places)

        origins = temporary.rows.origins
        for (place,), error in culprits.sift(range(len(origins)), fill, _halves):
            column = temporary.unreceived(place)
            self.refused[origins[place]] = Refused(origins[place], self._target(temporary), column, error.sqlstate)

    def _insert_each(self, origins: list[str]) -> None:
        """Rows that are refused whole stay without their pointers that are refused, or not at all."""
        insertions = [one.insertion() for one in self.temporaries]
        for temporary in self.temporaries:
            temporary.index()
        failed = dict(failing(self.target, insertions, origins))
        for temporary in self.temporaries:
            self._judge(temporary, map(Found._make, temporary.culprits([o for o in failed if o not in self.refused])))
        nulled = {one.refused.origin for one in self.pointers} & failed.keys() - self.refused.keys()
        again = dict(failing(self.target, insertions, sorted(nulled)))
        first = self._target(self.temporaries[0])
        for origin, sqlstate in ({o: state for o, state in failed.items() if o not in nulled} | again).items():
            self.refused.setdefault(origin, Refused(origin, first, None, sqlstate))

    def _target(self, temporary: TemporaryTable) -> str:
        name = temporary.rows.shape.name
        return self.route.targets[0] if name == MERGED else name

    def _judge(self, temporary: TemporaryTable, found: Iterable[Found]) -> None:
        parents = functools.cache(functools.partial(self._parent, self._target(temporary)))
        nulled, table = defaultdict(list), self._target(temporary)
        for origin, column, value, sqlstate in found:
            own = column.removeprefix("__")  # __updated_at of merged rows
            one = Refused(origin, table, own, sqlstate)
            if parent := parents(own):
                self.pointers.append(Pointer(one, parent, value))
                nulled[column].append(origin)
            else:
                self.refused.setdefault(origin, one)
        for column, origins in nulled.items():
            temporary.set_null(column, origins)

    def _parent(self, table: str, column: str) -> str | None:
        """The build table that the column points at, if it is a pointer that may be null."""
        if not (self.nulls_pointers and self.work.plan.takes_null(table, column)):
            return None
        wanted = (table, "f", (column,), "null")
        rules = (r for r in self.work.plan.rules if (r.table, r.kind, r.columns, r.on_orphan) == wanted)
        return next((rule.ref_table for rule in rules), None)

    def judged(self, outcome: Outcome) -> Outcome:
        outcome = chunk_books.without_refused(self.work, outcome, self.table, list(self.refused.values()))
        return chunk_books.with_orphans(self.work, outcome, self.table, self._orphans())

    def _orphans(self) -> list[tuple[Refused, str, str | None]]:
        """(what was refused, the build table that it should name, its value) of the pointers in rows that stay."""
        return [(one.refused, one.parent, one.value) for one in self.pointers if one.refused.origin not in self.refused]


def _halves(whole: Half) -> list[Half]:
    middle = len(whole) // 2
    return [whole[:middle], whole[middle:]] if middle else []


def _merged(
    work: Work, route: Route, table: pa.Table, outcome: Outcome, freight: dict[str, dict[str, str]]
) -> Rows | None:
    """Carried columns of professionals, kept aside for the profile that each leads to."""
    shape = merged_shape(work.plan)
    ids = outcome.id_map[outcome.id_map["why"].isin(["merged", "created"])]
    if shape is None or route.transform != "professionals" or not len(ids):
        return None
    places = _places(table, ids)
    values = {
        "__root_id": _array(ids["target_id"]),
        "__legacy_id": _array(ids["legacy_id"]),
        "__legacy_key": places(table[RULE + "key"]),
        "__updated_at": places(table[RULE + "updated_at"]),
        "__place": pa.repeat("1", len(ids)),
        HIDDEN: places(table[HIDDEN]),
    }
    for name, item in freight[route.targets[0]].items():
        values[name] = places(_freight(route, table, item))
    return Rows(shape, values, {}, is_hidden=False)


def _rows(work: Work, route: Route, table: pa.Table, target: str, frame: pd.DataFrame, freight: dict[str, str]) -> Rows:
    shape, places = work.plan.shape(target), _places(table, frame)
    legacy_names = {new: old for of, old, new in work.plan.column_renames if of == target}
    named = {name: legacy_names.get(name, name) for name in frame.columns}
    columns = {own: _array(frame[name]) for name, own in named.items() if shape.find_column(own)}
    for name, item in freight.items():
        if name not in columns:
            columns[name] = places(_freight(route, table, item))
    columns[HIDDEN] = places(table[HIDDEN])
    return Rows(shape, columns, dict(route.defaults), is_hidden=target in work.plan.hidden)


def _places(table: pa.Table, frame: pd.DataFrame) -> Callable[[pa.ChunkedArray], pa.Array]:
    """What gives the values of a column of the table that stand beside the rows of the frame."""
    labels = frame.index.to_numpy()
    if np.array_equal(labels, np.arange(table.num_rows)):
        return _whole
    return lambda values: _whole(values.take(pa.array(labels)))


def _whole(values: pa.ChunkedArray) -> pa.Array:
    return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)


def _array(values: pd.Series) -> pa.Array:
    return _whole(steps.arrow(values.astype(TEXT)))


def _freight(route: Route, table: pa.Table, item: str) -> pa.ChunkedArray:
    """The item's values; ids and references in the target's form."""
    parent = next((c.parent for c in route.conversions if c.item == item), None)
    if parent is None:
        return table[item]
    return steps.arrow(steps.target_id(steps.text(table[item], pd.RangeIndex(table.num_rows)), parent))
