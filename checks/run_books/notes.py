"""The notes: each is about a row of the source, of a known kind, and true.

Laws
- An orphan's note has the value of the source, and that value leads nowhere: its row is not in the target.
- A value that was not kept differs from the one that was; a row that could not be made breaks the named constraint.
- A rejected row has only notes about rows that could not be made of it.
- For notes that a domain's own laws judge by value, only their rows are checked here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import psycopg

from checks.compare.law_files import Prelude
from checks.compare.origins import Origins, Value, reference
from checks.laws.within_target import derived_id
from checks.reading.facts import Facts, text_of
from checks.reading.fitting import fitted
from checks.reading.many import among
from checks.reading.statements import batches
from checks.run_books.reasons import Reasons
from checks.run_books.rejects import PlannedCheck, by_keys, found
from checks.verdict import ERROR, Check, Row
from config import note_kinds
from config.postgres.quoting import literal, quoted
from config.postgres.times import VISIBLE
from config.postgres.types import TEXTUAL
from config.shapes import Column

BOOKED = """
    select legacy_key, target_table, target_column, note, legacy_value, count(*) from {notes}
    where run_id = %s and legacy_table = %s group by 1, 2, 3, 4, 5
"""
NOTED_BLANK = """
    select legacy_key from {notes}
    where run_id = %s and legacy_table = %s and note = %s and target_column = %s and legacy_key = any (%s::text[])
