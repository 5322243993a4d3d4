"""The personal values of the source, as a scan gathers and remembers them.

Laws
- Addresses come from every text of the source, in whatever column and length; numbers, names and URLs from the columns
  that are masked as such; from the other columns whose names say what of a person they hold, what is one word with a
  digit in it (an account, a passport).
- Values count by their words, whatever stands between these and in whatever case.
- No value is kept, only its hash under a key that dies with the scan.
"""

import re
import secrets
from collections.abc import Collection, Iterable, Sequence

from psycopg import sql

from checks.reading.catalog import Catalog
from checks.reading.facts import text
from checks.scan import personal_values
from checks.scan.cells import BatchColumn, is_telling, is_uuid
from checks.scan.columns import Field
from checks.scan.hashes import Hashes, Numbers
from checks.scan.rows import Reader
from config.postgres.quoting import quoted
from config.rules import Mapping

WHOLE_KINDS = ("name", "email", "phone", "url")
VALUED = ("name", "email", "url")  # whose values count as a whole; of a phone column its numbers do
IDENTIFIER = re.compile(r"(?=\S*\d)\S{8,64}")


class Originals:
    """emails: every address in any text; phones: of seven to ten digits; values: whole names, URLs and the like."""

    def __init__(self, vocabulary: Collection[str] = ()) -> None:
        """vocabulary: words that are nobody's, whoever is called so."""
        self._vocabulary = frozenset(vocabulary)
        self.key = secrets.token_bytes(32)
        self.emails, self.phones, self.values = Hashes(self.key), Numbers(self.key), Hashes(self.key)

    def add_values(self, texts: Iterable[str]) -> None:
        self.values.add([words for text in texts if (words := personal_values.words(text)) not in self._vocabulary])

    def counts(self) -> dict[str, int]:
        return {"emails": len(self.emails), "phones": len(self.phones), "values": len(self.values)}

    def is_personal(self, text: str) -> bool:
        """Whether a text (a part of a key that is to be shown) holds an address, a number or a value."""
        return any(True for _ in personal_values.emails(text)) or self.stand_in(text, personal_values.phrases(text))

    def stand_in(self, text: str, phrases: Collection[str]) -> bool:
        """Whether a text holds an address, a number or, among its phrases, a value of the source."""
        if self.emails.found([*personal_values.possible_emails(text)]) or self.values.found([*phrases]):
            return True
        windows = [
            window for run in personal_values.runs(text) for window in personal_values.windows(run, self.phones.lengths)
        ]
        found, _ = self.phones.looked_up(windows)
        return any(personal_values.holds(text, windows[place]) for place in found)


def vocabulary(shapes: Catalog, rules: Mapping) -> set[str]:
    """The names of tables, columns, roles and statuses."""
    names = {*shapes.tables, *rules.common.role_synonyms, *rules.tables, *rules.roles}
    names |= {column.name for table in shapes.tables.values() for column in table.columns}
    for statuses in (rules.common.statuses, rules.common.order_statuses):
        names |= {*statuses, *(spelling for spellings in statuses.values() for spelling in spellings)}
    return {personal_values.words(name.replace("_", " ")) for name in names}


def gather(reader: Reader, schema: str, table: str, fields: Sequence[Field], originals: Originals) -> None:
    """Remember what the source's table holds: addresses of all its texts, and what its masked columns are about."""
    whole = [one for one in fields if one.kind in WHOLE_KINDS or one.is_named]
    texts = [one for one in fields if one not in whole and one.is_text]
    if not whole and not texts:
        return
    for rows in reader.batches(_query(schema, table, whole, texts)):
        for one, column in zip([*whole, *texts], zip(*rows, strict=True), strict=True):
            _remember(BatchColumn(one, column), originals)


def _query(schema: str, table: str, whole: Sequence[Field], texts: Sequence[Field]) -> sql.Composed:
    """Cells in which an address may stand, whole columns, and only rows that have any of it."""
    chosen: list[sql.Composable] = [one.read() for one in whole]
    chosen += [
        sql.SQL("case when {} ~ {} then {} end").format(
            sql.SQL(text(f"t.{quoted(one.name)}")), personal_values.AT, one.read()
        )
        for one in texts
    ]
    names = [sql.Identifier(f"c{place}") for place in range(len(chosen))]
    return sql.SQL("select * from (select {} from {} as t offset 0) as x where {}").format(
        sql.SQL(", ").join(sql.SQL("{} as {}").format(*pair) for pair in zip(chosen, names, strict=True)),
        sql.Identifier(schema, table),
        sql.SQL(" or ").join(sql.SQL("{} is not null").format(name) for name in names),
    )


def _remember(column: BatchColumn, originals: Originals) -> None:
    kind, (texts, names) = column.field.kind, column.texts()
    parts = [part for _, part in texts + names]
    originals.emails.add(
        [email for part in parts if personal_values.may_hold_email(part) for email in personal_values.emails(part)]
    )
    if kind == "phone":
        originals.phones.add([number for part in parts for number in personal_values.numbers(part)])
    if kind in VALUED:
        originals.add_values(text for _, text in texts if _is_value(column.field, text))
    elif column.field.is_named:
        originals.add_values(text for _, text in texts if IDENTIFIER.fullmatch(text) and not is_uuid(text))


def _is_value(field: Field, text: str) -> bool:
    """An id is nobody's, and an address is looked for as one."""
    if not personal_values.is_telling(personal_values.words(text)) or not is_telling(field, text) or is_uuid(text):
        return False
    return field.kind != "email" or not any(personal_values.emails(text))
