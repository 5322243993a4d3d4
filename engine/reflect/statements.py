"""One statement of DDL, and how it is put together: every name quoted, no schema named."""

from dataclasses import dataclass

from psycopg import sql


@dataclass(frozen=True)
class Statement:
    """One statement. place: what it makes: a name, or a table and the name of what belongs to it."""

    phase: str
    place: tuple[str, ...]
    sql: str

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


def comment(place: str | tuple[str, ...], text: str | None, target: str, *parts: str | sql.Composable) -> Statement:
    return spell("comment", place, f"COMMENT ON {target} IS {{}}", *parts, sql.Literal(text))
