"""Loads the outcome of a transform into the target's tables, and deals with rows that these refuse.

Laws
- Values reach the target through a temporary table and are cast there, without a length: what does not fit fails the
  constraint or the check, and is never cut to size.
- All rows are tried at once. Only if some are refused are they looked for: first by type, over whole columns, then by
  halves of what is left.
- A row with a value that its column refuses is rejected; a nullable reference whose value is refused is set to null, as
  any other orphan.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import adbc_driver_postgresql.dbapi as adbc
import pandas as pd
import pyarrow as pa

from config.errors import TargetError
from config.shapes import Table
from engine.chunks import chunk_books, culprits
from engine.chunks.culprits import Refused
from engine.chunks.work import Work
from engine.load.temporary import TemporaryTable, tried
from engine.planning.plan import HIDDEN, MERGED, Route, merged_shape
from engine.planning.tables.reshaped import RULE
from transforms import steps
from transforms.outcome import TEXT, Outcome


def load(work: Work, route: Route, table: pa.Table, outcome: Outcome, cursor: adbc.Cursor) -> Outcome:
    """Insert every target's rows. Returns the outcome without refused rows, and with notes of references set to
    null."""
    temporaries = _temporaries(work, route, table, outcome)
    for temporary in temporaries:
        temporary.fill(cursor)
    if tried(cursor, [temporary.insertion() for temporary in temporaries]) is None:
        return outcome
    sieve = _Sieve(work, route, table, temporaries, cursor)
    sieve.run()
    return sieve.judged(outcome)


def _temporaries(work: Work, route: Route, table: pa.Table, outcome: Outcome) -> list[TemporaryTable]:
    freight = {target: dict(pairs) for target, pairs in route.freight}
    temporaries = [
        _temporary(work, route, table, target, frame, freight.get(target, {}))
        for target, frame in outcome.frames.items()
        if len(frame)
    ]
    merged = _merged(work, route, table, outcome, freight)
    return [*temporaries, merged] if merged else temporaries


@dataclass(frozen=True)
class Pointer:
    """A value that was refused, of a column that may be null. parent: the build table that it should name a row of."""

    refused: Refused
    column: str
    parent: str


@dataclass
class _Sieve:
    """Finds the rows of one chunk that the target refuses, and inserts all others."""

    work: Work
    route: Route
    table: pa.Table
    temporaries: list[TemporaryTable]
    cursor: adbc.Cursor
    refused: dict[str, Refused] = field(default_factory=dict)  # origin → the first value that was
    pointers: list[Pointer] = field(default_factory=list)

    def run(self) -> None:
        for temporary in self.temporaries:
            self._judge(temporary, [(o, column, "22") for o, column in temporary.unfit(self.cursor)])
        whole = sorted({o for temporary in self.temporaries for o in temporary.origins} - self.refused.keys())
        for (origin,), error in culprits.sift(whole, self._insert, _halves):
            self._single(origin, error.sqlstate)

    def _insert(self, origins: list[str]) -> None:
        """Errors: TargetError if a value is refused."""
        if origins and (
            sqlstate := tried(self.cursor, [temporary.insertion(origins) for temporary in self.temporaries])
        ):
            error = TargetError(f"loading {self.route.legacy_table}: a value was refused ({sqlstate})")
            error.sqlstate = sqlstate
            raise error

    def _single(self, origin: str, sqlstate: str) -> None:
        """A row that is refused whole: without its pointers that are refused, or not at all."""
        for temporary in self.temporaries:
            while column := temporary.culprit(self.cursor, origin):
                self._judge(temporary, [(origin, column, sqlstate)])
                if origin in self.refused:
                    return
        try:
            self._insert([origin])
        except TargetError as error:
            self.refused[origin] = Refused(origin, self._target(self.temporaries[0]), None, error.sqlstate)

    def _target(self, temporary: TemporaryTable) -> str:
        return self.route.targets[0] if temporary.shape.name == MERGED else temporary.shape.name

    def _judge(self, temporary: TemporaryTable, found: list[tuple[str, str, str]]) -> None:
        nulled = defaultdict(list)
        for origin, column, sqlstate in found:
            own = column.removeprefix("__")  # __updated_at of merged rows
            one = Refused(origin, self._target(temporary), own, sqlstate)
            if parent := self._parent(one.target, own):
                self.pointers.append(Pointer(one, own, parent))
                nulled[column].append(origin)
            else:
                self.refused.setdefault(origin, one)
        for column, origins in nulled.items():
            temporary.set_null(self.cursor, column, origins)

    def _parent(self, table: str, column: str) -> str | None:
        """The build table that the column points at, if it is a pointer that may be null."""
        if not self.work.plan.takes_null(table, column):
            return None
        wanted = (table, "f", (column,), "null")
        rules = (r for r in self.work.plan.rules if (r.table, r.kind, r.columns, r.on_orphan) == wanted)
        return next((rule.ref_table for rule in rules), None)

    def judged(self, outcome: Outcome) -> Outcome:
        outcome = chunk_books.without_refused(self.work, outcome, self.table, list(self.refused.values()))
        return chunk_books.with_orphans(self.work, outcome, self.table, self._orphans())

    def _orphans(self) -> list[tuple[Refused, str, str | None]]:
        """(what was refused, the build table that it should name, its value) of the pointers in rows that stay."""
        values = {temporary.shape.name: temporary for temporary in self.temporaries}
        return [
            (one.refused, one.parent, values[one.refused.target].value_of(one.refused.origin, one.column))
            for one in self.pointers
            if one.refused.origin not in self.refused
        ]


def _halves(origins: list[str]) -> list[list[str]]:
    middle = len(origins) // 2
    return [origins[:middle], origins[middle:]] if middle else []


def _merged(
    work: Work, route: Route, table: pa.Table, outcome: Outcome, freight: dict[str, dict[str, str]]
) -> TemporaryTable | None:
    """Carried columns of professionals, kept aside for the profile that each leads to."""
    shape = merged_shape(work.plan)
    ids = outcome.id_map[outcome.id_map["why"].isin(["merged", "created"])]
    if shape is None or route.transform != "professionals" or not len(ids):
        return None
    positions = pa.array(ids.index.to_numpy())
    values = {
        "__root_id": pa.array(ids["target_id"].astype(TEXT)),
        "__legacy_id": pa.array(ids["legacy_id"].astype(TEXT)),
        "__legacy_key": table[RULE + "key"].take(positions),
        "__updated_at": table[RULE + "updated_at"].take(positions),
        HIDDEN: table[HIDDEN].take(positions),
    }
    for name, item in freight[route.targets[0]].items():
        values[name] = _freight(route, table, item).take(positions)
    return TemporaryTable(shape, values, {}, overrides_identity=False, is_hidden=False)


def _temporary(
    work: Work, route: Route, table: pa.Table, target: str, frame: pd.DataFrame, freight: dict[str, str]
) -> TemporaryTable:
    shape = work.plan.shape(target)
    positions = pa.array(frame.index.to_numpy())
    legacy_names = {new: old for of, old, new in work.plan.column_renames if of == target}
    named = {name: legacy_names.get(name, name) for name in frame.columns}
    columns = {own: pa.array(frame[name].astype(TEXT)) for name, own in named.items() if shape.find_column(own)}
    for name, item in freight.items():
        if name not in columns:
            columns[name] = _freight(route, table, item).take(positions)
    columns[HIDDEN] = table[HIDDEN].take(positions)
    return TemporaryTable(shape, columns, dict(route.defaults), _identities(shape))


def _freight(route: Route, table: pa.Table, item: str) -> pa.ChunkedArray:
    """The item's values; ids and references in the target's form."""
    parent = next((c.parent for c in route.conversions if c.item == item), None)
    if parent is None:
        return table[item]
    texts = pd.Series(pd.arrays.ArrowExtensionArray(table[item].cast(pa.string())), dtype=TEXT)
    return pa.chunked_array([pa.array(steps.target_id(texts, parent))])


def _identities(shape: Table) -> bool:
    return any(column.identity == "a" for column in shape.columns)
