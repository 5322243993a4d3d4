"""The scripts that make schema `migration` and bring it up to date; each makes the next version.

Imports nothing heavy, so that `--version` can print which version this program wants.
"""

from pathlib import Path

NEWEST = 18
SCRIPTS = tuple(
    Path(__file__).parent / "sql" / name
    for name in ("bookkeeping.sql", *(f"bookkeeping_{version}.sql" for version in range(2, NEWEST + 1)))
)
