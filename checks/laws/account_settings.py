"""Account settings: those found on users are in user_settings, which has one row for every user.

Laws (contract, 4.10: account settings)
- A setting goes to the column of its name, else to a key of that name in `preferences`; a value that is there stays,
  and null writes none. A setting that does not fit its column, or meets preferences that are no object, is noted.
- A user without a row gets one: defaults in the columns that are no settings, the run's instant as its times.
- In a new row the id and computed defaults may have any value; such columns are compared only in rows that the run did
  not make, by created_at; where that holds no times (a number of seconds, say) nobody can tell, and they are not.
"""

from collections.abc import Iterator

from checks.compare.comparison import Comparison
from checks.compare.content import Whole, gone
from checks.compare.law_files import Prelude
from checks.reading.facts import Facts, column_of, json_of, parsed, text, text_of
from checks.reading.fitting import default_of, fitted
from checks.reading.relations import Relation
from config import note_kinds
from config.postgres.quoting import literal, quoted
from config.postgres.types import TEXTUAL, TIMES
from config.shapes import Column, Table

SETTINGS, PREFERENCES = "user_settings", "preferences"
TITLE = "Every user has one row of settings: what stood there stays, and settings found on users fill it up."
NOTED = "A setting that found no place is noted with its value, and no other is."
MERGED = """
    case
        when u.id is null then {own}
        when {own} is null then {document}
        when jsonb_typeof({parsed}) = 'object' then concat(u.document || {parsed})
        else {own}
    end
"""


def comparisons(facts: Facts, prelude: Prelude) -> Iterator[Comparison]:
    """One of the rows and one of the notes; none without users and settings."""
    completion = facts.rule(SETTINGS).completed_from
    users = facts.source.find_table(completion.table) if completion else None
    if completion and users and users.find_column("id") and SETTINGS in facts.target.tables:
        law = _Law(facts, users, completion.columns)
        yield law.rows(prelude)
        yield law.notes(prelude)


def _merged(own: str) -> str:
    """The preferences that a user's settings have joined. own: the legacy ones, as text."""
    return MERGED.format(own=own, parsed=parsed(own, "jsonb"), document=text("nullif(u.document, '{}')"))


