"""The legacy tables as the laws read them: relations of text columns that their SQL names like tables.

Laws
- A relation has all rows of its table, also rejected ones: `rejected` is their reason, else null.
- A rule column has the rule's name, whatever the legacy table calls it, and is null if the table lacks it; a missing
  table is a relation without rows. So a law is one text for every legacy database.
- Columns: key, raw_id (the id as the books name it), legacy_id (a UUID in its plain form), is_uuid (whether it is
  one; null without an id), id (the target's), rejected, nulled (the references that were set to null, as
  `target_table.target_column`), the rule's columns, created_at and updated_at (filled), and of a status and a role what
  they mean: status_meaning, order_meaning, role_key; of an ip the address that it is, if any: address. tid is the
  row's ctid.
"""

from collections.abc import Container, Iterable, Mapping

from checks.reading import addresses
from checks.reading.books import Derived, Said
from checks.reading.facts import ASKABLE, Facts, column_of, once, parsed, row_of, text, text_of
from checks.reading.many import Pairs
from config.postgres import types
from config.postgres.quoting import literal, quoted
from config.postgres.times import LOCAL, VISIBLE, ZONED
from config.postgres.types import TEXTUAL, TIMES
from config.rules import role_keys, spellings
from config.shapes import Column, Table

# What laws read of tables that keep their shape: column → its variants.
READ: dict[str, dict[str, tuple[str, ...]]] = {
    "users": {},
    "roles": {"name": ("key", "slug", "code", "name")},
    "invoices": {"payment_id": ("payment_id",), "tax": ("tax_amount", "tax")},
    "coupon_uses": {
        "payment_id": ("payment_id",), "coupon_id": ("coupon_id",), "discount": ("discount_amount", "discount"),
        "used_at": ("used_at", "redeemed_at"),
    },
    "kb_categories": {},
}  # fmt: skip
AS_TIME = {"approved_at", "submitted_at", "reviewed_at", "verified_at"}
KEYS = {"payment_id"}  # rows are joined by it, whatever declares it a reference
AS_DOCUMENT = {"payload"}
WHOLE = r"^ *[+-]?[0-9]{1,255}([.][0-9]{0,255})? *$"
NUMBERS = {  # texts that are numbers; longer exponents would overflow, and fit nowhere
    "amount": r"^\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?\s*$", "tax": WHOLE, "discount": WHOLE,
}  # fmt: skip
NUMERIC = types.NUMBERS | types.FLOATS
REACH = ("4714-11-26 BC", "294276-12-29")  # of a date or timestamp that a timestamptz can be in every zone
ARRAYS = "(select * from unnest({}) as v ({}))"


