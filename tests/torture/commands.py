"""One run of the command, in a process of its own, listened to while it runs."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PROGRAM = [str(Path(sys.executable).with_name("nxtgauge-migrate"))]
UNVERIFIED = [sys.executable, "-m", "tests.torture.unverified"]
PROJECT = Path(__file__).resolve().parents[2]
# The longest that it may say nothing, and last in all. A load of a busy machine says something each five seconds.
SILENT_SECONDS, WHOLE_SECONDS = 100, 400
MARK = "NXTGAUGE_TORTURE_ROUND"  # in the environment of all that a round starts
RUN_ID = re.compile(r"\brun (\d{8}-\d{6}-[0-9a-f]{4})$")
STAGE = re.compile(r"\bstage (.+)$")
WORD = "nxtgauge-migrate: "


class Command:
    """A process that has been started. hung: it had to be killed."""

    def __init__(self, program: list[str], arguments: list[str], environment: dict[str, str], folder: Path):
        self.arguments, self.lines, self.hung = arguments, list[str](), False
        self.began = self.heard = time.monotonic()
        self.process = subprocess.Popen(
            [*program, *arguments], env=environment, cwd=folder, text=True, errors="replace", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._allowed = 0.0
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self.heard = time.monotonic()
            self.lines.append(line.rstrip("\n"))

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    @property
    def stage(self) -> str:
        return next((m[1] for line in reversed(self.lines) if (m := STAGE.search(line))), "start")

    @property
    def run_id(self) -> str | None:
        return next((m[1] for line in self.lines if (m := RUN_ID.search(line))), None)

    @property
    def message(self) -> str:
        """What it says last, with what follows on the next lines."""
        starts = [number for number, line in enumerate(self.lines) if line.startswith(WORD)]
        return "\n".join(self.lines[starts[-1] :]) if starts else ""

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def wait_for_stage(self, stage: str, seconds: float = 120) -> None:
        """Until it is there, or past it, or over."""
        until = time.monotonic() + seconds
        while self.is_running and time.monotonic() < until and f"stage {stage}" not in self._stages():
            time.sleep(0.005)

    def _stages(self) -> set[str]:
        return {m[0] for line in list(self.lines) if (m := STAGE.search(line))}

    def wait(self, seconds: float) -> None:
        """So long, or until it is over."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def allow(self, seconds: float) -> None:
        """It may be silent so much longer, for a network that is gone takes that long to be noticed."""
        self._allowed += seconds

    def end(self) -> int:
        """Wait for its end; the exit code."""
        while self.is_running:
            now = time.monotonic()
            silent, whole = (limit + self._allowed for limit in (SILENT_SECONDS, WHOLE_SECONDS))
            if now - self.heard > silent or now - self.began > whole:
                self.hung = True
                self.signal(signal.SIGCONT)
                self.signal(signal.SIGKILL)
            self.wait(0.1)
        self._listener.join(10)
        return self.process.returncode


def environment(mark: str, folder: Path, **variables: str) -> dict[str, str]:
    """Nothing of ours but what is said here; no Prefect server answers, so the command runs plainly."""
    own = ("NXTGAUGE", "PREFECT", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    places = {"TMPDIR": str(folder), "PREFECT_API_URL": "http://127.0.0.1:9/api", "PYTHONPATH": str(PROJECT)}
    return kept | places | variables | {MARK: mark}


def processes(mark: str) -> dict[int, str]:
    """Process id → command line of all that live with this mark in their environment, but this process."""
    found = {}
    for path in Path("/proc").iterdir():
        with contextlib.suppress(OSError, IndexError):
            if path.name.isdigit() and int(path.name) != os.getpid() and _is_marked(path, mark):
                found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:160]
    return found


def _is_marked(process: Path, mark: str) -> bool:
    state = (process / "stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z" and f"{MARK}={mark}\0".encode() in (process / "environ").read_bytes() + b"\0"