class _Law:
    def __init__(self, facts: Facts, users: Table, names: tuple[str, ...]):
        self._facts, self._users = facts, users
        self._is_there = SETTINGS in facts.source.tables
        self._there = facts.source.table(SETTINGS) if self._is_there else Table(SETTINGS, ())
        self._target = facts.target.table(SETTINGS)
        self._given = [c for c in users.columns if c.name in names]
        self._own = [c for c in self._given if self._there.find_column(c.name)]
        self._keys = [c for c in self._given if c not in self._own]

    def rows(self, prelude: Prelude) -> Comparison:
        parts = [self._kept(), self._new()] if self._is_there else [self._new()]
        relations = [f"u as ({self._user()})", *([f"s as ({self._settings()})"] if self._is_there else [])]
        source, of_source = prelude.of_source(f"with {', '.join(relations)}\n" + "\nunion all\n".join(parts))
        listed = ", ".join(f"{self._shown(c, self._held(c))} as {quoted(c.name)}" for c in self._columns())
        key = self._facts.word(self._target.column("user_id"), self._users.name)
        target = f"select {key} as key, {listed} from {self._facts.target_rows(SETTINGS)}"
        tables = {self._users.name, *([SETTINGS] if self._is_there else [])}
        return Comparison(
            f"law/{SETTINGS}/settings", "law", "identity", SETTINGS, TITLE, source, target,
            of_source=of_source | tables, of_target=frozenset({SETTINGS}),
        )  # fmt: skip

    def _columns(self) -> list[Column]:
        return [c for c in self._target.columns if c.name != "user_id" and not c.generated]

    def _user(self) -> str:
        """id, whether the user is rejected or its row could not be made, its settings as they fit, as a document."""
        relation = Relation(self._facts, self._users)
        id_ = relation.id_of(self._users.name, self._users.column("id"))
        is_gone = f"{relation.rejected} is not null or {relation.not_made(SETTINGS)}"
        columns = [f"{id_} as id", f"{is_gone} as is_gone", f"{self._document()} as document"]
        columns += [f"{self._fitted(c)} as {quoted('of ' + c.name)}" for c in self._own]
        return f"select {', '.join(columns)} from {relation.from_sql}"

    def _fitted(self, given: Column) -> str:
        return fitted(self._facts, SETTINGS, self._there.column(given.name), given)

    def _document(self) -> str:
        """The settings without a column of their own, without nulls; an empty object if there are none."""
        if not self._keys:
            return "'{}'::jsonb"
        if all(c.base not in ("json", "jsonb") and c.kind in "be" and not c.is_array for c in self._keys):
            pairs = ", ".join(f"{literal(c.name)}, {json_of(c)}" for c in self._keys)
            return f"jsonb_strip_nulls(jsonb_build_object({pairs}))"  # of values that hold no nulls of their own
        pairs = ", ".join(f"({literal(c.name)}, to_jsonb({json_of(c)}))" for c in self._keys)
        found = f"select jsonb_object_agg(k, v) from (values {pairs}) as found (k, v) where v is not null"
        return f"coalesce(({found}), '{{}}')"

    def _settings(self) -> str:
        """The legacy rows: the user as the target spells it, and every column as it would arrive by itself."""
        whole = Whole(self._facts, SETTINGS)
        pairs = [whole.pair(c) for c in self._there.columns if c.name not in gone(self._facts, SETTINGS)]
        pairs += whole.added()
        user = next((self._word(whole, p.source) for p in pairs if p.name == "user_id"), "null")
        columns = [f"{text(user)} as user_id", f"{whole.relation.rejected} as rejected"]
        columns += [f"{text(p.source)} as {quoted('own ' + p.name)}" for p in pairs]
        return f"select {', '.join(columns)} from {whole.relation.from_sql}"

    def _word(self, whole: Whole, arrives: str) -> str:
        """The user as ids are compared; null where none arrives."""
        named = whole.relation.id_of(self._users.name, self._there.column("user_id"))
        return f"case when {arrives} is not null then {named} end"

    def _kept(self) -> str:
        listed = [f"{self._shown(c, self._filled(c), 's')} as {quoted(c.name)}" for c in self._columns()]
        joined = "s left join u on u.id = s.user_id where s.rejected is null"
        return f"select {', '.join(['s.user_id as key', *listed])} from {joined}"

    def _filled(self, column: Column) -> str:
        own = f"s.{quoted('own ' + column.name)}"
        if column.name == PREFERENCES and self._keys:
            return _merged(own) if self._there.find_column(PREFERENCES) else text("u.document")
        if any(c.name == column.name for c in self._own):
            return f"coalesce({own}, u.{quoted('of ' + column.name)})"
        return own

    def _new(self) -> str:
        listed = [f"{self._shown(c, self._fresh(c), None)} as {quoted(c.name)}" for c in self._columns()]
        without = "and not exists (select from s where s.user_id = u.id)" if self._is_there else ""
        return f"select {', '.join(['u.id as key', *listed])} from u where not u.is_gone {without}"

    def _fresh(self, column: Column) -> str:
        default = default_of(column) or "null::text"
        if _is_told_the_instant(column):
            return self._instant(column)
        if column.name == PREFERENCES:
            return text("u.document")
        if any(c.name == column.name for c in self._own):
            return f"coalesce(u.{quoted('of ' + column.name)}, {default})"
        return default

    def _instant(self, column: Column) -> str:
        """The run's instant as this column shows it."""
        instant = f"{literal(self._facts.books.instant)}::timestamptz"
        local = f"({instant} at time zone {literal(self._facts.time_zone)})"
        shown = {"timestamp": local, "date": f"{local}::date"}.get(column.base, instant)
        return text(f"{shown}::{column.type}" if column.base in TIMES and column.kind == "b" else shown)

    def _held(self, column: Column) -> str:
        """The target's column as text, as the content of the table shows it."""
        shape = self._there.find_column(column.name)
        pair = Whole(self._facts, SETTINGS).pair(shape) if shape else None
        return text(pair.target if pair else column_of(column))

    def _shown(self, column: Column, value: str, alias: str | None = "t") -> str:
        """The value; null in rows of the run's instant where nobody can know it."""
        created = self._target.find_column("created_at")
        if not self._is_free(column) or not created:
            return value
        if alias is None or not _is_told_the_instant(created):
            return "null::text"
        there = text_of(created) if alias == "t" else f"s.{quoted('own created_at')}"
        return f"case when {there} is distinct from {self._instant(created)} then {value} end"

    def _is_free(self, column: Column) -> bool:
        """Whether the database gives a new row's value: an id, a number of a sequence, a default that it computes."""
        if column.name == PREFERENCES or _is_told_the_instant(column):
            return False
        is_key = column.name == "id" or column.name in self._target.primary_key
        return is_key or (default_of(column) is None and (column.not_null or column.default is not None))

    def notes(self, prelude: Prelude) -> Comparison:
        relation = Relation(self._facts, self._users)
        parts = [f"select {relation.key} as key, null as setting, null as note, null as value from {relation.from_sql}"]
        parts[0] += " where false"
        for given in self._own:
            unfit = f"{text_of(given)} is not null and ({self._fitted(given)}) is null"
            parts.append(self._noted(relation, given, note_kinds.UNFIT_SETTING.saying(given.name), unfit))
        if self._there.find_column(PREFERENCES):
            odd = "select o.user_id from odd as o"
            id_ = relation.id_of(self._users.name, self._users.column("id"))
            for given in self._keys:
                unmerged = f"{text_of(given)} is not null and {id_} in ({odd})"
                parts.append(self._noted(relation, given, note_kinds.NO_PREFERENCES.saying(), unmerged))
        source, of_source = prelude.of_source(f"with odd as ({self._odd()})\n" + "\nunion all\n".join(parts))
        target, _ = prelude.of_target(
            f"select n.legacy_key as key, n.target_column as setting, n.note, n.legacy_value as value from notes as n "
            f"where n.legacy_table = {literal(self._users.name)} and n.target_table = '{SETTINGS}' "
            f"and n.note like '%was not kept'"
        )
        return Comparison(
            f"law/notes/{SETTINGS}", "law", "identity", "notes", NOTED, source, target,
            of_source=of_source | {self._users.name},
        )  # fmt: skip

    def _noted(self, relation: Relation, given: Column, note: str, condition: str) -> str:
        return (
            f"select {relation.key}, {literal(given.name)}, {literal(note)}, {text_of(given)} from {relation.from_sql} "
            f"where {relation.rejected} is null and {condition}"
        )

    def _odd(self) -> str:
        """Users whose preferences are no object."""
        there = self._there.find_column(PREFERENCES)
        if not there or not self._keys:
            return "select null::text as user_id where false"
        whole = Whole(self._facts, SETTINGS)
        user = whole.pair(self._there.column("user_id")).source
        return (
            f"select {text(user)} as user_id from {whole.relation.from_sql} "
            f"where jsonb_typeof({column_of(there)}) <> 'object'"
        )


def _is_told_the_instant(column: Column) -> bool:
    """Whether new rows have the run's instant there; one that holds no times has its default."""
    return column.name in ("created_at", "updated_at") and column.base in TIMES | TEXTUAL and not column.is_array
