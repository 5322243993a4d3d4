"""Files of a user's own: they go before the program's, count by what they hold, and are named in errors."""

import shutil

import pytest

from config import mapping, masks, origins, settings
from config.errors import ConfigError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A mapping folder of a user's own, which holds copies of two of the program's files."""
    for name in ("finance", "common"):
        shutil.copy(origins.MAPPING / f"{name}.toml", tmp_path)
    monkeypatch.setenv("NXTGAUGE_MAPPING", str(tmp_path))
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    mapping.load.cache_clear()
    masks.load.cache_clear()


def _own_digest(monkeypatch) -> str:
    monkeypatch.delenv("NXTGAUGE_MAPPING", raising=False)
    _forget()
    return mapping.load().digest


def test_a_mapping_counts_by_what_it_holds_and_not_by_its_place(folder, monkeypatch):
    assert mapping.load().digest == _own_digest(monkeypatch)
    monkeypatch.setenv("NXTGAUGE_MAPPING", str(folder))
    text = (folder / "common.toml").read_text()
    (folder / "common.toml").write_text(text.replace("\nDRAFT = []\n", "\nDRAFT = ['sketch']\n", 1))
    _forget()
    changed = mapping.load().digest
    assert changed != _own_digest(monkeypatch)


def test_a_fault_names_the_file_that_was_read(folder):
    (folder / "finance.toml").write_text("[payments\n")
    with pytest.raises(ConfigError, match=str(folder / "finance.toml")):
        mapping.load()
    assert origins.shown("identity") == "config/mapping/identity.toml"


@pytest.mark.parametrize(("file", "said"), [("finanse.toml", "did you mean finance.toml"), ("zzz.toml", "wanted one")])
def test_a_file_that_nothing_reads_is_refused(folder, file, said):
    (folder / file).write_text("")
    with pytest.raises(ConfigError, match=said):
        mapping.load()


def test_a_folder_without_mapping_files_is_refused(tmp_path, monkeypatch):
    for place, said in ((tmp_path, "holds no mapping file"), (tmp_path / "nowhere", "there is no mapping folder")):
        monkeypatch.setenv("NXTGAUGE_MAPPING", str(place))
        with pytest.raises(ConfigError, match=said):
            origins.mapping_file("finance")


def test_masks_come_from_the_file_that_is_named_else_from_the_folder(folder, monkeypatch):
    text = origins.read("masks")
    (folder / "masks.toml").write_text(text.replace("\n[names]\n", '\n[names]\nshoe_size = "number"\n', 1))
    assert masks.load().names["shoe_size"] == "number"
    elsewhere = folder / "others"
    elsewhere.write_text(text)
    monkeypatch.setenv("NXTGAUGE_MASKS", str(elsewhere))
    _forget()
    assert "shoe_size" not in masks.load().names
    monkeypatch.setenv("NXTGAUGE_MASKS", str(folder / "nowhere.toml"))
    _forget()
    with pytest.raises(ConfigError, match="there is no file of masks"):
        masks.load()


def test_a_profile_may_be_a_file_anywhere(tmp_path, monkeypatch):
    file = tmp_path / "night.toml"
    file.write_text("default_tolerance = 7\n")
    monkeypatch.chdir(tmp_path)
    found = settings.load("./night.toml", {})
    assert (found.profile, found.default_tolerance) == (str(file), 7)
    assert settings.load(None, {"NXTGAUGE_PROFILE": str(file)}).default_tolerance == 7
    assert not settings.load(None, {"NXTGAUGE_PROFILE": str(file)}).is_profile_given
    assert settings.load("demo", {"NXTGAUGE_PROFILE": str(file)}).profile == "demo"
    file.write_text("default_tolerances = 7\n")
    with pytest.raises(ConfigError, match=f"{file} has unknown keys: default_tolerances"):
        settings.load(str(file), {})


def test_a_profile_that_is_nearly_named_is_asked_for():
    with pytest.raises(ConfigError, match=r"did you mean production\?"):
        settings.load("productio", {})
