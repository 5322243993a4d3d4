"""What masks.toml says, changed for a test."""

from pathlib import Path

import pytest

from config import masks


@pytest.fixture
def told(monkeypatch):
    """A function that adds to what masks.toml says of tables."""

    def tell(**tables: dict[str, str]) -> masks.Masks:
        found = masks.parsed(Path(masks.__file__).with_name("mapping").joinpath("masks.toml").read_text())
        changed = masks.Masks(**found.model_dump() | {"tables": found.tables | tables})
        monkeypatch.setattr(masks, "load", lambda: changed)
        return changed

    return tell
