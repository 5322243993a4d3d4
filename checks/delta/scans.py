"""One scan of each relation: how many rows it has, and what the hashes of their keys add up to.

Laws
- Each relation is read once, whatever is asked of it.
- Sums are exact and know no order. Keys whose types both sides have alike are hashed as they are, all others as text.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from checks.compare.hashing import HASHES
from checks.reading.facts import Facts, column_of, parsed, text_of
from config.postgres.quoting import literal
from config.postgres.types import UUID_TEXT
from config.shapes import Column

ALL = "null::text"  # the group that all rows are in


@dataclass(frozen=True)
class Total:
    """Rows, and the sum of the hashes of their keys; None where keys are not told."""

    rows: int
    keys: int | None = 0

    def __add__(self, other: "Total") -> "Total":
        return Total(self.rows + other.rows, None if None in (self.keys, other.keys) else self._keys + other._keys)

    def __sub__(self, other: "Total") -> "Total":
        return Total(self.rows - other.rows, None if None in (self.keys, other.keys) else self._keys - other._keys)

    @property
    def _keys(self) -> int:
        return self.keys or 0


@dataclass(frozen=True)
class Way:
    """How keys are hashed on both sides. bases: types of the key's columns that both have alike; none: as text.

    is_id: as text it is an id, hashed as the target spells it.
    """

    hashed: str
    bases: tuple[str, ...] = ()
    is_id: bool = False

    def of_columns(self, facts: Facts, columns: Sequence[Column], key: str) -> str:
        """SQL: the hash of a row's key. key: the key as text, where it is hashed so."""
        if not self.bases:
            return self.hashed.format(f'({key}) collate "C"')
        return self._of([f'{text_of(c)} collate "C"' if c.base in TEXT else column_of(c) for c in columns])

    def of_text(self, key: str) -> str:
        """SQL: the same of a key that the books hold as text."""
        if not self.bases:
            return self.hashed.format(f'({_plain(key) if self.is_id else key}) collate "C"')
        parts = [key] if len(self.bases) == 1 else [
            f"(jsonb_in(textout({key})) ->> {n})" for n in range(len(self.bases))
        ]  # fmt: skip
        return self._of([_read(part, base) for part, base in zip(parts, self.bases, strict=True)])

    def _of(self, parts: Sequence[str]) -> str:
        if len(parts) == 1:
            return f"{HASH[self.bases[0]]}({parts[0]}, 0)"
        return f"hashint8extended(hash_record_extended(row({', '.join(parts)}), 0), 0)"


TEXT = ("text", "varchar")
HASH = {
    "uuid": "uuid_hash_extended", "int2": "hashint2extended", "int4": "hashint4extended", "int8": "hashint8extended",
    "text": "hashtextextended", "varchar": "hashtextextended",
}  # fmt: skip
READ = {"uuid": "uuid", "int8": "int8"}


def _read(key: str, base: str) -> str:
    if base in READ:
        return parsed(key, base)
    if base in TEXT:
        return f'({key}) collate "C"'
    return f"{base}in(textout({key}))"


def _plain(key: str) -> str:
    return f"case when {key} ~* '{UUID_TEXT}' then concat({parsed(key, 'uuid')}) else {key} end"


def way(left: Sequence[Column], right: Sequence[Column], hashed: str, *, is_id: bool = False) -> Way:
    """How the keys of these columns of both sides are hashed."""
    plain = [c.base for c in left if c.kind == "b" and not c.is_array and c.base in HASH]
    is_alike = len(plain) == len(left) and plain == [c.base for c in right if not c.is_array]
    return Way(hashed, tuple(plain) if is_alike and plain and hashed == HASHES[0] else (), is_id)


@dataclass
class Scan:
    """What one side is asked. Names of totals → relation, its size in pages, hashes to sum, and a group."""

    asked: dict[tuple[str, str], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def ask(self, name: str, from_sql: str, hashed: str | None, group: str = ALL) -> None:
        """The total of a relation, by groups. Those of one relation and group are asked together."""
        self.asked[from_sql, group][name] = hashed or "null::bigint"

    def statements(self) -> list[str]:
        """One for each relation and group."""
        found = []
        for (from_sql, group), sums in self.asked.items():
            names = literal(list(sums))
            listed = ", ".join(f"sum({hashed})" for hashed in sums.values())
            grouped = "" if group == ALL else " group by 3"
            found.append(
                f"select {names}::text[] as names, count(*) as rows, {group} as grp, array[{listed}]::text[] as sums "
                f"from {from_sql}{grouped}"
            )
        return found


def totals(conn: psycopg.Connection, statements: Sequence[str]) -> dict[str, dict[str | None, Total]]:
    """Name → group → total, of some of the statements of a scan."""
    found: dict[str, dict[str | None, Total]] = defaultdict(dict)
    if statements:
        for names, rows, group, sums in conn.execute("\nunion all\n".join(statements)):
            for name, keys in zip(names, sums, strict=True):
                found[name][group] = Total(rows, int(keys) if keys is not None else (0 if rows == 0 else None))
    return found
