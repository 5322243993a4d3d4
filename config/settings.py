"""The settings of a run: where the databases are (environment) and how strict it is (a profile, one TOML file).

Laws
- Connection strings come from the environment alone, and from no argument, which all users of a machine can read; they
  are SecretStr, and no error shows them.
- A profile refuses keys it does not know, and values of another type; what it leaves out has the default below.
- An error names the variable or the file and key, what was found, and what is allowed.
"""

import functools
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from config import origins
from config.errors import ConfigError
from config.postgres import connection
from config.postgres.connection import Connection

DEFAULT_PROFILE = "staging"
VARIABLES = {
    "source_url": "NXTGAUGE_SOURCE_URL",
    "target_url": "NXTGAUGE_TARGET_URL",
    "staging_url": "NXTGAUGE_STAGING_URL",
    "fence_url": "NXTGAUGE_FENCE_URL",
    "source_schema": "NXTGAUGE_SOURCE_SCHEMA",
    "target_schema": "NXTGAUGE_TARGET_SCHEMA",
    "masking_key": "NXTGAUGE_MASKING_KEY",
    "notify_url": "NXTGAUGE_NOTIFY_URL",
    "lineage_url": "NXTGAUGE_LINEAGE_URL",
    "log_format": "NXTGAUGE_LOG",
    "metrics_host": "NXTGAUGE_METRICS_HOST",
    "metrics_port": "NXTGAUGE_METRICS_PORT",
}
CONNECTIONS = ("source_url", "target_url", "staging_url", "fence_url")
SECRETS = (*CONNECTIONS, "masking_key", "notify_url", "lineage_url")
LONGEST_NAME = 63  # bytes, PostgreSQL's own limit
LONGEST_TARGET = 50  # leaves room for the suffixes below
SUFFIXES = ("__build", "__previous", "__withdrawn")
RETIRED = "__retired"  # what a fence adds to the name of the source's schema
RESERVED = ("migration", "legacy_archive", "information_schema")
KIBIBYTE, MEBIBYTE = 1024, 1024 * 1024

Policy = Literal["carry", "archive", "fail"]


def _refuse(text: str) -> PydanticCustomError:
    # Braces are pydantic's placeholders; a schema's name may hold some.
    return PydanticCustomError("refused", "{text}", {"text": text})


def _schema_name(name: str) -> str:
    if not name or "\0" in name or len(name.encode()) > LONGEST_NAME:
        raise _refuse(f"wanted a schema name of 1 to {LONGEST_NAME} bytes")
    return name


def _target_schema_name(name: str) -> str:
    if len(_schema_name(name).encode()) > LONGEST_TARGET:
        raise _refuse(f"wanted a schema name of at most {LONGEST_TARGET} bytes, to leave room for __withdrawn")
    if name in RESERVED or name.startswith("pg_") or name.endswith(SUFFIXES):
        raise _refuse(f"wanted a schema name other than {', '.join(RESERVED)}, pg_…, …{', …'.join(SUFFIXES)}")
    return name


def _tolerance(value: Any) -> int | str:
    if value == "unlimited":
        return "unlimited"
    if type(value) is int and value >= 0:
        return value
    raise _refuse('wanted a number of rows, 0 or more, or "unlimited"')


@functools.cache
def _time_zones() -> frozenset[str]:
    """All that are known here. It takes a walk through a folder of hundreds of files."""
    return frozenset(available_timezones())


def _time_zone(name: str) -> str:
    if name not in _time_zones():
        raise _refuse("wanted the name of a time zone, such as UTC or Asia/Kolkata")
    return name


def _port(text: Any) -> int:
    number = int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 6 else text
    if type(number) is int and 0 <= number <= 65535:
        return number
    raise _refuse("wanted a port from 1 to 65535, or 0 for none")


def _scheduler_address(address: str) -> str:
    if address and not re.fullmatch(r"(tcp|tls|ws|wss)://[^/\s@]+:\d{1,5}", address):
        raise _refuse("wanted the scheduler's address, such as tcp://scheduler.internal:8786, without user or password")
    return address


def _lineage_url(url: SecretStr) -> SecretStr:
    scheme, divider, _ = url.get_secret_value().partition("://")
    if divider and scheme.lower() not in ("http", "https"):
        raise _refuse("wanted an address with http:// or https://, or the path of a file")
    return url


