"""A legacy database with a build that follows it, made once: tests get copies of both.

Law: a copy of a legacy database is the same to a build that follows it once the books call it by its own number. All
else stays: files, transactions, oids.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.settings import Settings
from tests.histories.playing import built, settings_of

OID = "select oid::bigint from pg_database where datname = current_database()"
SAME_PLACE = """
    update migration.runs set source_identity = jsonb_set(source_identity::jsonb, '{{database_oid}}', {oid});
    update migration.rounds set mark = jsonb_set(mark::jsonb, '{{database_oid}}', {oid})
"""


@dataclass(frozen=True)
class Followed:
    """source and target: URLs of the two that are copied, which nobody may be using."""

    source: str
    target: str
    run_id: str

    def copy(self, database: Callable[..., str]) -> Settings:
        """Settings of a copy of both. database: makes one of a template."""
        source, target = database(template=self.source), database(template=self.target)
        call_by_own_number(source, target)
        return settings_of(source, target)


def followed(source: str, target: str) -> Followed:
    """A build of this source in this empty database."""
    return Followed(source, target, built(settings_of(source, target)))


def call_by_own_number(source: str, target: str) -> None:
    """In the target's books, where both are copies of databases that belonged together."""
    with psycopg.connect(source) as conn:
        ((oid,),) = conn.execute(OID).fetchall()
    with psycopg.connect(target, autocommit=True) as conn:
        conn.execute(sql.SQL(SAME_PLACE).format(oid=sql.Literal(str(oid))))
