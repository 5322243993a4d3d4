"""The masks of staging copies: which column gets which, read from config/mapping/masks.toml into frozen values.

Laws
- What a rule of the mapping reads by value is kept, but for what is personal; a mask changes no verdict of a migration.
- The table's own entry goes before everything, a whole name before its ending, a name before the type.
- What nothing is known of is masked by its type; a type that nobody can mask safely is "unknown", never let through.
- The masks are no part of Mapping.digest: they change no migration.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from config.mapping import Mapping

Kind = Literal[
    "email", "phone", "name", "text", "id", "ip", "url", "json", "date", "hex", "bytes", "keep", "null", "unknown"
]


class Masks(BaseModel):
    """All rules of masks.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def load() -> Masks:
    """Read config/mapping/masks.toml; ConfigError names the key that is wrong."""
    return Masks()


def kind_of(masks: Masks, mapping: Mapping, table: str, column: str, base_type: str) -> tuple[Kind | None, str]:
    """(kind, why) of a legacy column that is neither key nor reference; None: its type needs no mask.

    base_type: pg_type.typname of the innermost type, of an array that of its elements; "enum" for every enum.
    keep: as it is. null: to be NULL (an empty text where the column takes none). unknown: refuse, and name the column.
    """
    return "unknown", "nothing is known of it yet"
