"""A round of a migration: it is struck, resumed until it is done, and compared with one that nobody disturbs."""

import shutil
import subprocess
import time
from dataclasses import dataclass

from tests.support import pictures
from tests.torture import strikes
from tests.torture.commands import Command
from tests.torture.scene import SIDES, Scene
from tests.torture.stage import Stage
from tests.torture.surrounded import surrounded

# Where to strike: stage → (how often, seconds that it lasts about).
MOMENTS = {
    "start": (2, 2.0), "plan": (2, 1.5), "schema": (2, 0.3), "load, wave 1": (8, 1.5), "after wave 1": (1, 0.2),
    "judge wave 1": (2, 0.4), "load, wave 2": (2, 0.3), "judge wave 2": (1, 0.2), "load, wave 3": (3, 0.5),
    "follow": (1, 0.1), "judge wave 3": (1, 0.2), "constraints": (1, 0.1), "constraints: key": (2, 0.2),
    "constraints: index": (1, 0.2), "constraints: foreign key": (2, 0.2), "figures": (1, 0.1), "renames": (1, 0.2),
    "analyze": (1, 0.2), "judge": (1, 0.2), "verify": (5, 6.0), "publish": (5, 0.15), "statistics": (1, 0.2),
}  # fmt: skip
SEVERAL = {1: 6, 2: 3, 3: 1}  # strikes of a round: how often
OFTEN_AT_START = 0.3  # of limits, which others have set before we come
RESUMPTIONS = 3
EMPTY_BYTES = 9_000_000  # of a database on a disk of its own


@dataclass
class Outcome:
    code: int
    run_id: str | None


def migrate(stage: Stage, scene: Scene, names: list[str]) -> Outcome:
    """Strike one attempt after the other, and go on until it is done. names: of the strikes."""
    before, run_id, arguments = scene.live(), None, ["migrate"]
    for name in names:
        command = _struck(scene, name, arguments)
        run_id = command.run_id or run_id
        _judge_switch(scene, before, run_id)
        if command.process.returncode == 0:
            return Outcome(0, run_id)
        arguments = _again(scene, run_id)
    for proxy in scene.proxies.values():
        proxy.reset_after(None)
    code = 1
    for _ in range(RESUMPTIONS):
        command = scene.start(*arguments)
        code = scene.end(command, None, "resumed", {0})
        run_id = command.run_id or run_id
        if code == 0 or _is_published(scene, run_id):
            return Outcome(0, run_id)
    return Outcome(code, run_id)


def _again(scene: Scene, run_id: str | None) -> list[str]:
    return ["migrate", "--run", run_id] if run_id and scene.rng.random() < 0.5 else ["migrate", "--resume"]


def _struck(scene: Scene, name: str, arguments: list[str]) -> Command:
    """The command, struck once, at its end."""
    if name == "failpoint":
        variables, text, codes = strikes.failpoint(scene)
        command = scene.start(*arguments, **variables)
        scene.end(command, text, "failpoint", codes)
        return command
    moment = _moment(scene, name)
    scene.verifies = moment == "verify"
    command = scene.start(*arguments)
    if moment != "start":
        command.wait_for_stage(moment)
    command.wait(scene.rng.uniform(0, MOMENTS[moment][1]))
    at, is_late = command.stage, not command.is_running
    codes = {0} if is_late else strikes.STRIKES[name](scene, command)
    scene.end(command, f"{name}, too late" if is_late else name, at, codes)
    scene.verifies = False
    return command


def _moment(scene: Scene, name: str) -> str:
    drawn = scene.rng.choices(list(MOMENTS), [weight for weight, _ in MOMENTS.values()])[0]
    if name in strikes.PUBLISHING or name == "disk_full":
        return "schema"
    if name in ("second_operator", "frozen") and drawn in ("start", "publish", "statistics"):
        return "load, wave 1"
    if name.endswith("limited") and scene.rng.random() < OFTEN_AT_START:
        return "start"
    return drawn


