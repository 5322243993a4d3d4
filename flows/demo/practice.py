"""Databases to practise a migration night on, as docs/tutorial.md goes through it.

Laws
- The legacy database is filled and nothing is migrated: that is for the reader.
- Each call begins anew: the three databases are made again, empty but for the legacy rows.
- What the reader types works as printed: a file to read into a shell names the programs and the databases.
"""

import logging
import shlex
import sys
from pathlib import Path
from typing import Any

from config.settings import VARIABLES
from flows.demo import postgres
from flows.demo.seed import seed as fill

LOG = logging.getLogger("nxtgauge")
LEGACY, TARGET, STAGING = "night_legacy", "night_product", "night_copy"
ROLES = {LEGACY: "nxtgauge_reader", TARGET: "nxtgauge_migrator", STAGING: "nxtgauge_stager"}
APPLICATION = "nxtgauge_app"  # the role that config/roles/application.sql gives its rights
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
    LOG.info("filling a legacy database with some %s rows (seed %s)", f"{rows:,}", seed)
    counts = fill(postgres.url(LEGACY), rows, seed, "public")
    FILE.write_text("".join(f"export {name}={value}\n" for name, value in _variables().items()), encoding="utf-8")
    return {
        LEGACY: f"the legacy database: {sum(counts.values()):,} rows in {len(counts)} tables",
        TARGET: "the new database: empty",
        STAGING: "for the masked copy: empty",
        "next": f". ./{FILE}",
    }


def _variables() -> dict[str, str]:
    """Each variable with its value as a shell reads it."""
    programs = f"{Path(sys.executable).parent}:{postgres.psql().parent}"
    urls = {variable: postgres.url(name) for name, variable in OWNERS.items()}
    urls |= {VARIABLES[key]: _as(ROLES[name], postgres.url(name)) for name, key in CONNECTIONS.items()}
    urls["APP_URL"] = _as(APPLICATION, postgres.url(TARGET))
    return {"PATH": f'{shlex.quote(programs)}:"$PATH"'} | {name: shlex.quote(url) for name, url in urls.items()}


def _as(role: str, url: str) -> str:
    return url.replace("//postgres@", f"//{role}@", 1)
