"""Where cut-overs are struck: a server, legacy databases in use, and builds that follow them, each made once.

Laws
- Nobody of ours is a superuser on these databases: the legacy schema and the target are the owner's, and an application
  may write and nothing else.
- A copy of a legacy database is the same to a build that follows it once the books call it by its own number. All else
  stays: files, transactions, oids.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from config import settings as configuration
from config.settings import Settings
from engine import sync
from tests.histories.databases.filling import LEGACIES
from tests.histories.databases.followed import call_by_own_number
from tests.support.auditors import trusting
from tests.support.places import of_servers
from tests.torture.servers import Server

OWN_NAME = "torture"
MAY_WRITE = """
    grant usage on schema public to app;
    grant select, insert, update, delete on all tables in schema public to app;
    grant usage, select on all sequences in schema public to app
"""


@dataclass(frozen=True)
class Place:
    """One source and its target, for one round. is_one: they are one database. superuser: a URL on the source."""

    server: Server
    source: str
    target: str

    @property
    def is_one(self) -> bool:
        return self.source == self.target

    def url(self, database: str, role: str = "owner", port: int | None = None) -> str:
        name = f"?application_name={OWN_NAME}" if port is None else ""
        return f"postgresql://{role}@127.0.0.1:{port or self.server.port}/{database}{name}"

    def settings(self, source_port: int | None = None, target_port: int | None = None) -> Settings:
        """Of a cut-over; the ports are those of a network that may be lost."""
        urls = {
            "NXTGAUGE_SOURCE_URL": self.url(self.source, port=source_port or self.server.port),
            "NXTGAUGE_FENCE_URL": self.url(self.source, port=source_port or self.server.port),
            "NXTGAUGE_TARGET_URL": self.url(self.target, port=target_port or self.server.port),
        }
        return configuration.load("demo", urls)

    def looks(self, side: str) -> psycopg.Connection:
        """A session that looks on; side: source or target."""
        return psycopg.connect(self.url(getattr(self, side)), autocommit=True)


@dataclass
class Grounds:
    """A server with templates. made: (what is in the legacy database, whether the target is the same) → templates.
    slowness: how many times the budget that was asked for a round needs, on a machine that has more to do."""

    server: Server
    slowness: float = 1.0
    made: dict[tuple[str, bool], Place] = field(default_factory=dict)

    def place(self, number: int | str, legacy: str, is_one: bool) -> Place:
        """A place of one's own. legacy: a name of LEGACIES."""
        template = self._template(legacy, is_one)
        place = Place(self.server, f"s{number}", f"s{number}" if is_one else f"t{number}")
        for name, made_of in {place.source: template.source, place.target: template.target}.items():
            self._create(name, made_of)
        call_by_own_number(place.url(place.source), place.url(place.target))
        return place

    def empty(self, name: str) -> str:
        """An empty database of the owner's; its URL."""
        self._create(name, "template0")
        return Place(self.server, name, name).url(name)

    def drop(self, *names: str) -> None:
        for name in names:
            self.server.drop(name)

    def _create(self, name: str, template: str) -> None:
        self.server.create(name, template)
        self.server.ask(f"alter database {name} owner to owner")

    def _template(self, legacy: str, is_one: bool) -> Place:
        if (legacy, is_one) not in self.made:
            tag = f"{legacy}_{'one' if is_one else 'two'}"
            place = Place(self.server, f"{tag}_s", f"{tag}_s" if is_one else f"{tag}_t")
            for name in {place.source, place.target}:
                self._create(name, "template0")
                self.server.ask("alter schema public owner to owner", None, name)
            _fill(place, legacy)
            sync.sync(place.settings(), sync.Following(rounds=1, auditor=trusting))
            self.made[legacy, is_one] = place
        return self.made[legacy, is_one]


def _fill(place: Place, legacy: str) -> None:
    url = place.url(place.source)
    LEGACIES[legacy](url)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(MAY_WRITE)


@contextlib.contextmanager
def opened() -> Iterator[Grounds]:
    """The grounds for some rounds; all of it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="nxtgauge-cutovers-", dir=of_servers()))
    folder.chmod(0o755)
    server = Server(folder / "server")
    try:
        server.ask("create role owner login; create role app login bypassrls")
        yield Grounds(server)
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
