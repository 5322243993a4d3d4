"""Narrows many keys of two databases to the few in which they can differ, by sums over buckets of keys.

Laws
- Either server puts its keys into buckets, by a hash of their text, and tells of each how many it has and what their
  hashes come to. Keys of buckets in which both say the same are the same; those of the others alone are read.
- What is found among them is proven by whoever asks. The servers may hash differently, then all buckets differ; where
  what was found does not come out, all keys are read.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.postgres.quoting import literal

LEAST_ROWS = 500  # fewer are read faster than they are put into buckets
SUMS = """
    select h.hash & {mask}, count(*), pg_catalog.bit_xor(h.hash) from (select {hash} as hash {rows}) as h group by 1
"""


@dataclass(frozen=True)
class Buckets:
    """Of keys in these columns of rows under alias t. mask: one less than how many there are, a power of two."""

    columns: tuple[str, ...]
    mask: int

    @classmethod
    def of(cls, columns: Iterable[str], rows: int) -> "Buckets":
        """As many as make the sums, and the keys of a few buckets, about equally many."""
        return cls(tuple(columns), 2 ** math.ceil(math.log2(math.sqrt(max(rows, 1)))) - 1)

    @property
    def _hash(self) -> sql.Composed:
        key = sql.SQL(", ").join(sql.Identifier("t", name) for name in self.columns)
        if len(self.columns) > 1:  # as a row, whose text says where each column ends: no two keys have the same
            key = sql.SQL("row({})").format(key)
        # Collated as bytes, for the same text has to have the same hash in either database.
        return sql.SQL('pg_catalog.hashtextextended(pg_catalog.concat({}) collate pg_catalog."C", 0)').format(key)

    def differing(
        self, one: psycopg.Connection, rows: sql.Composable, other: psycopg.Connection, other_rows: sql.Composable
    ) -> sql.Composed:
        """A condition over alias t that holds for the keys of buckets which are not the same on both sides.

        rows, other_rows: FROM of the keys, under alias t, on either.
        """
        found = [set(conn.execute(self._sums(given)).fetchall()) for conn, given in ((one, rows), (other, other_rows))]
        buckets = sorted({bucket for bucket, *_ in found[0] ^ found[1]})
        return sql.SQL("{} & {} = any ({}::int8[])").format(
            self._hash, sql.Literal(self.mask), sql.SQL(literal([str(bucket) for bucket in buckets]))
        )

    def _sums(self, rows: sql.Composable) -> sql.Composed:
        return sql.SQL(SUMS).format(mask=sql.Literal(self.mask), hash=self._hash, rows=rows)
