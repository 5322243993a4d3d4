"""What a server was built without, where its tables can be made all the same and only their rows are refused.

Law: nothing is said of a table without rows.
"""

from collections.abc import Iterable, Iterator

import psycopg

from engine.reflect.catalog import Catalog, LegacyTable


def xml(conn: psycopg.Connection, side: str, catalog: Catalog, tables: Iterable[LegacyTable]) -> list[str]:
    """Tables whose rows hold XML, where the session's server was built without libxml; one sentence each."""
    found = [f"{table}.{column}" for table, column in _of_xml(catalog, tables)]
    if not found or _takes_xml(conn):
        return []
    remedy = "take a server that has it, or give the columns type text in the source"
    return [f"{', '.join(found)}: xml, and the {side}'s server was built without libxml; {remedy}"]


def _of_xml(catalog: Catalog, tables: Iterable[LegacyTable]) -> Iterator[tuple[str, str]]:
    kinds = {kind.name for kind in catalog.types if any(a.type.removesuffix("[]") == "xml" for a in kind.attributes)}
    for table in tables:
        for column in table.shape.columns if table.pages else ():
            if column.base in {"xml", *kinds}:
                yield table.name, column.name


def _takes_xml(conn: psycopg.Connection) -> bool:
    try:
        with conn.transaction():
            conn.execute("select xml_in('<a/>')")
    except psycopg.errors.FeatureNotSupported:
        return False
    return True
