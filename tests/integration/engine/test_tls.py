"""TLS on both sides: who is refused is told the side, the host and what to do, and a run goes through all of it."""

import socket
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from checks.reading import connect as auditors
from config import settings as configuration
from config.errors import ConfigError, MigrateError, PlanRefused
from engine import run, staging
from engine.session import connect
from engine.staging import programs
from engine.start.options import Options
from flows.observe.metrics import BooksCollector
from tests.support import servers
from tests.support.auditors import reconciling
from tests.support.certificates import Authority

PASSWORD = "se cret'"
SOURCE = """
    create table users (id uuid primary key, email text, role text);
    create table tutor_profiles (id uuid primary key, user_id uuid, status text);
    insert into users select gen_random_uuid(), n || '@example.org', 'tutor' from generate_series(1, 5) n;
    insert into tutor_profiles select id, id, 'approved' from users;
"""
WISH = staging.Wish(is_masked=False, reason="a test", name="pytest")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "root")


@pytest.fixture(scope="module")
def server(authority):
    """A server with a certificate of the authority, which lets everybody in by password, `certain` by certificate."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        servers.programs(18)
    except servers.NotToBeHad as error:
        pytest.skip(str(error))
    with servers.running(18, {"listen_addresses": "127.0.0.1"}, port) as server:
        for name, file in zip(("server.crt", "server.key"), authority.issue("server", "localhost"), strict=True):
            servers.put(server, name, file.read_bytes())
        servers.put(server, "root.crt", authority.file.read_bytes())
        lines = "local all all trust\nhostssl all certain all cert\nhostssl all all all scram-sha-256\n"
        servers.put(server, "pg_hba.conf", lines.encode())
        with psycopg.connect(server.url, autocommit=True) as conn:
            conn.execute("alter system set ssl = on")
            conn.execute("alter system set ssl_ca_file = 'root.crt'")
            conn.execute("select pg_reload_conf()")
            conn.execute(f"create role asha superuser login password {psycopg.sql.quote(PASSWORD)}")
            conn.execute(
                "create role certain login; create role shut login password 'x'; create role idle password 'x'"
            )
            for name in ("product", "copied", "closed"):
                conn.execute(f"create database {name}")
            conn.execute("revoke connect on database closed from public")
        yield server


@pytest.fixture
def safe(server, authority) -> dict[str, object]:
    """libpq's parameters of a connection with nothing left to wish for. libpq waits for the server's reload."""
    given = {"host": "localhost", "hostaddr": "127.0.0.1", "port": server.port, "user": "asha", "dbname": "postgres"}
    return given | {"password": PASSWORD, "sslmode": "verify-full", "sslrootcert": authority.file}


CERTAIN = {"user": "certain", "password": None}
# What is changed of a safe connection → what is said of it. Files are those of the authority's folder.
REFUSED = {
    "another host": ({"host": "db.example"}, ['does not match host name "db.example"', "connect by a name that the"]),
    "another authority": ({"sslrootcert": "stranger.crt"}, ["not trusted: ", "the authority that made it"]),
    "no file of authorities": ({"sslrootcert": "none.crt"}, ["none.crt", "name the file of the authority's"]),
    "the machine's authorities": ({"sslrootcert": "system"}, ["not trusted: ", "the authority that made it"]),
    "no TLS": ({"sslmode": "disable", "sslrootcert": None}, ["no encryption", "sslmode=verify-full"]),
    "another password": ({"password": "not it"}, ["password authentication failed", "check user and password"]),
    "no password": ({"password": None}, ["no password supplied", "~/.pgpass"]),
    "no login": ({"user": "idle", "password": "x"}, ["not permitted to log in", 'ALTER ROLE "idle" LOGIN']),
    "no CONNECT": ({"user": "shut", "password": "x", "dbname": "closed"},
                   ['GRANT CONNECT ON DATABASE "closed" TO "shut"']),
    "no client certificate": (CERTAIN, ["requires a valid client certificate", "sslcert and sslkey"]),
    "an expired one": (CERTAIN | {"sslcert": "certain-expired.crt", "sslkey": "certain-expired.key"},
                       ["alert certificate expired", "have another one made"]),
    "one of another authority": (CERTAIN | {"sslcert": "alien.crt", "sslkey": "alien.key"},
                                 ["unknown ca", "of an authority in its ssl_ca_file"]),
    "another user's": (CERTAIN | {"sslcert": "asha.crt", "sslkey": "asha.key"}, ["is another user's"]),
    "one without its key": (CERTAIN | {"sslcert": "certain.crt", "sslkey": "none.key"},
                            ["none.key", "sslcert and sslkey"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def clients(authority):
    """Certificates of users, good and bad, in the authority's folder."""
    for name, days in (("certain", 30), ("certain", -1), ("asha", 30)):
        authority.issue(name, days=days)
    Authority(authority.file.parent, "stranger").issue("alien")