class Relation:
    """One legacy table, its alias t: expressions over it, and the joins that they need."""

    def __init__(self, facts: Facts, shape: Table):
        self._facts, self._shape = facts, shape
        self.key = facts.key(shape)
        self.joins: list[str] = []
        self.rejected = self._told("rejected", facts.books.rejected)
        self.nulled = f"{self._told('nulled', facts.books.nulled)}::text[]"

    @property
    def from_sql(self) -> str:
        """The table and everything that was joined so far."""
        return f"{self._facts.source_rows(self._shape.name)} {' '.join(self.joins)}"

    def _told(self, what: str, of_tables: Mapping[str, Said]) -> str:
        """What the books say of single rows, joined by their keys."""
        books, table = self._facts.books, self._shape.name
        if not (told := of_tables.get(table)):
            return "null::text"
        known = books.spelled(what, table, lambda: said(told, "key, value"))
        join = f"left join {known} as {what} on {what}.key = {self.key}"
        self.joins += [] if join in self.joins else [join]
        return f"{what}.value"

    def not_made(self, target_table: str) -> str:
        """Whether nothing could be made of the row in this table of the target."""
        tables = self._told("not_made", self._facts.books.not_made)
        return f"coalesce({literal(target_table)} = any ({tables}::text[]), false)"

    def no_json(self) -> str:
        """What the books note of a row whose document is no JSON."""
        return self._told("no_json", self._facts.books.no_json)

    def id_of(self, parent: str, column: Column) -> str:
        """A key of `parent`, held by this column, as the target spells it."""
        value = self._facts.spelled(column, parent, self._facts.id_base(parent))
        known = led_by(self._facts, parent)
        if not known:
            return value
        alias = quoted(f"id {len(self.joins)}")
        self.joins.append(f"left join {known} as {alias} on {alias}.legacy_id = {value}")
        return f"coalesce({alias}.id, {value})"

    def own_id(self, column: Column | None) -> str:
        """The row's id in the target: a new one by the id as it stands, by the key of a row that has none."""
        base = self._facts.id_base(self._shape.name)
        parent = self._facts.parent(self._shape.name, "id") if column else None
        if column and parent and self._facts.treatments[self._shape.name] != "reshape":
            return self.id_of(parent, column)  # its ids are another table's
        spelled = self._facts.spelled(column, None, base) if column else "null"
        derived = self._facts.books.derived.get(self._shape.name)
        if not derived:
            return spelled if column else "null::text"
        named = f"coalesce({self._facts.word(column)}, {self.key})" if column else self.key
        known = self._facts.books.spelled("own ids", self._shape.name, lambda: said(derived, "legacy_id, id"))
        self.joins.append(f"left join {known} as own on own.legacy_id = {named}")
        return f"coalesce(own.id, {spelled})"

    def time(self, column: Column) -> str:
        """A time of any kind as timestamptz; null where no timestamptz can be it."""
        if column.is_array or column.base not in TIMES | TEXTUAL:
            return "null::timestamptz"
        if column.base == "timestamptz":
            return column_of(column)
        if column.base in TEXTUAL:
            return self._said(column)
        bounds = " and ".join(f"{column.base} {literal(bound)}" for bound in REACH)
        is_one = f"not isfinite({column_of(column)}) or {column_of(column)} between {bounds}"
        return f"case when {is_one} then {self._in_zone(f'{column_of(column)}::timestamp')} end"

    def _said(self, column: Column) -> str:
        """The time that a text plainly says."""
        said = text_of(column)
        zoned = f"when {said} ~ {literal(ZONED)} then {parsed(said, 'timestamptz')}"
        local = self._in_zone(parsed(said, "timestamp"))
        return f"case {zoned} when {said} ~ {literal(LOCAL)} then {local} end"

    def _in_zone(self, local: str) -> str:
        return f"({local} at time zone {literal(self._facts.time_zone)})"

    def time_text(self, column: Column) -> str:
        """A time of any kind as a timestamptz shows it. A blank text is none; one that says none plainly is asked of
        its type, unless the row was rejected; any other value that can be none stays what it is, and equals none."""
        plainly = text(self.time(column))
        if column.base in TEXTUAL and not column.is_array:
            read = f"coalesce({plainly}, {text(self._asked(column))})"
            return f"case when {text_of(column)} ~ {literal(VISIBLE)} then {read} end"
        return f"coalesce({plainly}, 'not a time: ' || {text_of(column)})"

    def _asked(self, column: Column) -> str:
        """The time that its type reads in a text; of a rejected row null, for its text may be none."""
        return f"case when {self.rejected} is null then {parsed(text_of(column), 'timestamptz')} end"

    def created(self) -> str:
        """created_at as timestamptz, where it is null the first finite time of the chain, else the run's instant."""
        own = self._shape.find_column("created_at")
        return f"coalesce({', '.join([*([self.time(own)] if own else []), *self.fallbacks()])})"

    def updated(self) -> str:
        own = self._shape.find_column("updated_at")
        return f"coalesce({self.time(own)}, {self.created()})" if own else self.created()

    def filled(self, name: str) -> str:
        """created_at or updated_at of a reshaped table, as text; what the column holds and is no time stays none."""
        own, filled = self._shape.find_column(name), self.created() if name == "created_at" else self.updated()
        return f"coalesce({self.time_text(own)}, {text(filled)})" if own else text(filled)

    def kept_time(self, column: Column) -> str:
        """created_at or updated_at of a table that keeps its shape, in its own type, filled where it is null."""
        own = column_of(column)
        if column.not_null or column.is_array:
            return own
        instead = self._instead(column)
        return f"coalesce({own}, {instead})" if instead else own

    def _instead(self, column: Column) -> str | None:
        """What stands for a null in the type of that column; None where the type can say nothing of it."""
        is_first = column.name == "created_at"
        moment = f"coalesce({', '.join(self.fallbacks())})" if is_first else self.created()
        if column.base in TIMES:
            local = f"({moment} at time zone {literal(self._facts.time_zone)})"
            shown = {"timestamptz": moment, "timestamp": local, "date": f"{local}::date"}[column.base]
            return f"{shown}::{column.type if '(' in column.type else column.base}"
        first = None if is_first else self._shape.column("created_at")
        first = first if first and not first.is_array else None
        if first and (first.full_type, first.collation) == (column.full_type, column.collation):
            return self.kept_time(first)
        if column.base not in TEXTUAL or column.kind != "b":
            return None
        said = text(self.kept_time(first) if first else moment)
        own = f'(({said})::{column.full_type}) collate "C"'
        return f"case when ({own})::text = {said} then {own} end"

    def fallbacks(self) -> list[str]:
        chain = [c for name in self._facts.mapping.common.created_at_from if (c := self._shape.find_column(name))]
        chain = [c for c in chain if c.base in TIMES | TEXTUAL and not c.is_array]
        finite = [
            self.time(c) if c.base in TEXTUAL else f"case when isfinite({column_of(c)}) then {self.time(c)} end"
            for c in chain
        ]
        return [*finite, f"{literal(self._facts.books.instant)}::timestamptz"]


