"""The tutorial: its commands, typed in order on a machine that has nothing yet, print what the page promises.

A block `sh` is run. What the next one promises (`text`) stands in its output: the same lines in the same order, with
any text in place of `…` and any number in place of a number, for the test makes fewer rows.
"""

import re
import subprocess

import pytest

from tests.support.patience import allowed
from tests.support.places import PROJECT
from tests.system.machines import TIMEOUT_SECONDS, Home, machine

PAGE = (PROJECT / "docs" / "tutorial.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", PAGE, re.MULTILINE | re.DOTALL)
NEEDED = ("Makefile", "config", ".venv")
FEWER = ("make practice", "make practice ROWS=2000 STAMP=")  # what `make setup` has made is there
NEXT = "==== next block ===="


@pytest.fixture(scope="module")
def home():
    with machine() as found:
        for name in NEEDED:
            (found.folder / name).symlink_to(PROJECT / name)
        yield found


@pytest.fixture(scope="module")
def said(home: Home) -> list[str]:
    """What each block of commands printed, in one shell that ends at the first failure."""
    script = "".join(f"{commands.replace(*FEWER)}echo '{NEXT}'\n" for commands, _ in BLOCKS)
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=home.folder,
        env=home.environment | {"COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=allowed(TIMEOUT_SECONDS),
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.split(f"{NEXT}\n")[:-1]


def test_each_step_prints_what_the_page_promises(said):
    assert len(said) == len(BLOCKS) > 10
    for (commands, promise), output in zip(BLOCKS, said, strict=True):
        assert re.search(_pattern(promise), output, re.DOTALL), f"{commands}promises\n{promise}and prints\n{output}"


def _pattern(promise: str) -> str:
    """Lines in their order, with anything between them only where a line `…` stands or other lines come first."""
    lines = [re.escape(line) for line in promise.splitlines()]
    shown = [re.sub(r"\d[\d,]*", r"[\\d,]+", line.replace("…", "[^\n]*")) for line in lines]
    return ".*".join(rf"(?:^|\n){line}" for line in shown if line != "[^\n]*")