def _judge_switch(scene: Scene, before: str | None, run_id: str | None) -> None:
    """What is live is what was, or a run that says that it is published."""
    if run_id and scene.live() != before and not _is_published(scene, run_id):
        scene.fault("half published", f"another schema is live, and run {run_id} is not published")


def _is_published(scene: Scene, run_id: str | None) -> bool:
    states = scene.target.ask("select state from migration.runs where run_id = %s", [run_id], scene.target_db)
    return states == [("published",)]


def judge(stage: Stage, scene: Scene, outcome: Outcome, wanted: pictures.Picture) -> None:
    """What the round has come to, beside what it should have."""
    if outcome.code != 0:
        scene.fault("not resumed", f"after all it ended with {outcome.code}: {scene.tried[-1].message}")
        return
    live = "select run_id from migration.schemas where (kind, role) = ('product', 'live')"
    ((run_id,),) = scene.target.ask(live, None, scene.target_db)
    if run_id != outcome.run_id:
        scene.notes.append(f"run {run_id} is live, and not {outcome.run_id}: a second operator, or a run anew")
    if not _is_published(scene, run_id):
        scene.fault("books", f"run {run_id} is live, and not published")
    scene.compare(wanted, pictures.of(scene.target.url(scene.target_db), run_id=run_id))
    judge_left_over(scene)


def judge_left_over(scene: Scene) -> None:
    query = "select nspname::text from pg_namespace where nspname like '%\\_\\_build'"
    if left := scene.target.ask(query, None, scene.target_db):
        scene.fault("schemas", f"left: {left}")
    query = "select run_id, state from migration.runs where state in ('running', 'built')"
    if open_runs := scene.target.ask(query, None, scene.target_db):
        scene.fault("books", f"still under way by the books: {open_runs}")
    judge_files(scene)


def judge_files(scene: Scene) -> None:
    """Of our own commands; a process that was killed leaves some, and the next is to sweep them."""
    if left := [path.name for path in scene.work.iterdir() if path.name.startswith("nxtgauge")]:
        scene.fault("files", f"left: {left}")


def struck(stage: Stage, scene: Scene) -> None:
    """A round of a kind of strike, perhaps with others after it, perhaps into a target that is live already."""
    names, rng = [scene.kind], scene.rng
    if scene.kind in strikes.SIMPLE | strikes.SURROUNDED or scene.kind == "failpoint":
        count = rng.choices(list(SEVERAL), list(SEVERAL.values()))[0]
        names += [rng.choice([*strikes.SIMPLE, "failpoint"]) for _ in range(count - 1)]
    if scene.kind in strikes.PROXIED:
        for side in SIDES:
            scene.proxy(side)
    wanted = stage.picture(scene.source_db)
    with surrounded(stage, scene) as is_there:
        if is_there:
            judge(stage, scene, migrate(stage, scene, names), wanted)


def on_small_disk(stage: Stage, scene: Scene) -> bool:
    """Put the target on a small disk; False where none can be mounted."""
    most = max(stage.size(scene.source_db), 10_000_000)
    disk, size = scene.folder / "disk", scene.rng.randrange(EMPTY_BYTES, most)
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
        scene.notes.append("no full disk: none can be mounted here")
        return False
    scene.target.give(disk)
    scene.folder.chmod(0o755)
    scene.target.ask(f"create tablespace small{scene.number} location '{disk}'")
    scene.target.create(scene.target_db, tablespace=f"small{scene.number}")
    scene.notes.append(f"a disk of {size} bytes")
    return True


def remove_disk(scene: Scene) -> None:
    scene.target.drop(scene.target_db)
    scene.target.ask(f"drop tablespace if exists small{scene.number}")
    time.sleep(0.2)  # the server closes the last file of it
    subprocess.run(["umount", "--lazy", scene.folder / "disk"], stderr=subprocess.DEVNULL, check=False)