class Every:
    """What everything is in: all columns of a relation."""

    def __contains__(self, name: object) -> bool:
        return True


EVERY = Every()


class Relations:
    """SQL of every relation, by legacy table of the mapping."""

    def __init__(self, facts: Facts):
        self._facts = facts
        self._made: dict[str, str] = {}
        common = facts.mapping.common
        self._known = {
            "role_key": role_keys(facts.mapping),
            "status_meaning": spellings(common.statuses),
            "order_meaning": spellings(common.order_statuses),
        }

    def query(self, table: str, words: Container[str] = EVERY) -> str:
        """SELECT of the relation. words: the columns that are wanted of it."""
        if words is not EVERY:
            return self._query(table, words)
        if table not in self._made:
            self._made[table] = self._query(table, EVERY)
        return self._made[table]

    def _query(self, table: str, words: Container[str]) -> str:
        wanted, shape = self._wanted(table), self._facts.source.find_table(table)
        if shape is None or self._facts.treatments[table] == "archive":
            return _empty(wanted)
        relation = Relation(self._facts, shape)
        columns = {"tid": "t.ctid", "key": relation.key, "rejected": relation.rejected, "nulled": relation.nulled}
        columns |= self._ids(relation, shape)
        for name, variants in wanted.items():
            columns |= self._column(relation, table, name, self._facts.used(table, variants))
        if not self._facts.rule(table).carries:
            columns |= self._payload(relation, table, row_of(shape), is_jsonb=False)
        if "used_at" in wanted:
            columns["used_at"] = text(self._used_at(relation, table))
        columns |= {name: self._filled(relation, table, name) for name in ("created_at", "updated_at")}
        spoken_of = {name: expression for name, expression in columns.items() if name == "tid" or name in words}
        listed = ", ".join(f"{expression} as {quoted(name)}" for name, expression in spoken_of.items())
        return f"select {listed} from {relation.from_sql}"

    def _filled(self, relation: Relation, table: str, name: str) -> str:
        """What is derived from a row that keeps its own times takes those that they plainly say."""
        if self._facts.treatments[table] == "reshape":
            return relation.filled(name)
        return text(relation.created() if name == "created_at" else relation.updated())

    def _wanted(self, table: str) -> dict[str, tuple[str, ...]]:
        rule = self._facts.rule(table)
        derived = rule.derives.columns if rule.derives else {}
        removed = {name: (name,) for name in rule.removed}
        whole: dict[str, tuple[str, ...]] = {} if rule.carries else {"payload": ()}
        return {"user_id": ("user_id",), **rule.columns, **READ.get(table, {}), **derived, **removed, **whole}

    def _ids(self, relation: Relation, shape: Table) -> dict[str, str]:
        column = shape.find_column("id")
        if not column:
            absent = {"raw_id": "null::text", "legacy_id": "null::text", "is_uuid": "null::boolean"}
            return absent | {"id": relation.own_id(None)}
        named = {"raw_id": self._facts.word(column), "legacy_id": self._facts.spelled(column)}
        return named | {"is_uuid": self._facts.holds_uuid(column), "id": relation.own_id(column)}

    def _used_at(self, relation: Relation, table: str) -> str:
        """When a coupon was used; where no time says so, when its row was created."""
        column = self._facts.used(table, READ[table]["used_at"])
        return relation.time(column) if column and column.base in TIMES and not column.is_array else relation.created()

    def _names_nothing(self, table: str, column: Column) -> bool:
        """Whether rows derived from this table have no use for a reference: its parent is not there, it is no uuid."""
        rule, reference = self._facts.rule(table), self._facts.mapping.common.references.get(column.name)
        is_derived_from = rule.derives is not None or table in READ
        is_lost = reference is not None and reference.to not in self._facts.source.tables
        return is_derived_from and is_lost and column.base != "uuid"

    def _column(self, relation: Relation, table: str, name: str, column: Column | None) -> dict[str, str]:
        if column is None or self._names_nothing(table, column):
            return dict.fromkeys((name, *_meanings([name])), "null::text")
        parent = self._facts.parent(table, column.name)
        if parent and parent != "professionals" and parent not in self._facts.mapping.profile_tables:
            return {name: relation.id_of(parent, column)}
        if name in AS_TIME:
            return {name: relation.time_text(column)}
        if name == "metadata":
            return self._metadata(relation, table, column)
        if name in AS_DOCUMENT:
            return self._payload(relation, table, text_of(column), _is_jsonb(column))
        if name in NUMBERS:
            return {name: _number(column, name)}
        value = self._facts.word(column) if name in KEYS else text_of(column)
        if name == "ip_address":
            return {name: value, "address": addresses.spelled(self._facts, column)}
        return {name: value} | {other: meaning(value, self._known[other]) for other in _meanings([name])}

    def _metadata(self, relation: Relation, table: str, column: Column) -> dict[str, str]:
        """A document as an object: what is none, or no JSON, under legacy_metadata; and how the books note that."""
        is_jsonb = _is_jsonb(column)
        value = column_of(column) if is_jsonb else "w.v"
        document = value if is_jsonb else parsed(value, "jsonb")
        is_json = self._is_json(relation, table, value, is_jsonb)

        def told(no_json: str, of_object: str, no_object: str) -> str:
            found = (
                f"case when {value} is null then null when not ({is_json}) then {no_json} "
                f"when jsonb_typeof({document}) = 'object' then {of_object} else {no_object} end"
            )
            return found if is_jsonb else once(text_of(column), found)

        wrapped = [f"concat(jsonb_build_object('legacy_metadata', {found}))" for found in (value, document)]
        return {
            "metadata": told(wrapped[0], f"concat({document})", wrapped[1]),
            "metadata_note": told("'metadata_no_json'", "null", "'metadata_no_object'"),
        }

    def _payload(self, relation: Relation, table: str, value: str, is_jsonb: bool) -> dict[str, str]:
        """A document as it is; what is no JSON stands under legacy_payload, and how the books note that."""
        if is_jsonb:
            return {"payload": value, "payload_note": "null::text"}
        is_json = self._is_json(relation, table, "w.v", is_jsonb)
        kept, wrapped = parsed("w.v", "jsonb"), "jsonb_build_object('legacy_payload', w.v)"
        held = f"when {is_json} then concat({kept}) else concat({wrapped})"
        return {
            "payload": once(value, f"case when w.v is null then null {held} end"),
            "payload_note": once(value, f"case when w.v is null or ({is_json}) then null else 'payload_no_json' end"),
        }

    def _is_json(self, relation: Relation, table: str, value: str, is_jsonb: bool) -> str:
        """Whether jsonb takes the text; a source that cannot be asked leaves the books to be believed."""
        if is_jsonb:
            return "true"
        if self._facts.source.version < ASKABLE:
            return f"{relation.rejected} is null and {relation.no_json()} is null"
        # one that is nested too deep for the server ends the question, and was rejected
        return f"case when {relation.rejected} is null then pg_input_is_valid({value}, 'jsonb') else false end"


