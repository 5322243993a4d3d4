"""The golden cases: where they are, and the settings that each is migrated with."""

import tomllib
from pathlib import Path

from config import settings as configuration
from config.settings import Settings

ROOT = Path(__file__).parent
CASES = sorted(path.parent for path in ROOT.glob("*/*/source.sql"))


def settings_of(case: Path, source: str, target: str) -> Settings:
    """The demo profile with the case's own overrides, checked as a profile's file would be. source, target: URLs."""
    path = case / "settings.toml"
    overrides = tomllib.loads(path.read_text()) if path.exists() else {}
    environ = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target, "NXTGAUGE_FENCE_URL": source}
    loaded = configuration.load(overrides.pop("profile", "demo"), environ)
    rehearsed = {"require_certificate": False}  # a case is one run; test_certificate.py tells of rehearsals
    return Settings(**{**loaded.model_dump(), **rehearsed, **overrides})