def told(place: dict[str, object], folder: Path) -> str:
    """A connection string; files of this folder by their whole paths."""
    known = {
        name: folder / str(value) if str(value).endswith((".crt", ".key")) else value for name, value in place.items()
    }
    return make_conninfo("", **{name: str(value) for name, value in known.items() if value is not None})


def given(source: str, target: str, copy: str | None = None):
    urls = {"NXTGAUGE_SOURCE_URL": source, "NXTGAUGE_TARGET_URL": target} | (
        {"NXTGAUGE_STAGING_URL": copy} if copy else {}
    )
    return configuration.load("demo", urls)


@pytest.mark.parametrize("case", REFUSED)
def test_who_is_refused_is_told_where_and_why(safe, clients, authority, case):
    changes, wanted = REFUSED[case]
    url = told(safe | changes, authority.file.parent)
    settings = given(url, url)
    sides = {"source": settings.source, "target": settings.target}
    ways = [
        (connect.source, "source"),
        (connect.adbc_source, "source"),
        (connect.target, "target"),
        (auditors.target, "target"),
    ]
    for way, side in ways:
        with pytest.raises(MigrateError) as refused, way(sides[side]):
            pass
        said = str(refused.value)
        assert not [
            part for part in [*wanted, sides[side].redacted, f"NXTGAUGE_{side.upper()}_URL"] if part not in said
        ], said
        assert PASSWORD not in said and "not it" not in said and not refused.value.retryable


def test_a_certificate_that_has_expired_is_called_so(server, safe, authority):
    url = told(safe, authority.file.parent)
    renew(server, authority.issue("server", "localhost", days=-1))
    try:
        while not refusal(url):
            pass
        assert "not trusted: certificate has expired; have another one made for the server" in refusal(url)
    finally:
        renew(server, authority.issue("server", "localhost"))
        while refusal(url):
            pass


def renew(server, pair) -> None:
    for name, file in zip(("server.crt", "server.key"), pair, strict=True):
        servers.put(server, name, file.read_bytes())
    with psycopg.connect(server.url) as conn:
        conn.execute("select pg_reload_conf()")


def refusal(url: str) -> str:
    try:
        with connect.source(given(url, url).source):
            return ""
    except MigrateError as error:
        return str(error)


def test_a_run_and_whoever_looks_on_go_through_tls_and_a_copy_says_what_it_lacks(safe, clients, authority, monkeypatch):
    """What a connection string leaves out comes from the environment; the target lets in by certificate alone."""
    folder = authority.file.parent
    for name in ("sslmode", "sslrootcert"):
        monkeypatch.setenv(f"PG{name.upper()}", str(safe.pop(name)))
    own = CERTAIN | {"sslcert": "certain.crt", "sslkey": "certain.key", "dbname": "product"}
    with psycopg.connect(told(safe, folder), autocommit=True) as conn:
        conn.execute(SOURCE)
        conn.execute("grant create, temporary on database product to certain")
    source, copy = told(safe | {"channel_binding": "require"}, folder), told(safe | {"dbname": "copied"}, folder)
    settings = given(source, told(safe | own, folder), copy)
    assert run.migrate(settings, Options(auditor=reconciling(settings, "full"))).state == "published"
    (up, *_) = BooksCollector(settings).collect()
    assert up.samples[0].value == 1
    with psycopg.connect(told(safe | {"dbname": "product"} | own, folder)) as conn:
        assert conn.execute("select count(*) from nxtgauge.user_role_profiles").fetchone() == (5,)
    with pytest.raises(PlanRefused) as refused:
        staging.refresh(settings, WISH, None)
    assert [fault.split(" (")[0] for fault in refused.value.faults] == ["the source", "the staging database"]
    assert all(programs.OTHERS in fault and PASSWORD not in fault for fault in refused.value.faults)
    with psycopg.connect(copy) as conn:
        assert conn.execute("select from pg_namespace where nspname = 'nxtgauge_staging'").fetchone() is None
    monkeypatch.setenv(programs.OTHERS, str(folder))
    with pytest.raises(ConfigError, match="which has no pg_dump"):
        staging.refresh(settings, WISH, None)
