"""Settings: defaults, profiles that refuse what they do not know, names that would collide, and no URL in any error."""

import pickle
import traceback

import pytest
from pydantic import ValidationError

from config import origins, settings
from config.errors import ConfigError

URL = "postgresql://mover:hunter2hunter2@db.example:5433/legacy"


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """A function that loads settings from the text of a profile."""
    monkeypatch.setattr(origins, "PROFILES", tmp_path)

    def load(text: str = "", **environ: str) -> settings.Settings:
        (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
        return settings.load("mine", environ)

    return load


def error_of(load, *args, **kwargs) -> str:
    with pytest.raises(ConfigError) as caught:
        load(*args, **kwargs)
    shown = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in shown
    return str(caught.value)


def test_the_three_profiles_say_how_strict_they_are():
    assert origins.profiles() == ["demo", "production", "staging"]
    assert settings.load("demo", {}).tolerated("unknown_status") is None
    assert settings.load("staging", {}).tolerated("unknown_status") is None
    assert settings.load("production", {}).tolerated("unknown_status") == 0
    assert not settings.load("production", {}).allow_changed_source


def test_staging_is_the_default():
    assert settings.load(environ={}).keys() == settings.load("staging", {}).keys()


def test_an_empty_profile_has_the_documented_defaults(profile):
    loaded = profile()
    assert (loaded.unmapped_columns, loaded.unmapped_tables, loaded.missing_tables) == ("carry", "carry", "warn")
    assert (loaded.source_schema, loaded.target_schema, loaded.extension_schema) == ("public", "nxtgauge", "public")
    assert (loaded.stream_chunk_bytes, loaded.frame_chunk_bytes) == (64 * 2**20, 4 * 2**20)
    assert loaded.workers >= 2 and loaded.time_zone == "UTC"
    assert not loaded.allow_changed_source and not loaded.allow_dependants


def test_a_tolerance_of_its_own_beats_the_default(profile):
    loaded = profile('default_tolerance = 3\n[tolerance]\nunknown_status = "unlimited"\n"a.b" = 0')
    assert [loaded.tolerated(reason) for reason in ("unknown_status", "a.b", "else")] == [None, 0, 3]


@pytest.mark.parametrize(
    ("text", "place", "wanted"),
    [
        ('unmapped_columns = "carri"', "unmapped_columns is 'carri'", "'carry', 'archive' or 'fail'"),
        ('missing_tables = "carry"', "missing_tables is 'carry'", "'warn' or 'fail'"),
        ("default_tolerance = -1", "default_tolerance is -1", '0 or more, or "unlimited"'),
        ("default_tolerance = true", "default_tolerance is True", '0 or more, or "unlimited"'),
        ("[tolerance]\norphan = 1.5", "tolerance.orphan is 1.5", '0 or more, or "unlimited"'),
        ("workers = 0", "workers is 0", "greater than or equal to 1"),
        ('workers = "4"', "workers is '4'", "integer"),
        ("frame_chunk_bytes = 10", "frame_chunk_bytes is 10", "greater than or equal to"),
        ('allow_dependants = "yes"', "allow_dependants is 'yes'", "boolean"),
        ('time_zone = "Mars/Olympus"', "time_zone is 'Mars/Olympus'", "time zone"),
        ('extension_schema = ""', "extension_schema is ''", "1 to 63 bytes"),
        ('unmaped_columns = "carry"', "unknown keys: unmaped_columns", "unmapped_columns"),
        ('source_url = "x"', "unknown keys: source_url", "unmapped_columns"),
        ("workers =", "is not TOML", "Invalid value"),
    ],
)
def test_a_fault_in_a_profile_names_file_key_value_and_what_is_allowed(profile, text, place, wanted):
    message = error_of(profile, text)
    assert "config/profiles/mine.toml" in message
    assert place in message and wanted in message


def test_all_faults_of_a_profile_are_named_at_once(profile):
    message = error_of(profile, 'workers = 0\ntime_zone = "x"')
    assert "workers" in message and "time_zone" in message


@pytest.mark.parametrize("name", ["nope", "../settings", "", "staging.toml"])
def test_an_unknown_profile_is_named_with_those_there_are(name):
    if not name:
        assert settings.load(name, {}).profile == "staging"
        return
    assert "demo, production, staging" in error_of(settings.load, name, {})


@pytest.mark.parametrize(
    "name",
    [
        *("migration", "legacy_archive", "information_schema", "pg_x", "pg_{x}"),
        *("a__build", "a__previous", "a__withdrawn", "x" * 51, "ü" * 26, "nul\0"),
    ],
)
def test_a_target_schema_that_would_collide_is_refused(name):
    assert "NXTGAUGE_TARGET_SCHEMA is " in error_of(settings.load, "demo", {"NXTGAUGE_TARGET_SCHEMA": name})


@pytest.mark.parametrize("name", ["x" * 50, "Nxt Gauge", 'x"; drop schema y', "migrations", "public2"])
def test_any_other_target_schema_is_taken_as_it_is(name):
    assert settings.load("demo", {"NXTGAUGE_TARGET_SCHEMA": name}).target_schema == name


@pytest.mark.parametrize("suffix", ["", "__build", "__previous", "__withdrawn"])
def test_extensions_never_live_where_a_publish_renames(profile, suffix):
    assert "extension_schema" in error_of(profile, f'extension_schema = "nxtgauge{suffix}"')


def test_the_source_schema_may_be_named_like_our_own():
    loaded = settings.load("demo", {"NXTGAUGE_SOURCE_SCHEMA": "migration"})
    assert loaded.source_schema == "migration"


def test_urls_are_secret_in_every_printed_form():
    loaded = settings.load("demo", {"NXTGAUGE_SOURCE_URL": URL, "NXTGAUGE_TARGET_URL": URL})
    for text in (repr(loaded), str(loaded), loaded.model_dump_json(), str(loaded.model_dump()), repr(loaded.source)):
        assert "hunter2" not in text
    assert loaded.source.redacted == "mover@db.example:5433/legacy"
    assert "hunter2hunter2" in loaded.target.conninfo


def test_an_unset_url_is_an_error_only_where_it_is_needed():
    loaded = settings.load("demo", {"NXTGAUGE_TARGET_URL": URL, "NXTGAUGE_SOURCE_URL": ""})
    assert loaded.target.variable == "NXTGAUGE_TARGET_URL"
    with pytest.raises(ConfigError, match="NXTGAUGE_SOURCE_URL is not set; wanted postgresql://"):
        _ = loaded.source


def test_a_malformed_url_is_found_while_loading():
    message = error_of(settings.load, "demo", {"NXTGAUGE_SOURCE_URL": "postgresql://u:hunter2@pw@h/d"})
    assert message.startswith("NXTGAUGE_SOURCE_URL") and "hunter2" not in message


def test_settings_are_frozen_and_travel_to_workers(profile):
    loaded = profile(NXTGAUGE_SOURCE_URL=URL)
    with pytest.raises(ValidationError):
        loaded.workers = 3
    assert pickle.loads(pickle.dumps(loaded)) == loaded
