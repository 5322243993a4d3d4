"""Fills a legacy database for trying things out: `python -m flows.demo --rows 100000`.

The database is the one that NXTGAUGE_SOURCE_URL and NXTGAUGE_SOURCE_SCHEMA name. One that holds tables already is left
as it is, and that counts as done: whoever starts a set of services starts this with it every time.
"""

import logging
import sys

import click
import psycopg

from config import settings as configuration
from config.errors import MigrateError, SourceError
from engine.session.blame import blame
from flows.demo.seed import seed, tables
from flows.local import logs

LOG = logging.getLogger("nxtgauge")


@click.command()
@click.option("--rows", type=click.IntRange(min=1), default=100_000, show_default=True, help="About how many rows.")
def main(rows: int) -> None:
    """Fill the legacy database, unless it holds tables."""
    logs.set_up()
    settings = configuration.load()
    try:
        with blame(SourceError, f"filling {settings.source}"):
            _fill(settings.source.conninfo, settings.source_schema, rows)
    except MigrateError as error:
        LOG.error("%s", error)
        sys.exit(error.exit_code)


def _fill(conninfo: str, schema: str, rows: int) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        found = tables(connection, schema)
    if found:
        LOG.info("schema %s holds %s tables already and is left as it is", schema, len(found))
        return
    LOG.info("filling schema %s with some %s rows", schema, f"{rows:,}")
    counts = seed(conninfo, rows=rows, schema=schema)
    LOG.info("filled %s tables with %s rows", len(counts), f"{sum(counts.values()):,}")


if __name__ == "__main__":
    main()
