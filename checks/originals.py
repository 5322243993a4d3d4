"""The personal values of the source, as a scan remembers them, and how they are gathered.

Laws
- Addresses come from every text of the source, in whatever column and length; numbers, names and URLs from the columns
  that are masked as such.
- No value is kept, only its hash under a key that dies with the scan.
"""

import secrets
from collections.abc import Sequence

from psycopg import sql

from checks import traces
from checks.cells import Column, is_telling, is_uuid
from checks.facts import quoted, text
from checks.hashes import Hashes, Numbers
from checks.masked import Field
from checks.pairs import Reader

WHOLE_KINDS = ("name", "email", "phone", "url")
SHORTEST_VALUE = 8  # characters; what is shorter is anybody's


class Originals:
    """emails: every address in any text; phones: of seven to ten digits; values: whole names, URLs and the like."""

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)
        self.emails, self.phones, self.values = Hashes(self.key), Numbers(self.key), Hashes(self.key)

    def counts(self) -> dict[str, int]:
        return {"emails": len(self.emails), "phones": len(self.phones), "values": len(self.values)}

    def betrayed(self, text: str) -> bool:
        """Whether a text (a part of a key that is to be shown) holds an address, a number or a value."""
        if any(True for _ in traces.emails(text)) or self.values.found([text]):
            return True
        windows = [window for run in traces.runs(text) for window in traces.windows(run, self.phones.lengths)]
        found, _ = self.phones.looked_up(windows)
        return any(traces.holds(text, windows[place]) for place in found)


def gather(reader: Reader, schema: str, table: str, fields: Sequence[Field], originals: Originals) -> None:
    """Remember what the source's table holds: addresses of all its texts, and what its masked columns are about."""
    whole = [one for one in fields if one.kind in WHOLE_KINDS]
    texts = [one for one in fields if one.kind not in WHOLE_KINDS and one.is_text]
    if not whole and not texts:
        return
    for rows in reader.batches(_query(schema, table, whole, texts)):
        for one, column in zip([*whole, *texts], zip(*rows, strict=True), strict=True):
            _remember(Column(one, column), originals)


def _query(schema: str, table: str, whole: Sequence[Field], texts: Sequence[Field]) -> sql.Composed:
    """Cells in which an address may stand, whole columns, and only rows that have any of it."""
    chosen = [one.read() for one in whole]
    chosen += [
        sql.SQL("case when {} ~ {} then {} end").format(sql.SQL(text(f"t.{quoted(one.name)}")), traces.AT, one.read())
        for one in texts
    ]
    names = [sql.Identifier(f"c{place}") for place in range(len(chosen))]
    return sql.SQL("select * from (select {} from {} as t offset 0) as x where {}").format(
        sql.SQL(", ").join(sql.SQL("{} as {}").format(*pair) for pair in zip(chosen, names, strict=True)),
        sql.Identifier(schema, table),
        sql.SQL(" or ").join(sql.SQL("{} is not null").format(name) for name in names),
    )


def _remember(column: Column, originals: Originals) -> None:
    kind, (texts, names) = column.field.kind, column.texts()
    parts = [part for _, part in texts + names]
    originals.emails.add([email for part in parts if traces.may_hold_email(part) for email in traces.emails(part)])
    if kind == "phone":
        originals.phones.add([number for part in parts for number in traces.numbers(part)])
    if kind in WHOLE_KINDS:
        originals.values.add([text for _, text in texts if _is_value(column.field, text)])


def _is_value(field: Field, text: str) -> bool:
    """An id, or what stands for a number that is none (`not given`, 0000000000), is nobody's."""
    if len(text) < SHORTEST_VALUE or not is_telling(field, text) or is_uuid(text):
        return False
    return field.kind != "phone" or bool(traces.numbers(text))
