"""A schema's own collations, and its dictionaries and configurations of text search.

Law: a collation's version is the server's affair and is left out.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Collation:
    """One collation. provider: i (ICU), b (PostgreSQL's own) by locale; c (libc) by lc_collate and lc_ctype."""

    name: str
    provider: str
    locale: str | None = None
    lc_collate: str | None = None
    lc_ctype: str | None = None
    is_deterministic: bool = True
    rules: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class TextSearch:
    """A dictionary or a configuration. base: its template or parser; mappings: kind of token and its dictionaries.

    options: of a dictionary, as CREATE TEXT SEARCH DICTIONARY wants them; needs: dictionaries of the schema.
    """

    kind: str  # dictionary | configuration
    name: str
    base: str
    options: str | None = None
    mappings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    needs: tuple[str, ...] = ()
    comment: str | None = None
