"""A round under way: its databases, its environment, what it found, and what is looked at after each command.

Laws
- A fault is of a kind, so that kinds can be counted; a note is none.
- Left over is whatever still is there some seconds after a command has ended: processes, sessions, locks.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.support import pictures
from tests.support.pictures import Picture
from tests.torture.commands import PROGRAM, UNVERIFIED, Command, environment, processes
from tests.torture.proxy import Proxy
from tests.torture.servers import OWN_NAME, Server
from tests.torture.surroundings.link import Link
from tests.torture.surroundings.poolers import Pooler

SETTLE_SECONDS = 15  # a server notices a client that was killed as it next writes to it, or reads
SLOW_SECONDS = 60
SIDES = ("source", "target")
LEFT_SESSIONS = f"""
    select pid, application_name, state, left(query, 80) from pg_stat_activity
    where datname = %s and pid <> pg_backend_pid() and backend_type = 'client backend'
      and application_name not in ('{OWN_NAME}', 'picture')
"""
LEFT_LOCKS = """
    select l.pid, l.mode from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and a.datname = %s
"""
COMMANDS = re.compile(r"`(?:[^` ]*/)?(nxtgauge-migrate [^`]+)`")


@dataclass
class Tried:
    """A command that was run. strike and stage: where it was struck; code: that it ended with; took: seconds from the
    strike to the end."""

    arguments: list[str]
    strike: str | None
    stage: str
    code: int
    took: float
    message: str
    anew: str = ""


@dataclass
class Scene:
    """source_db, target_db: databases on the two servers; folder: of this round alone; work: what commands have as
    their temporary folder; verifies: whether they judge their builds; proxies, poolers: by side, what stands before it;
    primary: of a source that is a standby; left_out: why the round could not be played."""

    number: int
    kind: str
    rng: random.Random
    source: Server
    target: Server
    source_db: str
    target_db: str
    folder: Path
    verifies: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    proxies: dict[str, Proxy] = field(default_factory=dict)
    poolers: dict[str, Pooler] = field(default_factory=dict)
    link: Link | None = None
    primary: Server | None = None
    left_out: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    undo: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.work.mkdir(parents=True)

    @property
    def work(self) -> Path:
        return self.folder / "tmp"

    @property
    def mark(self) -> str:
        return f"{os.getpid()}-{self.number}"

    def fault(self, kind: str, text: str) -> None:
        self.faults.append((kind, text))

    def server(self, side: str) -> Server:
        return self.source if side == "source" else self.target

    def database(self, side: str) -> str:
        return self.source_db if side == "source" else self.target_db

    def proxy(self, side: str) -> Proxy:
        """Through which this side is reached from the next command on."""
        if side not in self.proxies:
            self.proxies[side] = Proxy(self.server(side).port)
        return self.proxies[side]

    def url(self, side: str) -> str:
        way = self.proxies.get(side) or self.poolers.get(side)
        host = self.link.host if self.link else "127.0.0.1"
        return self.server(side).url(self.database(side), way.port if way else None, host)

    def start(self, *arguments: str, **variables: str) -> Command:
        urls = {f"NXTGAUGE_{side.upper()}_URL": self.url(side) for side in SIDES}
        program = PROGRAM if self.verifies or arguments[0] != "migrate" else UNVERIFIED
        known = environment(self.mark, self.work, **urls | self.variables | variables)
        prefix = self.link.prefix if self.link else []
        return Command([*prefix, *program], list(arguments), known, self.folder)

    def run(self, *arguments: str, **variables: str) -> Command:
        """A command that nobody strikes, to its end."""
        command = self.start(*arguments, **variables)
        command.end()
        return command

    def end(self, command: Command, strike: str | None, stage: str, codes: set[int]) -> int:
        """Wait for the end of a command and look at what it leaves; its exit code. codes: those that are right."""
        struck = time.monotonic()
        code = command.end()
        anew = next((line for line in command.lines if "beginning anew" in line), "")
        tried = Tried(
            command.arguments, strike, stage, code, round(time.monotonic() - struck, 1), command.message, anew
        )
        self.tried.append(tried)
        self.take_back()
        for side in SIDES:
            self.server(side).start()
        self._judge_end(command, tried, codes)
        self._judge_left_overs(f"{strike} at {stage}")
        return code

    def take_back(self) -> None:
        """What strikes have set, the latest first."""
        while self.undo:
            self.undo.pop()()

    def _judge_end(self, command: Command, tried: Tried, codes: set[int]) -> None:
        where, text = f"{tried.strike} at {tried.stage}", "\n".join(command.lines)
        if command.hung:
            self.fault("hang", f"{where}: it was killed after {time.monotonic() - command.began:.0f} s")
        elif tried.code not in codes:
            kind = "second command" if tried.code in (4, 5) and codes == {0} else "code"
            self.fault(kind, f"{where}: it ended with {tried.code}, wanted {sorted(codes)}: {tried.message}")
        if tried.took > SLOW_SECONDS and tried.code != 0:
            self.fault("hang", f"{where}: it ended {tried.took:.0f} s after the strike")
        if "Traceback" in text:
            self.fault("message", f"{where}: a traceback")
            (self.folder / f"traceback-{len(self.tried)}.txt").write_text(text)
        self._judge_message(command, tried, where)

    def _judge_message(self, command: Command, tried: Tried, where: str) -> None:
        """What it says is to be right: the side, the run, and the command that goes on."""
        if tried.code in (0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT) or command.hung:
            return
        if not tried.message and "ended at once" not in "\n".join(command.lines):
            self.fault("message", f"{where}: code {tried.code} without a word: {command.lines[-1:]}")
        side = {4: "source", 5: "target"}.get(tried.code)
        if side and side not in tried.message and "staging" not in tried.message:
            self.fault("message", f"{where}: code {tried.code}, and the {side} is not named: {tried.message}")
        if "ended well all the same" not in tried.message:
            self._judge_advice(command, tried, where)

    def _judge_advice(self, command: Command, tried: Tried, where: str) -> None:
        """The command that it prints goes on with this very run."""
        advised = [text for text in COMMANDS.findall(tried.message) if text.startswith("nxtgauge-migrate migrate")]
        is_wanted = command.run_id and tried.code in (4, 5, 130) and tried.message
        if any(command.run_id and command.run_id not in text for text in advised) or (is_wanted and not advised):
            self.fault("message", f"{where}: run {command.run_id} is not resumed by what it says: {tried.message}")

    def _judge_left_overs(self, where: str) -> None:
        until = time.monotonic() + SETTLE_SECONDS
        while (found := self._left_overs()) and time.monotonic() < until:
            time.sleep(0.2)
        for kind, text in found:
            self.fault(kind, f"{where}: {text}")
        for pid in processes(self.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _left_overs(self) -> list[tuple[str, str]]:
        found = [("processes", f"{pid} {line}") for pid, line in processes(self.mark).items()]
        for side in SIDES:
            server, database = self.server(side), [self.database(side)]
            found += [("sessions", f"{side}: {row}") for row in server.ask(LEFT_SESSIONS, database)]
            found += [("leases", f"{side}: {row}") for row in server.ask(LEFT_LOCKS, database)]
        return found

    def live(self) -> str | None:
        """The oid of what is published, as text."""
        rows = self.target.ask("select oid::text from pg_namespace where nspname = 'nxtgauge'", None, self.target_db)
        return rows[0][0] if rows else None

    def compare(self, wanted: Picture, found: Picture) -> None:
        for name, differs in pictures.differences(wanted, found).items():
            is_book = name.startswith(("migration.", "definitions"))
            missing, extra = differs.missing.total(), differs.extra.total()
            if is_book:
                self.fault("books" if name != "definitions" else "definitions", f"{name}: {differs}")
                continue
            if missing:
                self.fault("rows lost", f"{name}: {differs}")
            if extra:
                self.fault("rows doubled", f"{name}: {differs}")

    def close(self) -> None:
        for proxy in self.proxies.values():
            proxy.close()
        if not self.faults:
            shutil.rmtree(self.folder, ignore_errors=True)

    def told(self) -> dict[str, object]:
        return {
            "round": self.number,
            "kind": self.kind,
            "source": self.source_db,
            "faults": [list(fault) for fault in self.faults],
            "left_out": self.left_out,
            "notes": self.notes,
            "tried": [asdict(each) for each in self.tried],
        }