"""
ORPHAN, NOT_MADE, NOT_KEPT = (kind.pattern for kind in (note_kinds.ORPHAN, note_kinds.NOT_MADE, note_kinds.OVERRULED))
BLANK = note_kinds.BLANK_TIME.saying()
BY_LAWS = (  # laws of their domains judge them by value
    note_kinds.NO_USER, note_kinds.NO_AMOUNT, note_kinds.UNKNOWN_ORDER_STATUS, note_kinds.NO_CURRENCY,
    note_kinds.UNFIT_AMOUNT, note_kinds.OUTDATED, note_kinds.NO_PREFERENCES, note_kinds.UNFIT_SETTING,
    note_kinds.UNKNOWN_ROLE, note_kinds.UNKNOWN_COMPLETION, note_kinds.NO_PROFILE, note_kinds.NO_CATEGORY,
    note_kinds.CHANGES_NOT_READ, note_kinds.NO_OBJECT, note_kinds.METADATA_NO_JSON, note_kinds.PAYLOAD_NO_JSON,
)  # fmt: skip
TITLE = "Every note is of a row that was not rejected, and what it says is true."
PARTLY = ("professionals", "onboarding_states")  # not all of their rows bring times of their own
TIMES = {  # of a reshaped table: legacy column → the target's
    "approved_at": "approved_at", "submitted_at": "submitted_at", "reviewed_at": "reviewed_at",
    "verified_at": "reviewed_at", "created_at": "created_at", "updated_at": "updated_at",
}  # fmt: skip
Note = tuple[str, str, str, str, str, int]  # key, target table, target column, note, legacy value, count


def jobs(facts: Facts, prelude: Prelude) -> Iterator[PlannedCheck]:
    """A check for each legacy table with notes."""
    for table in sorted(facts.books.noted & facts.source.tables.keys()):
        draft = Check(f"books/notes/{table}", "books", facts.domain(table), table, TITLE, ERROR)
        yield draft, partial(_check, facts, prelude, draft, table), *_read(facts, table)


def _read(facts: Facts, table: str) -> tuple[frozenset[str], frozenset[str]]:
    origins, rule = Origins(facts, table), facts.find_rule(table)
    parents = {parent for column in facts.source.table(table).columns for parent in origins.parents(column)}
    derived = rule.derives.targets if rule and rule.derives else ()
    homes = {facts.home(name) for name in (table, *parents)} | {facts.final(table), *derived}
    return frozenset({table, *parents}), frozenset(homes & facts.target.tables.keys())


def _check(
    facts: Facts, prelude: Prelude, draft: Check, table: str, source: psycopg.Connection, target: psycopg.Connection
) -> Check:
    notes, wrong, compared = _Notes(facts, prelude, table, source, target), dict[Row, None](), 0
    booked = BOOKED.format(notes=facts.bound_book("notes", table))
    with batches(target, booked, [facts.books.run_id, table]) as told:
        for batch in told:
            wrong |= dict.fromkeys(notes.wrong(batch))
            compared += len(batch)
    wrong |= dict.fromkeys(notes.wrong_times())
    return found(draft, list(wrong), compared, notes.missed())


class _Notes:
    """One legacy table's notes."""

    def __init__(
        self, facts: Facts, prelude: Prelude, table: str, source: psycopg.Connection, target: psycopg.Connection
    ):
        self._facts, self._prelude, self._table, self._source, self._target = facts, prelude, table, source, target
        self._missed: Counter[tuple[str, str]] = Counter()
        self._is_noted_blank = False

    def wrong(self, booked: Sequence[Note]) -> Iterator[Row]:
        """Of these notes the rows that they are wrong about."""
        there, gone = self._present(booked), self._rejected(note[0] for note in booked)
        orphans: dict[tuple[str, str, str], list[Note]] = defaultdict(list)
        unkept: dict[tuple[str, str, str], list[Note]] = defaultdict(list)
        unmade: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        blank: dict[str, list[str]] = defaultdict(list)  # column → keys
        for note in booked:
            key, target_table, column, text, _, count = note
            if key not in there or (key in gone and not NOT_MADE.fullmatch(text)) or count > 1:
                yield Row(key, "unexpected")
            elif not self._is_place(target_table, column):
                yield Row(key, "differs", ("target_table", "target_column"))
            elif said := ORPHAN.fullmatch(text):
                orphans[target_table, column, said[1]].append(note)
            elif said := NOT_KEPT.fullmatch(text):
                unkept[target_table, column, said[1]].append(note)
            elif said := NOT_MADE.fullmatch(text):
                unmade[said[1], target_table][key] = said[2]
            elif text == BLANK:
                blank[column].append(key)
            elif note_kinds.of_note(text) not in BY_LAWS:
                yield Row(key, "breaks the rule", ("note",))
        for column, keys in blank.items():
            yield from self._not_blank(column, keys)
        yield from self._untrue(orphans, unkept, unmade)

    def _untrue(
        self,
        orphans: Mapping[tuple[str, str, str], list[Note]],
        unkept: Mapping[tuple[str, str, str], list[Note]],
        unmade: Mapping[tuple[str, str], dict[str, str]],
    ) -> Iterator[Row]:
        for (target_table, column, parent), notes in orphans.items():
            yield from self._orphans(target_table, column, parent, notes)
        for (target_table, column, loser), notes in unkept.items():
            yield from self._unkept(target_table, column, loser, notes)
        for (reason, target_table), details in unmade.items():
            yield from self._unmade(reason, target_table, details)

    def missed(self) -> str:
        """What could not be judged, as the check tells it; the verification's gaps get it, too."""
        for (target_table, reason), count in self._missed.items():
            self._facts.gaps.append(f"{self._table}: whether {count:,} rows of {target_table} break {reason}")
        return "".join(f"; of {table} {count:,} could not be judged" for (table, _), count in self._missed.items())

    def _rejected(self, keys: Iterable[str]) -> set[str]:
        """Those of these rows that were rejected."""
        return set(among(self._facts.books.rejected.get(self._table, {}), self._target, keys))

    def _present(self, booked: Sequence[Note]) -> set[str]:
        """The legacy keys that the source has."""
        condition = by_keys(self._facts, self._table, [note[0] for note in booked])
        if condition is None:
            return set()
        key = self._facts.key(self._facts.source.table(self._table))
        name = quoted(self._facts.source.schema, self._table)
        return {found for (found,) in self._source.execute(f"select {key} from {name} as t where {condition}")}

    def _is_place(self, target_table: str, column: str | None) -> bool:
        """Whether the target has it. A setting may stand within the preferences."""
        is_there = column is None or self._facts.target.has(target_table, column)
        return target_table in self._facts.target.tables and (is_there or target_table == "user_settings")

    # Orphans

    def _orphans(self, target_table: str, column: str, parent: str, notes: Sequence[Note]) -> Iterator[Row]:
        own = reference(self._facts, target_table, column)
        shape = self._facts.target.find_table(parent)
        if shape is None or (own and own.ref_table != parent):
            yield from (Row(note[0], "differs", ("note",)) for note in notes)
            return
        told = {note[0]: note[4] for note in notes}
        origins = Origins(self._facts, self._table)
        value = origins.value(target_table, column)
        led: dict[str, str | None] = dict(told)  # of a value of no legacy column the note alone tells
        if value is not None:
            led = {}
            for key, raw, spelled in self._values(origins, value, list(told)):
                led[key] = spelled
                if raw is None or told[key] not in {raw, spelled, *_derived(raw, value.parents)}:
                    yield Row(key, "differs", ("legacy_value",))
        for key in self._not_lost(target_table, column, parent, led):
            yield Row(key, "breaks the rule", (column,))

    def _not_lost(self, target_table: str, column: str, parent: str, led: dict[str, str | None]) -> Iterable[str]:
        """Keys of those references whose row is in the target, one of several columns with the others."""
        own = reference(self._facts, target_table, column)
        several = [
            c
            for c in self._facts.target.table(target_table).constraints
            if c.kind == "f" and column in c.columns and c.ref_table == parent
        ]
        if own or not several:
            return self._leading_somewhere(parent, own.ref_columns[0] if own else "id", led)
        reasons = Reasons(self._facts, self._prelude, self._table, self._source, self._target)
        return reasons.unjustified(several[0].name, target_table, dict.fromkeys(led, "")) or ()

    def _values(self, origins: Origins, value: Value, keys: list[str]) -> list[tuple[str, str | None, str | None]]:
        condition = by_keys(self._facts, self._table, keys)
        query = (
            f"select {origins.relation.key}, {value.raw}, {value.spelled} from {origins.relation.from_sql} "
            f"where {condition}"
        )
        return self._source.execute(self._prelude.of_source(query)[0]).fetchall()

    def _leading_somewhere(self, parent: str, column: str, led: dict[str, str | None]) -> list[str]:
        """Keys of those references whose row is in the target."""
        keys, values = literal(list(led)), literal(list(led.values()))
        query = (
            f"select v.key from unnest({keys}::text[], {values}::text[]) as v (key, id) "
            f"where {self._facts.holds(parent, [(column, 'v.id')])}"
        )
        return [key for (key,) in self._target.execute(query)]

    # What was not kept

    def _unkept(self, target_table: str, column: str, loser: str, notes: Sequence[Note]) -> Iterator[Row]:
        """The first column has another value, or none and cannot take this one; the note tells it."""
        rule, shape = self._facts.find_rule(self._table), self._facts.source.table(self._table)
        variants = rule.coalesced.get(column, ()) if rule else ()
        present = [c for name in variants if (c := shape.find_column(name))]
        given = next((c for c in present[1:] if c.name == loser), None)
        if given is None:
            yield from (Row(note[0], "breaks the rule", ("note",)) for note in notes)
            return
        own, told = text_of(present[0]), {note[0]: note[4] for note in notes}
        kept = f"coalesce({own}, {fitted(self._facts, self._table, present[0], given)})"
        condition, key = by_keys(self._facts, self._table, list(told)), self._facts.key(shape)
        name = quoted(self._facts.source.schema, self._table)
        value = text_of(given)
        query = f"select {key}, {value}, {kept} is distinct from {value} from {name} as t where {condition}"
        for key, value, differs in self._source.execute(query):
            if value is None or value != told[key]:
                yield Row(key, "differs", ("legacy_value",))
            elif not differs:
                yield Row(key, "breaks the rule", ("note",))

    # Times that are null because their text is blank

    def wrong_times(self) -> Iterator[Row]:
        """Rows whose blank time is not noted, if any was: every row is asked where nothing but blanks stands."""
        rule = self._facts.find_rule(self._table)
        if not self._is_noted_blank or (rule and rule.transform in PARTLY):
            return
        noted = NOTED_BLANK.format(notes=self._facts.bound_book("notes", self._table))
        for column in self._times():
            with batches(self._source, self._blank_in(column)) as blank:
                for batch in blank:
                    keys = {key for (key,) in batch}
                    params = [self._facts.books.run_id, self._table, BLANK, TIMES[column.name], list(keys)]
                    told = {key for (key,) in self._target.execute(noted, params)}
                    yield from (Row(key, "missing", ("note",)) for key in keys - told - self._rejected(keys - told))

    def _not_blank(self, column: str, keys: list[str]) -> Iterator[Row]:
        """Of rows whose time is said to be blank in this column of the target those of which it is not."""
        self._is_noted_blank = True
        condition = by_keys(self._facts, self._table, keys)
        asked = [f"{self._blank_in(c)} and {condition}" for c in self._times() if TIMES[c.name] == column]
        found = {key for query in asked for (key,) in self._source.execute(query)}
        yield from (Row(key, "breaks the rule", ("note",)) for key in keys if key not in found)

    def _times(self) -> list[Column]:
        """The text columns that the target's times come from."""
        rule = self._facts.find_rule(self._table)
        columns = {
            **(rule.columns if rule else {}),
            "created_at": ("created_at",),
            "updated_at": ("updated_at",),
        }
        found = [self._facts.used(self._table, columns[name]) for name in TIMES if name in columns]
        return [c for c in found if c and c.base in TEXTUAL and not c.is_array]

    def _blank_in(self, column: Column) -> str:
        """Of the keys of the rows in which nothing but blanks stands there."""
        rows, key = self._facts.source_rows(self._table), self._facts.key(self._facts.source.table(self._table))
        return f"select {key} from {rows} where {text_of(column)} !~ {literal(VISIBLE)}"

    # What could not be made

    def _unmade(self, reason: str, target_table: str, details: dict[str, str]) -> Iterator[Row]:
        reasons = Reasons(self._facts, self._prelude, self._table, self._source, self._target)
        unjustified = reasons.unjustified(reason, target_table, details)
        if unjustified is None:
            self._missed[target_table, reason] += len(details)
            return
        yield from (Row(key, "breaks the rule", ("note",)) for key in unjustified)


def _derived(raw: str, parents: Sequence[str]) -> set[str]:
    """The ids that such a value may have had on its way."""
    return {derived_id(f"{parent}:{raw}") for parent in parents}
