"""One statement of DDL, and how it is put together: every name quoted, no schema named."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import sql


@dataclass(frozen=True)
class Statement:
    """One statement. place: what it makes: a name, or a table and the name of what belongs to it.

    action: what follows ALTER TABLE and the table's name, if it is such a statement and may stand with others in one.
    """

    phase: str
    place: tuple[str, ...]
    sql: str
    action: str = ""

    @property
    def table(self) -> str | None:
        """The table that the object belongs to."""
        return self.place[0] if len(self.place) > 1 else None

    @property
    def name(self) -> str:
        return self.place[-1]

    @property
    def what(self) -> str:
        return ".".join(self.place)


def spell(phase: str, place: str | tuple[str, ...], template: str, *parts: str | sql.Composable) -> Statement:
    """Puts the parts into the template; a string among them is a name."""
    quoted = [sql.Identifier(part) if isinstance(part, str) else part for part in parts]
    return Statement(
        phase, (place,) if isinstance(place, str) else place, sql.SQL(template).format(*quoted).as_string()
    )


def alter(phase: str, place: tuple[str, ...], action: sql.Composable) -> Statement:
    """One action on the table that the place names first."""
    made = spell(phase, place, "ALTER TABLE {} {}", place[0], action)
    return Statement(phase, place, made.sql, action.as_string())


def together(statements: Iterable[Statement]) -> list[Statement]:
    """The same with neighbouring actions on one table as one statement: so the server reads its rows once for all."""
    grouped = itertools.groupby(statements, lambda statement: statement.place[0] if statement.action else statement)
    return [statement for _, found in grouped for statement in _joined(list(found))]


def script(statements: Iterable[Statement]) -> str:
    """All of them, to be sent to the server at once."""
    return ";\n".join(statement.sql for statement in statements)


def _joined(statements: list[Statement]) -> list[Statement]:
    if len(statements) == 1:
        return statements
    phase, table = statements[0].phase, statements[0].place[0]
    actions = sql.SQL(", ".join(statement.action for statement in statements))
    names = ", ".join(statement.name for statement in statements)
    return [spell(phase, (table, names), "ALTER TABLE {} {}", table, actions)]


def comment(place: str | tuple[str, ...], text: str | None, target: str, *parts: str | sql.Composable) -> Statement:
    return spell("comment", place, f"COMMENT ON {target} IS {{}}", *parts, sql.Literal(text))
