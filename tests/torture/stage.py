"""Where everything stands: the servers, the legacy databases, and what undisturbed commands make of them.

s0, s1           legacy databases on the source server
published        a target that a run of s0 was published into
published_twice  the same, and then one of s1
"""

import contextlib
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flows.demo.seed import seed
from tests.support import pictures
from tests.support.failpoints import trial
from tests.support.pictures import Picture
from tests.torture.commands import Command
from tests.torture.scene import Scene
from tests.torture.servers import Server, Standby

SOURCES = ("s0", "s1")
STAGING = {"NXTGAUGE_MASKING_KEY": "torture-torture-torture"}


@dataclass
class Stage:
    """rows: of each legacy database; 0: the small one of the failpoints. undisturbed: pictures by name."""

    folder: Path
    source: Server
    target: Server
    rows: int
    seed: int
    undisturbed: dict[str, Picture] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)
    standbys: list[Standby] = field(default_factory=list)  # the source's; none until one is wanted

    def scene(self, number: int, kind: str, rng: random.Random, source_db: str, template: str = "template0") -> Scene:
        """A round with a target of its own."""
        target_db = f"t{number}"
        self.target.create(target_db, template)
        return Scene(number, kind, rng, self.source, self.target, source_db, target_db, self.folder / f"round-{number}")

    def standby(self) -> Standby:
        """Of the source."""
        if not self.standbys:
            self.standbys.append(Standby(self.folder / "standby", self.source))
        return self.standbys[0]

    def picture(self, source_db: str) -> Picture:
        """What a run of this database makes, if nobody disturbs it."""
        if source_db not in self.undisturbed:
            self._measure(source_db)
        return self.undisturbed[source_db]

    def size(self, source_db: str) -> int:
        """Bytes of a target of this database."""
        if source_db not in self._sizes:
            self._measure(source_db)
        return self._sizes[source_db]

    def _measure(self, source_db: str) -> None:
        scene = self.scene(0, "undisturbed", random.Random(0), source_db)
        self.undisturbed[source_db] = migrated(scene)
        [(self._sizes[source_db],)] = self.target.ask("select pg_database_size(%s)", [scene.target_db])
        self.drop(scene)

    def published(self, times: int = 1) -> str:
        """The name of a target that was published into once, or twice; made when it is first asked for."""
        name = "published" if times == 1 else "published_twice"
        if name not in self._templates():
            template = "template0" if times == 1 else self.published()
            self.target.create(name, template)
            folder = self.folder / name
            scene = Scene(0, name, random.Random(0), self.source, self.target, SOURCES[times - 1], name, folder)
            picture = migrated(scene)
            self.undisturbed.setdefault(SOURCES[times - 1], picture)
            scene.close()
        return name

    def copied(self, source_db: str) -> Picture:
        """What `stage` makes of this database."""
        name = f"copy of {source_db}"
        if name not in self.undisturbed:
            scene = self.staging(0, "undisturbed", random.Random(0), source_db)
            _well(scene.run("stage"))
            self.undisturbed[name] = pictures.of(scene.url("target"), ("public",))
            self.drop(scene)
        return self.undisturbed[name]

    def staging(self, number: int, kind: str, rng: random.Random, source_db: str) -> Scene:
        """A round whose target is the staging database."""
        scene = self.scene(number, kind, rng, source_db)
        scene.variables = self.copying(scene)
        return scene

    def copying(self, scene: Scene) -> dict[str, str]:
        """The environment of a copy into the round's target, which then is no target."""
        urls = {"NXTGAUGE_STAGING_URL": scene.url("target"), "NXTGAUGE_TARGET_URL": self.target.url("postgres")}
        return STAGING | urls

    def drop(self, scene: Scene) -> None:
        """What a round has made, if it found no fault."""
        scene.close()
        if not scene.faults:
            self.target.drop(scene.target_db)

    def _templates(self) -> set[str]:
        return {name for (name,) in self.target.ask("select datname from pg_database")}


def migrated(scene: Scene) -> Picture:
    """The picture after a run that nobody disturbs. Errors: RuntimeError if it does not end well."""
    command = scene.run("migrate")
    _well(command)
    return pictures.of(scene.target.url(scene.target_db), run_id=command.run_id)


def _well(command: Command) -> None:
    if command.process.returncode != 0:
        raise RuntimeError("a command that nobody disturbs failed:\n" + "\n".join(command.lines[-8:]))


@contextlib.contextmanager
def opened(rows: int, seed_number: int) -> Iterator[Stage]:
    """The stage for some rounds; all of it is gone afterwards."""
    # Under the system's own temporary folder, and open to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="nxtgauge-torture-"))
    folder.chmod(0o755)
    servers: list[Server] = []
    standbys: list[Standby] = []
    try:
        servers += [Server(folder / "source")]
        servers += [Server(folder / "target")]
        stage = Stage(folder, servers[0], servers[1], rows, seed_number, standbys=standbys)
        for number, name in enumerate(SOURCES):
            stage.source.create(name)
            _fill(stage.source.url(name), rows, seed_number * 100 + number)
        stage.source.ask("checkpoint")  # or sequences stand elsewhere once the server has been killed
        yield stage
    finally:
        for server in [*standbys, *servers]:
            server.stop("immediate")
        for disk in folder.glob("round-*/disk"):
            subprocess.run(["umount", "--lazy", disk], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _fill(url: str, rows: int, seed_number: int) -> None:
    if rows:
        seed(url, rows=rows, seed=seed_number)
    else:
        trial.legacy(url)