def _empty(wanted: Iterable[str]) -> str:
    names = ["key", "rejected", "raw_id", "legacy_id", "id", *wanted, *_meanings(wanted), "created_at", "updated_at"]
    columns = [f"null::text as {quoted(name)}" for name in dict.fromkeys(names)]
    return (
        f"select {', '.join(columns)}, null::text[] as nulled, null::tid as tid, null::boolean as is_uuid where false"
    )


def arrays(pairs: dict[str, str], names: str) -> str:
    """A relation of two text columns, of pairs that the books hold."""
    return ARRAYS.format(f"{literal(list(pairs))}::text[], {literal(list(pairs.values()))}::text[]", names)


def said(pairs: Said | Derived, names: str) -> str:
    """The same of what they say of single rows, of which there may be very many."""
    return arrays(pairs, names) if isinstance(pairs, dict) else pairs.relation(names)


def led_by(facts: Facts, table: str) -> str:
    """SQL of the new ids of a table, by the ids that references lead to: legacy_id, id; '' where it has none."""
    what, derived = "ids that references lead to", facts.books.derived.get(table, {})
    if not isinstance(derived, dict):
        return facts.books.spelled(what, table, lambda: _led_by(derived, facts.is_alone_at_home(table)))
    found = facts.new_ids(table)
    return facts.books.spelled(what, table, lambda: arrays(found, "legacy_id, id")) if found else ""


