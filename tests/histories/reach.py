"""What histories have reached: what was written to which table, and what became of rows by a round.

Laws
- What was written is counted by kind of write, table and operation, unless its savepoint undid it.
- What became of rows is told by the books before a round and after it: a row that was rejected and is not any more is
  `whole` if the source still has it, else it is `gone`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg

from config import note_kinds, reasons
from engine.planning.plan import Plan
from engine.quarantine import legacy_rows

OPERATIONS = ("insert", "update", "rekey", "delete")
REJECTS = "select legacy_table, legacy_key, reason from migration.rejects where run_id = %s"
NOTES = "select legacy_table, legacy_key, note from migration.notes where run_id = %s"
OTHERS = {
    "id_map": "select legacy_table, legacy_id, target_table, target_id, why from migration.id_map where run_id = %s",
    "moved": "select legacy_table, legacy_id, from_id, to_id from migration.moved where run_id = %s",
    "removed link": "select legacy_table, user_role_profile_id, legacy_column from migration.removed_links "
    "where run_id = %s",
}


@dataclass
class Reached:
    """written: (kind of write, table, operation) → how often; became: (table, what) → how many rows; tables: names of
    those that there were."""

    written: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    became: Counter[tuple[str, str]] = field(default_factory=Counter)
    tables: set[str] = field(default_factory=set)

    def __iadd__(self, other: "Reached") -> "Reached":
        self.written += other.written
        self.became += other.became
        self.tables |= other.tables
        return self

    def lines(self) -> Iterator[str]:
        """How much of each was reached, and what was not."""
        done = {(table, what) for _, table, what in self.written}
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        for kind, table, _ in self.written:
            kinds[kind][table] += 1
        yield f"{len(kinds)} kinds of writes reached {sum(map(len, kinds.values()))} pairs of kind and table"
        for what in OPERATIONS:
            missing = sorted(self.tables - {table for table, done_to in done if done_to == what})
            yield f"{what}: {len(self.tables) - len(missing)} of {len(self.tables)} tables{_but(missing)}"
        came = Counter[str]()
        for (_, what), count in self.became.items():
            came[what] += count
        yield from (f"{what}: {count}" for what, count in sorted(came.items()))
        known = [f"rejected: {r.name}" for r in reasons.ALL] + [f"whole: {r.name}" for r in reasons.ALL]
        known += [f"{word}: {n.form}" for n in note_kinds.ALL for word in ("noted", "no longer noted")]
        if missing := [what for what in known if what not in came]:
            yield f"never: {', '.join(missing)}"


def _but(missing: Iterable[str]) -> str:
    return f", but for {', '.join(missing)}" if missing else ""


@dataclass(frozen=True)
class Standing:
    """What the books say of rows: rejects by table and key, and all else as it stands."""

    rejects: dict[tuple[str, str], str]
    notes: Counter[tuple[str, ...]]
    others: dict[str, Counter[tuple[Any, ...]]]

    @classmethod
    def of(cls, conn: psycopg.Connection, run_id: str) -> "Standing":
        return cls(
            {(table, key): reason for table, key, reason in conn.execute(REJECTS, [run_id])},
            Counter(conn.execute(NOTES, [run_id])),
            {name: Counter(conn.execute(query, [run_id])) for name, query in OTHERS.items()},
        )


def became(before: Standing, after: Standing, plan: Plan, source: psycopg.Connection) -> Counter[tuple[str, str]]:
    """(table, what) → rows. source: in the snapshot that the later one shows."""
    found = Counter[tuple[str, str]]()
    for (table, key), reason in after.rejects.items():
        if (old := before.rejects.get((table, key))) != reason:
            found[table, f"{'otherwise ' if old else ''}rejected: {_reason(reason)}"] += 1
    left = [named for named in before.rejects if named not in after.rejects]
    there = _there(left, plan, source)
    for named in left:
        found[named[0], f"{'whole' if named in there else 'gone'}: {_reason(before.rejects[named])}"] += 1
    for word, one, other in (("noted", after, before), ("no longer noted", before, after)):
        for (table, _, note), count in (one.notes - other.notes).items():
            found[table, f"{word}: {_note(note)}"] += count
    for name in OTHERS:
        for word, one, other in (("more", after, before), ("less", before, after)):
            for row, count in (one.others[name] - other.others[name]).items():
                found[row[0], f"{name}{': ' + row[-1] if name == 'id_map' else ''}, {word}"] += count
    return found


def _reason(name: str) -> str:
    return name if name in reasons.BY_NAME else "of a constraint"


def _note(note: str) -> str:
    kind = note_kinds.of_note(note)
    return kind.form if kind else "another"


def _there(named: list[tuple[str, str]], plan: Plan, source: psycopg.Connection) -> set[tuple[str, str]]:
    """Those of the rows that the source has; of tables with a key."""
    keys: dict[str, list[str]] = defaultdict(list)
    for table, key in named:
        keys[table].append(key)
    found = set[tuple[str, str]]()
    for name, wanted in keys.items():
        legacy = plan.table(name).legacy
        if legacy.shape.primary_key:
            rows = legacy_rows.by_key(legacy, plan.source_schema, wanted)
            found |= {(name, key) for _, key, *_ in source.execute(rows).fetchall()}
    return found
