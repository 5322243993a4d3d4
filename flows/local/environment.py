"""The environment that a command works in: its own, a file .env in the current folder, and what its options name.

Laws
- A variable of the environment goes before the same one in .env; an option goes before both.
- No file of the current folder decides which programs or whose code run: of .env only the variables count that are
  listed here, which say where databases and services are, and what a run does. What was taken is told by name, and so
  is what was left out of the names that the program, Prefect and libpq may read; no value ever is.
- A file that others own or may write to counts for nothing. Prefect reads .env by itself, so a file that names more of
  its settings is refused as a whole.
"""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from psycopg.conninfo import conninfo_to_dict

from config.errors import ConfigError
from config.origins import VARIABLES
from config.postgres import connection
from config.settings import CONNECTIONS as OF_DATABASES
from config.settings import VARIABLES as SETTINGS
from flows.local.report import VARIABLE as REPORTS

FILE = ".env"
OURS = ("NXTGAUGE_", "PREFECT_", "PG")
# Prefect has settings that name classes and modules: only these of it are read here.
OF_PREFECT = (
    "PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY", "PREFECT_API_SSL_CERT_FILE",
    "PREFECT_UI_URL", "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_LOGGING_LEVEL",
)  # fmt: skip
# Without libraries (PGGSSLIB), and without files of services, which may name such a key as _loads_code tells of.
OF_LIBPQ = (
    "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSERVICE",
    "PGOPTIONS", "PGAPPNAME", "PGCLIENTENCODING", "PGCONNECT_TIMEOUT", "PGTARGETSESSIONATTRS",
    "PGLOADBALANCEHOSTS", "PGREQUIREAUTH", "PGREQUIREPEER", "PGCHANNELBINDING", "PGSSLMODE", "PGSSLNEGOTIATION",
    "PGSSLCERT", "PGSSLKEY", "PGSSLCERTMODE", "PGSSLROOTCERT", "PGSSLCRL", "PGSSLCRLDIR", "PGSSLSNI",
    "PGSSLCOMPRESSION", "PGSSLMINPROTOCOLVERSION", "PGSSLMAXPROTOCOLVERSION", "PGGSSENCMODE", "PGKRBSRVNAME",
)  # fmt: skip
CONNECTIONS = {SETTINGS[name] for name in OF_DATABASES}
TAKEN = {*SETTINGS.values(), *VARIABLES.values(), REPORTS, *OF_PREFECT, *OF_LIBPQ}
OF_COMPOSE = ("PREFECT_PORT", "PREFECT_DATABASE_PASSWORD")  # docker-compose.yml's; Prefect has no such settings
WHY = "no file of a folder says which programs or code run"


class Choice(Protocol):
    """Options that say which files hold."""

    mapping: str | None
    masks: str | None


def read() -> str | None:
    """Adds what .env says to the environment; the sentence that says so. Errors: ConfigError."""
    path = Path(FILE)
    if not path.is_file():
        return None
    found = {name: value for name, value in _values(path).items() if name.startswith(OURS) and value}
    if not found:
        return None
    given = {name: value for name, value in found.items() if _is_data(name, value)}
    taken = sorted(name for name in given if not os.environ.get(name))
    os.environ.update({name: given[name] for name in taken})
    kept = [f"{name} (the environment has another)" for name in sorted(given.keys() - {*taken})]
    left = sorted(found.keys() - given.keys())
    told = f"from {path.absolute()}: {', '.join([*taken, *kept]) or 'nothing'}"
    return f"{told}; left out: {', '.join(left)} ({WHY}; set in the environment what you need)" if left else told


def _is_data(name: str, value: str) -> bool:
    """Whether the variable only says where something is, or what a run does."""
    if name == "PGSSLKEY":
        return not _loads_code({"sslkey": value})
    return name in TAKEN and not (name in CONNECTIONS and _loads_code(_parsed(value)))


def _loads_code(known: Mapping[str, object]) -> bool:
    """Whether a key has the name of an engine of OpenSSL before it, which is a library; a file of services may say so,
    too."""
    return ":" in str(known.get("sslkey", "")) or "servicefile" in known


def _parsed(value: str) -> Mapping[str, object]:
    """A connection string by libpq's keywords; nothing of one that cannot be read, and leads nowhere."""
    with contextlib.suppress(ConfigError):
        return conninfo_to_dict(connection.parse(value, FILE).conninfo)
    return {}


def _values(path: Path) -> dict[str, str | None]:
    from dotenv import dotenv_values

    try:
        with path.open(encoding="utf-8") as file:
            fault = _fault(os.fstat(file.fileno()))
            found: dict[str, str | None] = dotenv_values(stream=file, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.absolute()} cannot be read ({error}); wanted lines NAME=VALUE in UTF-8") from None
    ours = [name for name in found if name.upper().startswith(OURS)]
    if ours and (fault := fault or _fault_of_prefect(ours)):
        raise ConfigError(f"{path.absolute()} {fault}")
    return found


def _fault_of_prefect(names: list[str]) -> str:
    """Which of Prefect's settings the file names that may run code, and what to do; '' if none. It takes any case."""
    known = {*OF_PREFECT, *OF_COMPOSE}
    found = sorted(name for name in names if name.upper().startswith("PREFECT_") and name not in known)
    return f"names {', '.join(found)}, and {WHY}; take it out, and set it in the environment" if found else ""


def _fault(file: os.stat_result) -> str:
    """Why others than who runs the command may decide what the file says, and what to do; '' if they may not."""
    if file.st_uid not in (os.geteuid(), 0):
        return f"belongs to another user (uid {file.st_uid}), who could choose your databases; make a copy of your own"
    if file.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(file.st_mode)
        return f"may be written by others (mode {mode:o}), who could choose your databases; run `chmod 600 .env`"
    return ""


def choose(options: Choice) -> None:
    """Mapping and masks as the options name them, for this process and those that it starts."""
    for name, value in (("mapping", options.mapping), ("masks", options.masks)):
        if value:
            os.environ[VARIABLES[name]] = str(Path(value).absolute())
