"""Every table by dlt, run by another Python: `…/python with_dlt.py URL URL FOLDER`. It imports nothing of this project.

Prints the seconds that extracting, normalising and loading took, without imports. All but whole numbers and yes or no
goes as text: psycopg2 reads no infinity and no array with bounds, dlt writes no NaN and takes documents apart.
"""

import json
import sys
import time
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import dlt
from dlt.sources.sql_database import sql_database
from sqlalchemy import Boolean, Integer, Select, Table, Text, cast, select

AS_THEY_ARE = (Boolean, Integer)


def main() -> None:
    source, target, folder = sys.argv[1:4]
    pipeline = dlt.pipeline(
        "benchmark", destination=dlt.destinations.postgres(_parts(target)), dataset_name="legacy", pipelines_dir=folder
    )
    started = time.monotonic()
    tables = sql_database(source, table_adapter_callback=_loosen, query_adapter_callback=_as_text)
    pipeline.run(tables, write_disposition="replace")
    print(json.dumps({"copy_seconds": time.monotonic() - started}))


def _loosen(table: Table) -> None:
    """What dlt takes its own tables' types from."""
    for column in table.columns:
        column.nullable = True
        if not isinstance(column.type, AS_THEY_ARE):
            column.type = Text()


def _as_text(query: Select[Any], table: Table) -> Select[Any]:
    return select(*(c if isinstance(c.type, AS_THEY_ARE) else cast(c, Text).label(c.name) for c in table.columns))


def _parts(url: str) -> dict[str, str]:
    """dlt wants host and password by name, also of a socket that asks for none, and puts a URL together of them."""
    found = urlsplit(url)
    host = quote(parse_qs(found.query)["host"][0], safe="")
    return {"host": host, "username": found.username or "", "password": "-", "database": found.path.strip("/")}


if __name__ == "__main__":
    main()
