"""Files and folders for their owner alone: 0600 and 0700, whatever the umask, also if they exist already.

Laws
- A file is written beside its place and then moved there: who has the old one open reads nothing new, and a link at its
  place is replaced, not followed.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def folder(path: Path) -> Path:
    """The folder, made with those above it that are missing. Errors: OSError."""
    if not path.parent.is_dir():
        folder(path.parent)
    path.mkdir(exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path


def write(path: Path, text: str) -> None:
    """The file, whole. A name that no encoding can hold must not cost it. Errors: OSError."""
    with writing(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


@contextlib.contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """The file, to be written in parts; nothing of it stands there if the block fails. Errors: OSError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(_opened(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def touch(path: Path) -> None:
    """An empty file where none is; what is there stays as it is. Errors: OSError."""
    if not path.exists():
        os.close(_opened(path, os.O_WRONLY | os.O_CREAT))


def _opened(path: Path, flags: int) -> int:
    number = os.open(path, flags, 0o600)
    os.fchmod(number, 0o600)
    return number
