"""An installed package has all that the tree has: code, SQL, mapping, profiles, DDL, deployments."""

import os
from pathlib import Path

import setuptools
from setuptools.config.pyprojecttoml import apply_configuration

from tests.support.places import PROJECT

PACKAGES = ("config", "transforms", "engine", "checks", "flows")
NOT_NEEDED = {".pyc", ".md"}


def _packed(monkeypatch) -> set[str]:
    """Files that a wheel gets, as setuptools lists them."""
    monkeypatch.chdir(PROJECT)
    found = apply_configuration(setuptools.Distribution({"script_name": "setup.py"}), "pyproject.toml")
    found.include_package_data = False  # else it writes a list of the tree's files beside them
    command = found.get_command_obj("build_py")
    command.ensure_finalized()
    data = [Path(folder, name) for _, folder, _, names in command.data_files for name in names]
    return {os.path.normpath(path) for path in (*command.get_source_files(), *data)}


def test_a_wheel_has_every_file_of_the_packages(monkeypatch):
    there = {path.relative_to(PROJECT) for name in PACKAGES for path in (PROJECT / name).rglob("*") if path.is_file()}
    needed = {str(path) for path in there if path.suffix not in NOT_NEEDED}
    packed = {path for path in _packed(monkeypatch) if Path(path).parts[0] in PACKAGES}
    assert packed == needed
    assert {"flows/service/prefect.yaml", "config/roles/target.sql", "config/mapping/masks.toml"} <= packed


def test_every_folder_of_the_program_is_packed():
    assert {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"} == set(PACKAGES)
