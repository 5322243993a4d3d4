"""One statement of DDL, and how it is put together: every name quoted, no schema named."""

from dataclasses import dataclass

from psycopg import sql


@dataclass(frozen=True)
class Statement:
    """One statement. what: the object it makes; what belongs to a table is called `table.name`."""

    phase: str
    what: str
    sql: str


def spell(phase: str, what: str, template: str, *parts: str | sql.Composable) -> Statement:
    """Puts the parts into the template; a string among them is a name."""
    quoted = [sql.Identifier(part) if isinstance(part, str) else part for part in parts]
    return Statement(phase, what, sql.SQL(template).format(*quoted).as_string())


def comment(what: str, text: str | None, target: str, *parts: str | sql.Composable) -> Statement:
    return spell("comment", what, f"COMMENT ON {target} IS {{}}", *parts, sql.Literal(text))