def _led_by(derived: Pairs, is_alone: bool) -> str:
    """As Facts.new_ids has them."""
    plain = f"case when key ~* '{types.UUID_TEXT}' then key::uuid::text else key end"
    where = f"where key !~* '{types.UUID_TEXT}'" if is_alone else ""
    given = derived.relation("key, value")
    return f"(select {plain} as legacy_id, min(value) as id from {given} as given {where} group by 1)"


def meaning(value: str, known: dict[str, str]) -> str:
    """What a text means by its letters and digits; null where it is none of the known spellings."""
    cases = " ".join(f"when {literal(word)} then {literal(meant)}" for word, meant in known.items())
    letters = f"""regexp_replace({value}, '[^A-Za-z0-9]', '', 'g') collate "C" """
    return f"case lower({letters}) {cases} end"


def _meanings(names: Iterable[str]) -> list[str]:
    extra = {"role": ["role_key"], "status": ["status_meaning", "order_meaning"], "name": ["role_key"]}
    extra |= {"ip_address": ["address"], "metadata": ["metadata_note"], "payload": ["payload_note"]}
    return [other for name in names for other in extra.get(name, ())]


def _is_jsonb(column: Column) -> bool:
    return column.base == "jsonb" and not column.is_array


def _number(column: Column, name: str) -> str:
    """An amount as numeric text; NaN of a text that is no number. A float's own text is its number."""
    value = text_of(column)
    if column.base == "money":
        return text(f"{column_of(column)}::numeric")
    if column.base in NUMERIC and not column.is_array:
        return text(parsed(value, "numeric"))
    is_number = f"{value} ~ {literal(NUMBERS[name])}"
    number = f"concat({parsed(value, 'numeric')})"
    return f"case when {is_number} then {number} when {value} is not null then 'NaN' end"
