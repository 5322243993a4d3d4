"""Rounds of other commands than a migration, and of a source that is written to meanwhile."""

import time

from tests.support import pictures
from tests.torture import rounds, strikes
from tests.torture.commands import Command
from tests.torture.rounds import judge, judge_files
from tests.torture.scene import Scene
from tests.torture.stage import SOURCES, Stage, migrated
from tests.torture.writer import Writer

BEFORE = {"nxtgauge", "nxtgauge__previous", "legacy_archive", "legacy_archive__previous"}
AFTER = {"nxtgauge", "nxtgauge__withdrawn", "legacy_archive", "legacy_archive__withdrawn"}
SCHEMAS = "select nspname::text from pg_namespace where nspname ~ '^(nxtgauge|legacy_archive)'"
BUSY = "select count(*) from pg_stat_activity where datname = %s and application_name = 'nxtgauge-migrate'"
LEFT_BYTES = """
    select coalesce(sum(pg_relation_size(oid)), 0)::bigint from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace
"""
COPYING = ("look", "define", "rows", "constrain", "count", "prove")


def writes(stage: Stage, scene: Scene) -> None:
    """Somebody writes to the source meanwhile; the target shows it as the recorded snapshot saw it."""
    template, own = scene.source_db, f"w{scene.number}"
    repeated = f"{own}r"
    stage.source.create(own, template)
    scene.source_db = own
    names = scene.rng.sample(["kill", "sigterm", "target_ended", "source_cancelled"], scene.rng.randrange(3))
    with Writer(stage.source.url(own), scene.rng) as writer:
        outcome = rounds.migrate(stage, scene, names)
    if writer.error:
        scene.notes.append(f"the writer met {writer.error}")
    query = "select snapshot from migration.runs where run_id = %s"
    [(snapshot,)] = scene.target.ask(query, [outcome.run_id], scene.target_db)
    stage.source.create(repeated, template)
    seen = writer.repeat(stage.source.url(repeated), snapshot)
    scene.notes.append(f"{len(writer.done)} writes, {seen} of them before the snapshot")
    judge(stage, scene, outcome, stage.picture(repeated))
    for name in (own, repeated):
        stage.source.drop(name)
    del stage.undisturbed[repeated]


def _begun(scene: Scene, *arguments: str) -> Command:
    """The command, as soon as it has a session on the target."""
    command = scene.start(*arguments)
    while command.is_running and not scene.target.ask(BUSY, [scene.target_db])[0][0]:
        time.sleep(0.01)
    return command


def _strike(scene: Scene, command: Command, names: list[str], codes: set[int]) -> int:
    """codes: right besides those of the strike, unless that is to pass unnoticed."""
    name, is_late = scene.rng.choice(names), not command.is_running
    right = {0} if is_late else strikes.STRIKES[name](scene, command)
    codes = set() if name == "limited" else codes
    return scene.end(command, f"{name}, too late" if is_late else name, scene.kind, right | codes)


def rollback(stage: Stage, scene: Scene) -> None:
    """It is whole, or has not been: and a second one does it."""
    stage.target.create(scene.target_db, stage.published(2))
    command = _begun(scene, "rollback", "--yes")
    command.wait(scene.rng.uniform(0, 0.4))
    names = ["kill", "kill", "sigterm", "target_immediate", "target_ended"]
    _strike(scene, command, names, {strikes.TERMINATED, strikes.STOPPED})
    found = _schemas(scene)
    states = [state for (state,) in scene.target.ask("select state from migration.runs", None, scene.target_db)]
    if found not in (BEFORE, AFTER):
        scene.fault("half published", f"the rollback left {sorted(found)}")
    if (found == AFTER) != ("rolled_back" in states):
        scene.fault("books", f"schemas {sorted(found)}, and runs are {states}")
    if found == BEFORE:
        scene.end(scene.start("rollback", "--yes"), None, "rollback", {0})
    query = "select run_id from migration.runs where state = 'published'"
    [(run_id,)] = scene.target.ask(query, None, scene.target_db)
    whole = pictures.of(scene.target.url(scene.target_db), run_id=run_id)
    wanted = stage.picture(SOURCES[0])
    names_of_books = ("migration.schemas",)  # they name what is set aside, too
    scene.compare(*({k: v for k, v in each.items() if k not in names_of_books} for each in (wanted, whole)))


def _schemas(scene: Scene) -> set[str]:
    return {name for (name,) in scene.target.ask(SCHEMAS, None, scene.target_db)}


def copy(stage: Stage, scene: Scene) -> None:
    """The staging copy: whole, or empty; and a second one makes it."""
    wanted, scene.variables = stage.copied(scene.source_db), stage.copying(scene)
    if scene.rng.random() < 0.3:
        scene.end(scene.start("stage"), None, "stage", {0})
    command = scene.start("stage")
    command.wait_for_stage(scene.rng.choice(COPYING))
    command.wait(scene.rng.uniform(0, 1))
    names = ["kill", "kill", "sigterm", "source_killed", "target_killed"]
    names += ["source_ended", "target_ended", "target_cancelled", "limited"]
    code = _strike(scene, command, names, {4, 5, strikes.TERMINATED})
    if code not in (0, strikes.KILLED) and (rows := _rows_left(scene)):
        scene.notes.append(f"the copy that failed has left {rows} bytes")
    if code != 0:
        scene.end(scene.start("stage"), None, "stage", {0})
    judge_files(scene)
    scene.compare(wanted, pictures.of(scene.target.url(scene.target_db), ("public",)))


def _rows_left(scene: Scene) -> int:
    return int(scene.target.ask(LEFT_BYTES, None, scene.target_db)[0][0])


def verification(stage: Stage, scene: Scene) -> None:
    """It reads, and so it leaves nothing and changes nothing; whoever ends it is named."""
    stage.target.create(scene.target_db, stage.published())
    scene.source_db = SOURCES[0]
    command = _begun(scene, "verify")
    command.wait(scene.rng.uniform(0, 8))
    names = ["kill", "sigterm", "source_ended", "target_ended", "source_killed", "limited"]
    _strike(scene, command, names, {4, 5, strikes.TERMINATED})
    scene.end(scene.start("verify"), None, "verify", {0})


def undisturbed(stage: Stage, scene: Scene) -> None:
    """Nobody strikes; that two of them are alike is what all else rests on."""
    scene.compare(stage.picture(scene.source_db), migrated(scene))
