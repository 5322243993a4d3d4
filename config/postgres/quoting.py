"""Names and values as SQL spells them, for queries that are put together as text."""

from psycopg import sql

IN_ARRAY = str.maketrans({'"': '\\"', "\\": "\\\\"})


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
    if isinstance(value, list) and value and all(item is None or type(item) is str for item in value):
        value = _array(value)
    return sql.Literal(value).as_string(None)


def _array(texts: list[str | None]) -> str:
    """An array of texts as PostgreSQL spells one. psycopg does the same text by text, in ten times the time and room;
    these are keys of a million rows at times."""
    held = [text for text in texts if text is not None]
    plain = '","'.join(held)
    if len(held) == len(texts) and plain.count('"') == 2 * (len(texts) - 1) and "\\" not in plain:
        return f'{{"{plain}"}}'
    return "{" + ",".join("NULL" if text is None else f'"{text.translate(IN_ARRAY)}"' for text in texts) + "}"
