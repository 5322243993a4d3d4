"""Every table by pandas' read_sql and to_sql, in a process of its own that is told the two URLs.

Prints the seconds that copying took, without imports and connecting. Times and ranges are read as text: Python's own
have no infinity.
"""

import json
import sys
import time
from typing import Any

import pandas as pd
from sqlalchemy import Column, ColumnElement, Computed, MetaData, Table, Text, cast, create_engine, inspect, select
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.dialects.postgresql.ranges import AbstractRange
from sqlalchemy.types import Date, DateTime, Time

CHUNK_ROWS = 10_000
ENDLESS = (Date, DateTime, INTERVAL, Time, AbstractRange)


def main() -> None:
    source, target = (create_engine(url.replace("postgresql://", "postgresql+psycopg://")) for url in sys.argv[1:3])
    started = time.monotonic()
    for name in inspect(source).get_table_names():
        table = Table(name, MetaData(), autoload_with=target)
        columns = [column for column in table.columns if not isinstance(column.computed, Computed)]
        types: Any = {column.name: column.type for column in columns}
        with source.connect().execution_options(stream_results=True) as reading:
            for frame in pd.read_sql(
                select(*map(_readable, columns)), reading, chunksize=CHUNK_ROWS, coerce_float=False
            ):
                frame.to_sql(name, target, if_exists="append", index=False, dtype=types)
    json.dump({"copy_seconds": time.monotonic() - started}, sys.stdout)


def _readable(column: Column[Any]) -> ColumnElement[Any]:
    return cast(column, Text).label(column.name) if isinstance(column.type, ENDLESS) else column


if __name__ == "__main__":
    main()
