"""What tests of staging copies share: a session for a statement or a question, settings that name both databases."""

import psycopg

from config import settings as configuration
from config.settings import Settings
from engine import staging

AS_IT_IS = staging.Wish(is_masked=False, reason="a test", name="pytest")
RELATIONS = """
    select relname from pg_class
    where relnamespace = (select oid from pg_namespace where nspname = %s) and relkind in ('r', 'p')
      and not relispartition
    order by 1
"""


def do(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement)


def ask(url: str, query: str, values=None) -> list[tuple]:
    with psycopg.connect(url) as conn:
        return conn.execute(query, values).fetchall()


def settings(source: str, copy: str, **more: str | None) -> Settings:
    """more: settings by their names in small letters; None for what is not set."""
    named = {"source_url": source, "staging_url": copy} | more
    return configuration.load("demo", {f"NXTGAUGE_{name.upper()}": value for name, value in named.items() if value})
