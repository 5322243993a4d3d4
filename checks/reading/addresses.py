"""Which texts are internet addresses: those that PostgreSQL's inet takes, in the forms that the target takes, too.

Laws
- PostgreSQL is asked, never imitated: servers from version 16 on by pg_input_is_valid within the query; older ones by
  casts, of all distinct texts that are not plainly one thing or the other, in batches that are halved where they fail.
- A prefix of a thousand or more makes no address, though inet reads its low bits.
"""

from collections.abc import Sequence

import psycopg

from checks.reading.facts import ASKABLE, Facts, parsed, text_of
from config.postgres.quoting import literal, quoted
from config.shapes import Column

HUGE_PREFIX = "/0*[1-9][0-9]{3,}$"
OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PLAIN = rf"^{OCTET}([.]{OCTET}){{3}}$"
POSSIBLE = "^[0-9a-fA-FxX:./]+$"
TYPES = ("inet", "cidr")
BATCH = 10_000


def spelled(facts: Facts, column: Column) -> str:
    """SQL: the address as inet prints it; null where the text is none."""
    text = text_of(column)
    if column.base in TYPES:
        return _printed(f"{text} is not null", text)
    if facts.source.version >= ASKABLE:
        is_one = f"{text} !~ '{HUGE_PREFIX}' and pg_input_is_valid({text}, 'inet')"
    else:
        is_one = f"({text} ~ '{PLAIN}' or {text} = any ({literal(list(facts.addresses))}::text[]))"
    return _printed(is_one, text)


def _printed(condition: str, text: str) -> str:
    return f"case when {condition} then concat({parsed(text, 'inet')}) end"


def accepted(conn: psycopg.Connection, facts: Facts) -> tuple[str, ...]:
    """Of the source's less plain texts those that are addresses; none where the server can be asked in the query."""
    rule = facts.rule("activity_logs")
    column = facts.used("activity_logs", rule.columns["ip_address"])
    if column is None or column.base in TYPES or facts.source.version >= ASKABLE:
        return ()
    text = text_of(column)
    rows = conn.execute(
        f"select distinct {text} from {quoted(facts.source.schema, 'activity_logs')} as t "
        f"where {text} ~ '{POSSIBLE}' and {text} !~ '{PLAIN}' and {text} !~ '{HUGE_PREFIX}'"
    )
    texts = [value for (value,) in rows]
    return tuple(found for start in range(0, len(texts), BATCH) for found in _tried(conn, texts[start : start + BATCH]))


def _tried(conn: psycopg.Connection, texts: Sequence[str]) -> list[str]:
    """Those of the texts that inet takes."""
    try:
        with conn.transaction():
            conn.execute("select %s::inet[]", [list(texts)])
    except psycopg.DataError:
        half = len(texts) // 2
        return [] if len(texts) == 1 else [*_tried(conn, texts[:half]), *_tried(conn, texts[half:])]
    return list(texts)
