"""A contender: one way of moving the legacy database, and what it needs around it."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring.server import Server

PROJECT = Path(__file__).resolve().parents[3]
LEGACY, TARGET, PUBLISHED, SAMPLE = "legacy", "target", "published", "sample"
Details = dict[str, Any]


class CannotTakePart(Exception):
    """A contender that does not work here; why."""


@dataclass(frozen=True)
class Place:
    """Where the contenders run. jobs: processes or sessions at once."""

    server: Server
    jobs: int
    source_name: str = LEGACY
    target_name: str = TARGET
    dlt: str | None = None  # a Python that has dlt
    ddl: Path | None = None  # pg_dump's folder with the published target's schemas

    @property
    def legacy(self) -> str:
        return self.server.url(self.source_name)

    @property
    def target(self) -> str:
        return self.server.url(self.target_name)


def nothing(place: Place) -> Details:
    return {}


@dataclass(frozen=True)
class Contender:
    """before and after are not timed; both databases are there when `before` begins, the target empty.

    is_sample: it is too slow for all rows, and moves the sample. is_command: only its time is worth telling.

    run: what is timed; gives details. after: more details, of what stands in the target then. Each may raise
    CannotTakePart.
    """

    name: str
    label: str
    run: Callable[[Place], Details]
    before: Callable[[Place], object] = nothing
    after: Callable[[Place], Details] = nothing
    is_sample: bool = False
    is_command: bool = False


def call(*command: str, text: str | None = None, environ: dict[str, str] | None = None) -> str:
    """What a program prints. Errors: CannotTakePart with the end of what it complained."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=PROJECT, env=environ)
    if done.returncode:
        raise CannotTakePart(complaint(command, done.returncode, done.stderr))
    return done.stdout


def complaint(command: Sequence[str], code: int, stderr: str) -> str:
    last = "; ".join(stderr.strip().splitlines()[-3:])
    return f"{Path(command[0]).name} ended with {code}: {last}"
