"""Names and values as SQL spells them, for queries that are put together as text."""

from psycopg import sql


def quoted(*names: str) -> str:
    """A name, each of its parts quoted if need be or not."""
    return sql.Identifier(*names).as_string(None)


def literal(value: object) -> str:
    return sql.Literal(value).as_string(None)