LineageUrl = Annotated[SecretStr, AfterValidator(_lineage_url)]
SchemaName = Annotated[str, AfterValidator(_schema_name)]
TargetSchemaName = Annotated[str, AfterValidator(_target_schema_name)]
Tolerance = Annotated[int | Literal["unlimited"], PlainValidator(_tolerance)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Port = Annotated[int, PlainValidator(_port)]
SchedulerAddress = Annotated[str, AfterValidator(_scheduler_address)]


def _default_workers() -> int:
    return max(2, os.cpu_count() or 2)


class Profile(BaseModel):
    """What a profile's file may say; docs stand beside the keys in config/profiles/staging.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    unmapped_columns: Policy = "carry"
    unmapped_tables: Policy = "carry"
    missing_tables: Literal["warn", "fail"] = "warn"
    default_tolerance: Tolerance = "unlimited"
    tolerance: dict[str, Tolerance] = {}
    time_zone: TimeZone = "UTC"
    extension_schema: SchemaName = "public"
    workers: Annotated[int, Field(ge=1, le=64)] = Field(default_factory=_default_workers)
    task_runner: Literal["threads", "dask"] = "threads"
    dask_scheduler: SchedulerAddress = ""
    stream_chunk_bytes: Annotated[int, Field(ge=64 * KIBIBYTE)] = 64 * MEBIBYTE
    frame_chunk_bytes: Annotated[int, Field(ge=64 * KIBIBYTE)] = 4 * MEBIBYTE
    retry_seconds: Annotated[int, Field(ge=0)] = 300
    read_megabytes_per_second: Annotated[float, Field(ge=0)] = 0
    max_active_sessions: Annotated[int, Field(ge=0)] = 0
    max_lag_megabytes: Annotated[float, Field(ge=0)] = 0
    health_query: str = ""
    oldest_snapshot_seconds: Annotated[int, Field(ge=0)] = 0
    allow_changed_source: bool = False
    allow_dependants: bool = False
    require_certificate: bool = False
    require_approval: bool = False
    approval_seconds: Annotated[int, Field(ge=1)] = 86_400

    @model_validator(mode="after")
    def _scheduler_is_named(self) -> "Profile":
        if (self.task_runner == "dask") != bool(self.dask_scheduler):
            raise _refuse('wanted dask_scheduler with task_runner = "dask", and without it none')
        return self

    def tolerated(self, reason: str | None) -> int | None:
        """How many rows may be rejected for this reason (None: any that it does not name); None: any number."""
        allowed = self.default_tolerance if reason is None else self.tolerance.get(reason, self.default_tolerance)
        return None if allowed == "unlimited" else allowed

    def keys(self) -> dict[str, Any]:
        """The profile's own keys and values, as JSON takes them."""
        return self.model_dump(include=set(Profile.model_fields))


class Settings(Profile):
    """A profile together with what the environment says. Build it with load().

    is_profile_given: somebody named the profile; else a run that is resumed goes by its own. is_on_staging: the source
    is the staging copy.
    """

    profile: str
    is_profile_given: bool = True
    is_on_staging: bool = False
    source_url: SecretStr | None = None
    target_url: SecretStr | None = None
    staging_url: SecretStr | None = None
    fence_url: SecretStr | None = None
    masking_key: SecretStr | None = None
    notify_url: SecretStr | None = None
    lineage_url: LineageUrl | None = None
    source_schema: SchemaName = "public"
    target_schema: TargetSchemaName = "nxtgauge"
    log_format: Literal["text", "json"] = "text"
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9464

    @model_validator(mode="after")
    def _extensions_stay(self) -> "Settings":
        if self.extension_schema in (self.target_schema, *(self.target_schema + suffix for suffix in SUFFIXES)):
            raise _refuse("extension_schema may not be the target schema: a publish renames that one away")
        return self

    @property
    def source(self) -> Connection:
        """Errors: ConfigError if the variable is unset or malformed."""
        return self._connection(self.source_url, VARIABLES["source_url"])

    @property
    def target(self) -> Connection:
        """Errors: ConfigError if the variable is unset or malformed."""
        return self._connection(self.target_url, VARIABLES["target_url"])

    @property
    def staging(self) -> Connection:
        """The rehearsal copy. Errors: ConfigError if the variable is unset or malformed."""
        return self._connection(self.staging_url, VARIABLES["staging_url"])

    @property
    def fence(self) -> Connection:
        """The source, as a role that may lock its writers out. Errors: ConfigError if it is unset or malformed."""
        return self._connection(self.fence_url, VARIABLES["fence_url"])

    def _connection(self, url: SecretStr | None, variable: str) -> Connection:
        if url is None:
            hint = "; `nxtgauge-migrate demo` starts the demo's own databases" if self.profile == "demo" else ""
            raise ConfigError(f"{variable} is not set; {connection.WANTED}{hint}")
        return connection.parse(url.get_secret_value(), variable)

    def tolerating(self, reason: str, rows: int) -> str:
        """What to write into which file so that so many rows may be rejected for this reason."""
        key = reason if re.fullmatch(r"[A-Za-z0-9_-]+", reason) else json.dumps(reason)
        return f"[tolerance] {key} = {rows} in {origins.profile_shown(self.profile)}"

    def under(self, profile: str) -> "Settings":
        """The same environment under another profile's file. Errors: ConfigError."""
        return self._with(profile, _validated(Profile, profile, _profile_values(profile)))

    def as_kept(self, profile: str, values: Mapping[str, Any]) -> "Settings":
        """The same environment under a profile as the books have kept it; keys that are no longer known are left out.

        Errors: ConfigError if a value is no longer known.
        """
        known = {key: value for key, value in values.items() if key in Profile.model_fields}
        return self._with(profile, _validated(Profile, profile, known))

    def _with(self, name: str, profile: Profile) -> "Settings":
        return self.model_copy(update={key: getattr(profile, key) for key in Profile.model_fields} | {"profile": name})

    def on_staging(self) -> "Settings":
        """The same, with the staging copy as the source. Errors: ConfigError if the variable is unset."""
        _ = self.staging
        return self.model_copy(update={"source_url": self.staging_url, "is_on_staging": True})


def load(profile: str | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a profile (a name or a file) and an environment; the URLs that are set are checked at once.

    Without a profile it is the one that NXTGAUGE_PROFILE names, else staging.
    """
    is_given, profile = profile is not None, profile or environ.get(origins.VARIABLES["profile"]) or DEFAULT_PROFILE
    profile = str(Path(profile).absolute()) if origins.is_file(profile) else profile
    given = {key: environ[variable] for key, variable in VARIABLES.items() if environ.get(variable)}
    for key in given.keys() & set(CONNECTIONS):
        connection.parse(given[key], VARIABLES[key])
    secrets = {key: SecretStr(given[key]) for key in given.keys() & set(SECRETS)}
    told = {"profile": profile, "is_profile_given": is_given}
    return _validated(Settings, profile, _profile_values(profile) | given | secrets | told)


Kind = TypeVar("Kind", bound=Profile)


def _validated(kind: type[Kind], profile: str, values: dict[str, Any]) -> Kind:
    """Errors: ConfigError, which names each fault's variable, or its key in the profile."""
    try:
        return kind(**values)
    except ValidationError as error:
        sentences = [_sentence(profile, values, fault) for fault in error.errors(include_url=False)]
    raise ConfigError("; ".join(sentences))


def _profile_values(profile: str) -> dict[str, Any]:
    values = _toml(profile)
    if misplaced := values.keys() - Profile.model_fields.keys():
        keys, known = ", ".join(sorted(misplaced)), ", ".join(Profile.model_fields)
        raise ConfigError(f"{origins.profile_shown(profile)} has unknown keys: {keys}; wanted one of {known}")
    return values


def _toml(profile: str) -> dict[str, Any]:
    try:
        return tomllib.loads(origins.profile_file(profile).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{origins.profile_shown(profile)} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{origins.profile_shown(profile)} is not TOML: {error}") from None


def _sentence(profile: str, values: Mapping[str, Any], fault: Mapping[str, Any]) -> str:
    """One fault: where, what was found (never of a URL), what was wanted."""
    path = [str(part) for part in fault["loc"]]
    if not path:
        return f"{origins.profile_shown(profile)}: {fault['msg']}"
    place = VARIABLES.get(path[0]) or f"{origins.profile_shown(profile)}: {'.'.join(path)}"
    found = functools.reduce(lambda value, key: value[key], path, values)
    shown = "does not fit" if isinstance(found, SecretStr) else f"is {found!r}"
    return f"{place} {shown}; {_wanted(fault)}"


def _wanted(fault: Mapping[str, Any]) -> str:
    text = fault["msg"]
    return text if text.startswith("wanted") else f"wanted {text.removeprefix('Input should be ')}"
