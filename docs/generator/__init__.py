"""The documents that are made of what the program reads: `make docs` writes them, a test holds that they are fresh.

- reasons: docs/rejections.md, of config/reasons.py.
- keys: docs/mapping.md, of the models of config/rules.py and config/masks.py.
- target: docs/target.md, of the plan for the reference legacy database.
- laws: checks/laws/README.md, of the relations that the auditor makes.
- site: what the site of all documents has beyond them, with drawings; MkDocs reads it (mkdocs.yml).

May touch every folder, but of `flows` only what draws; nothing of the program imports it.
"""

from pathlib import Path

from docs.generator import keys, laws, legacy, reasons, target

PROJECT = Path(__file__).resolve().parents[2]


def pages(url: str) -> dict[Path, str]:
    """Every document with its text. url: of an empty database, which gets the legacy tables that they tell of."""
    legacy.fill(url)
    return {
        PROJECT / "docs" / "rejections.md": reasons.page(),
        PROJECT / "docs" / "mapping.md": keys.page(),
        PROJECT / "docs" / "target.md": target.page(url),
        PROJECT / "checks" / "laws" / "README.md": laws.page(url),
    }
