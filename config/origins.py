"""Where the facts of a run stand: mapping, masks and profile, as they came with the program or as a user's own files.

Laws
- NXTGAUGE_MAPPING names a folder: its files go before the program's of the same name. NXTGAUGE_MASKS names a file in
  place of masks.toml, NXTGAUGE_PROFILE a profile, by name or as a file.
- The choice stands in the environment, so it holds for the process and for all that it starts.
- What a file holds counts, and never where it lies: digests are of contents.
- Sentences name the file that was read.
"""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

from config.errors import ConfigError

VARIABLES = {"profile": "NXTGAUGE_PROFILE", "mapping": "NXTGAUGE_MAPPING", "masks": "NXTGAUGE_MASKS"}
MAPPING = Path(__file__).with_name("mapping")
PROFILES = Path(__file__).with_name("profiles")
MASKS = "masks"


def near(name: str, known: Iterable[str]) -> str:
    """The known names that one resembles, as a question; nothing where there is none."""
    known = list(known)
    begun = sorted((other for other in known if name and other.startswith(name)), key=len)
    found = list(dict.fromkeys([*begun, *difflib.get_close_matches(name, known, n=3)]))[:3]
    return f"did you mean {' or '.join(found)}?" if found else ""


def mapping_file(name: str) -> Path:
    """The file of this name, without its ending, that holds. Errors: ConfigError if what was named is not there."""
    own = MAPPING / f"{name}.toml"
    if name == MASKS and (given := os.environ.get(VARIABLES["masks"])):
        if not Path(given).is_file():
            raise ConfigError(f"there is no file of masks {given}; name one with --masks or {VARIABLES['masks']}")
        return Path(given)
    folder = _folder()
    theirs = folder / own.name if folder else own
    return theirs if theirs.is_file() else own


def shown(name: str) -> str:
    """A mapping file as a sentence names it."""
    found = mapping_file(name)
    return f"config/mapping/{found.name}" if found.parent == MAPPING else str(found)


def common() -> str:
    """The file that holds for all tables, as a sentence names it."""
    return shown("common")


def read(name: str) -> str:
    """The text of a mapping file. Errors: ConfigError."""
    try:
        return mapping_file(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown(name)} cannot be read: {error}; wanted TOML in UTF-8") from None


def _folder() -> Path | None:
    """The folder that was named. Errors: ConfigError if it is none, or holds what no mapping file is called."""
    given = os.environ.get(VARIABLES["mapping"])
    if not given:
        return None
    folder, known = Path(given), {path.name for path in MAPPING.glob("*.toml")}
    if not folder.is_dir():
        raise ConfigError(f"there is no mapping folder {given}; name one with --mapping or {VARIABLES['mapping']}")
    found = {path.name for path in folder.glob("*.toml")}
    for name in sorted(found - known):
        raise ConfigError(
            f"{folder / name} is no mapping file; {near(name, known) or 'wanted one of ' + _listed(known)}"
        )
    if not found:
        raise ConfigError(f"{given} holds no mapping file; wanted one or more of {_listed(known)}")
    return folder


def profiles() -> list[str]:
    """Names of the profiles that came with the program."""
    return sorted(path.stem for path in PROFILES.glob("*.toml"))


def is_file(profile: str) -> bool:
    """Whether a profile is named as a file."""
    return profile.endswith(".toml") or "/" in profile


def profile_file(profile: str) -> Path:
    """Its file. Errors: ConfigError if there is none."""
    path = Path(profile) if is_file(profile) else PROFILES / f"{profile}.toml"
    if is_file(profile) and not path.is_file():
        raise ConfigError(f"there is no profile {profile!r}; wanted a file, or one of {', '.join(profiles())}")
    if profile not in profiles() and not is_file(profile):
        wanted = near(profile, profiles()) or f"wanted one of {', '.join(profiles())}."
        raise ConfigError(f"there is no profile {profile!r}; {wanted} A file is named with its path: ./FILE.toml")
    return path


def profile_shown(profile: str) -> str:
    """Its file as a sentence names it."""
    return profile if is_file(profile) else f"config/profiles/{profile}.toml"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
