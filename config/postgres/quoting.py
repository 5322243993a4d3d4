"""Names and values as SQL spells them, for queries that are put together as text."""

from psycopg import sql


def quoted(*names: str) -> str:
    """A name, each of its parts quoted if need be or not."""
    return sql.Identifier(*names).as_string(None)


def grant(privileges: str, on: str, role: str) -> str:
    """The statement by which a role gets what it lacks, for who may type it. on: fit for SQL, `DATABASE "legacy"`."""
    return f"GRANT {privileges} ON {on} TO {quoted(role)}"


def membership(owner: str, role: str) -> str:
    """The statement that lets a role act as another one."""
    return f"GRANT {quoted(owner)} TO {quoted(role)}"


def literal(value: object) -> str:
    return sql.Literal(value).as_string(None)
