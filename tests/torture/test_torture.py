"""Two rounds of the torture with a fixed seed: what is struck comes out as if nobody had, and the report says so."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.places import PROJECT


def test_what_is_struck_comes_out_the_same(tmp_path: Path) -> None:
    arguments = [
        "--rounds",
        "2",
        "--seed",
        "12",
        "--rows",
        "0",
        "--only",
        "kill,target_killed",
        "--reports",
        str(tmp_path),
    ]
    command = [sys.executable, "-W", "ignore", "-m", "tests.torture", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    [folder] = tmp_path.iterdir()
    rounds = [json.loads(line) for line in (folder / "rounds.jsonl").read_text().splitlines()]
    assert [told["kind"] for told in rounds] == ["kill", "target_killed"]
    assert all(told["tried"][0]["strike"] for told in rounds) and not any(told["faults"] for told in rounds)
    assert (folder / "summary.txt").read_text().startswith("2 rounds, ")
