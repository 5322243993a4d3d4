"""The documents that are made of the program are as it would make them now."""

from pathlib import Path

import pytest

from docs.generator import PROJECT, pages


@pytest.fixture(scope="module")
def made(module_database) -> dict[Path, str]:
    return pages(module_database())


def test_every_generated_document_is_fresh(made):
    stale = [str(path.relative_to(PROJECT)) for path, text in made.items() if path.read_text("utf-8") != text]
    assert not stale, f"{', '.join(stale)} would be made otherwise now: make docs"


def test_every_diagram_is_small_enough_to_read(made):
    for path, text in made.items():
        for block in text.split("```mermaid\n")[1:]:
            assert len(block.partition("```")[0].splitlines()) <= 40, path
