"""How far a scan has come: tables that have been read on one side or the other, and their share of the work."""

from collections.abc import Callable, Mapping, Sequence
from typing import Self

import psycopg

from checks.scan.columns import Field, ScannedTable

Tell = Callable[[int, int, float], None]  # tables that have been read, of how many, their share of the work
ROWS = """
    select relname::text, greatest(reltuples, 0)::float8 from pg_class
    where relnamespace = to_regnamespace(quote_ident(%s)) and relkind in ('r', 'p')
"""
GATHERING, LOOKING = 1.0, 5.0  # work on a cell of the source, and of the copy, as seen with 500,000 rows


def nobody(done: int, total: int, share: float) -> None:
    """Hears of it and does nothing."""


class Steps:
    """Counts tables. gathering, looking: table → its work, on the source's side and on the copy's."""

    def __init__(self, gathering: Mapping[str, float], looking: Mapping[str, float], tell: Tell):
        self._gathering, self._looking, self._tell = gathering, looking, tell
        self._total, self._whole = len(gathering) + len(looking), sum(gathering.values()) + sum(looking.values())
        self._done, self._worked = 0, 0.0

    @classmethod
    def of(
        cls,
        staging: psycopg.Connection,
        schema: str,
        fields: Mapping[str, list[Field]],
        places: Sequence[ScannedTable],
        tell: Tell,
    ) -> Self:
        """As many cells as the copy's statistics let expect."""
        rows: dict[str, float] = dict(staging.execute(ROWS, [schema]).fetchall())
        gathering = {name: GATHERING * len(read) * (rows.get(name, 0) + 1) for name, read in fields.items()}
        looking = {one.table: LOOKING * len(one.fields) * (rows.get(one.table, 0) + 1) for one in places}
        return cls(gathering, looking, tell)

    def gathered(self, table: str) -> None:
        self._add(self._gathering[table])

    def looked(self, table: str) -> None:
        self._add(self._looking[table])

    def _add(self, work: float) -> None:
        self._done, self._worked = self._done + 1, self._worked + work
        self._tell(self._done, self._total, self._worked / self._whole if self._whole else 1.0)
