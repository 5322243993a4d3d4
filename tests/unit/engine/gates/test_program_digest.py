"""What a certificate says of the program: a digest that every file of code and SQL changes."""

import importlib
import shutil
from pathlib import Path

import pytest

from engine.gates import certificate


def test_it_is_of_the_program_that_runs():
    for name in certificate.PACKAGES:
        assert Path(importlib.import_module(name).__file__).parent == certificate.PROGRAM / name


@pytest.mark.parametrize("suffix", [".py", ".sql"])
def test_a_change_in_any_package_changes_it(suffix, tmp_path, monkeypatch):
    for name in certificate.PACKAGES:
        shutil.copytree(certificate.PROGRAM / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(certificate, "PROGRAM", tmp_path)
    found = {certificate.code_version.__wrapped__()}
    files = [path for name in certificate.PACKAGES for path in sorted((tmp_path / name).rglob(f"*{suffix}"))]
    deepest = {path.relative_to(tmp_path).parts[0]: path for path in sorted(files, key=lambda path: len(path.parts))}
    for path in deepest.values():
        path.write_text(path.read_text() + "\n")
        found.add(certificate.code_version.__wrapped__())
    assert len(found) == 1 + len(deepest) > 3
