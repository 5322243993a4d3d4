"""Databases to practise a migration night on, as docs/tutorial.md goes through it.

Laws
- The legacy database is filled and nothing is migrated: that is for the reader.
- Each call begins anew: the three databases are made again, empty but for the legacy rows.
- The legacy database is as real ones are: a plain role owns it and its tables, and the old application's role may
  write.
- What the reader types works as printed: a file to read into a shell names the programs and the databases.
"""

import logging
import shlex
import sys
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.settings import VARIABLES
from flows.demo import postgres
from flows.demo.seed import seed as fill

LOG = logging.getLogger("nxtgauge")
LEGACY, TARGET, STAGING = "night_legacy", "night_product", "night_copy"
ROLES = {LEGACY: "nxtgauge_reader", TARGET: "nxtgauge_migrator", STAGING: "nxtgauge_stager"}
APPLICATION = "nxtgauge_app"  # the role that config/roles/application.sql gives its rights
OWNER, OLD_APPLICATION = "legacy_owner", "legacy_app"  # of the legacy database
FENCER = "nxtgauge_fencer"  # the role of config/roles/fence.sql
MADE_ROLE = "select from pg_roles where rolname = %s"
WRITES = (
    "grant select, insert, update, delete on all tables in schema public to {0}; "
    "grant usage, select on all sequences in schema public to {0}"
)
OWNERS = {LEGACY: "LEGACY_URL", TARGET: "PRODUCT_URL", STAGING: "STAGING_URL"}  # the same databases, as their owner
CONNECTIONS = {LEGACY: "source_url", TARGET: "target_url", STAGING: "staging_url"}
FILE = Path("practice.env")
DEFAULT_ROWS = 20_000


def prepare(rows: int, seed: int) -> dict[str, Any]:
    """Makes server, databases and the file; what is there, for people."""
    LOG.info("starting PostgreSQL (some seconds, the first time more)")
    admin = postgres.start()
    for name in OWNERS:
        postgres.create(admin, name)
    _give_to_owner(admin)
    LOG.info("filling a legacy database with some %s rows (seed %s)", f"{rows:,}", seed)
    counts = fill(_as(OWNER, postgres.url(LEGACY)), rows, seed, "public")
    with psycopg.connect(_as(OWNER, postgres.url(LEGACY)), autocommit=True) as owner:
        owner.execute(sql.SQL(WRITES).format(sql.Identifier(OLD_APPLICATION)))
    FILE.write_text("".join(f"export {name}={value}\n" for name, value in _variables().items()), encoding="utf-8")
    return {
        LEGACY: f"the legacy database: {sum(counts.values()):,} rows in {len(counts)} tables",
        TARGET: "the new database: empty",
        STAGING: "for the masked copy: empty",
        "next": f". ./{FILE}",
    }


def _give_to_owner(admin: str) -> None:
    """The legacy database is its owner's; the roles stay from one practice to the next."""
    with psycopg.connect(admin, autocommit=True) as conn:
        for role in (OWNER, OLD_APPLICATION):
            if not conn.execute(MADE_ROLE, [role]).rowcount:
                conn.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        names = sql.Identifier(LEGACY), sql.Identifier(OWNER)
        conn.execute(sql.SQL("alter database {} owner to {}").format(*names))


def _variables() -> dict[str, str]:
    """Each variable with its value as a shell reads it."""
    programs = f"{Path(sys.executable).parent}:{postgres.psql().parent}"
    urls = {variable: postgres.url(name) for name, variable in OWNERS.items()}
    urls |= {VARIABLES[key]: _as(ROLES[name], postgres.url(name)) for name, key in CONNECTIONS.items()}
    urls |= {VARIABLES["fence_url"]: _as(FENCER, postgres.url(LEGACY))}
    urls |= {
        "OLD_APP_URL": _as(OLD_APPLICATION, postgres.url(LEGACY)),
        "APP_URL": _as(APPLICATION, postgres.url(TARGET)),
    }
    return {"PATH": f'{shlex.quote(programs)}:"$PATH"'} | {name: shlex.quote(url) for name, url in urls.items()}


def _as(role: str, url: str) -> str:
    return url.replace("//postgres@", f"//{role}@", 1)
