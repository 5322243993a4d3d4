"""The folders that the tool uses on this machine.

Laws
- One folder per checkout and user, so that two clones never meet in one server or one database.
- The Prefect server's state and logs live in the user's cache folder.
- The demo's PostgreSQL lives in the system's temporary folder and never under a home: started as root, the embedded
  server opens every parent folder of its data to all users.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from config.errors import ConfigError

PROJECT = Path(__file__).resolve().parents[2]


def _name() -> str:
    identity = f"{PROJECT}:{os.getuid()}"
    return "nxtgauge-migrate-" + hashlib.sha256(identity.encode()).hexdigest()[:10]


def _private(folder: Path) -> Path:
    """The folder, made if missing; refused where it belongs to another user, who could read or change what is in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"cannot make the folder {folder}: {error.strerror}; set XDG_CACHE_HOME or TMPDIR") from None
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise ConfigError(f"{folder} belongs to another user; remove it or set TMPDIR to a folder of your own")
    return folder


def cache_folder() -> Path:
    """For the Prefect server: $XDG_CACHE_HOME, else ~/.cache, else (no writable home) the temporary folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    try:
        return _closed(_private(Path(base).absolute() / _name()))
    except ConfigError:
        return _closed(_private(Path(tempfile.gettempdir()) / _name() / "cache"))


def _closed(folder: Path) -> Path:
    """An older one may be open to others: its logs are nobody else's business."""
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def demo_folder() -> Path:
    """For the demo's PostgreSQL. Short: a Unix socket's path has at most 107 bytes."""
    return _private(Path(tempfile.gettempdir()).resolve() / _name())
