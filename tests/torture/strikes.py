"""The strikes: each takes the round and the command under way, and gives the exit codes that are right after it.

After what passes by itself (a server that starts again, a connection or a session that is lost, a network that holds
still) the command is to end with 0: a second one may not be needed. All else ends it, and a second one goes on.
"""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial

import psycopg

from tests.support.failpoints.points import RUN
from tests.torture.commands import PROJECT, Command
from tests.torture.scene import SIDES, Scene
from tests.torture.servers import OWN_NAME
from tests.torture.surroundings import limits, standby
from tests.torture.surroundings.poolers import Pooler

Strike = Callable[[Scene, Command], set[int]]
KILLED, TERMINATED, STOPPED = -signal.SIGKILL, -signal.SIGTERM, 130
OURS = f"""
    select pid, state, left(query, 60) from pg_stat_activity
    where datname = %s and state = any(%s) and pid <> pg_backend_pid() and application_name <> '{OWN_NAME}'
"""
LEASE_ENDED = f"""
    select pg_terminate_backend(a.pid) from pg_stat_activity a
    where a.datname = %s and a.application_name <> '{OWN_NAME}'
        and a.pid in (select pid from pg_locks where locktype = 'advisory' and granted)
"""
REAPED = f"""
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = %s and application_name <> '{OWN_NAME}' and state in ('idle', 'idle in transaction')
"""
LINK_SECONDS = 75  # our own clock gives a link up within a minute
SWALLOWED_SECONDS = 60  # so long it may take until a lost answer is noticed, and the wait after that is told
ANY = ["active", "idle", "idle in transaction"]
SITE = PROJECT / "tests" / "support" / "failpoints" / "site"


def passed(side: str | None, command: Command) -> set[int]:
    """The codes after what passes by itself. Before both sides were reached, a fault of either is told at once."""
    early = {"source": {4}, "target": {5}}.get(side or "", {4, 5})
    return {0} | (early if command.stage in ("start", "plan") else set())


def kill(_: Scene, command: Command) -> set[int]:
    command.signal(signal.SIGKILL)
    return {0, KILLED}


def _asked(number: signal.Signals) -> Strike:
    def ask(_: Scene, command: Command) -> set[int]:
        early = {-number} if command.stage == "start" else set()  # nobody listens yet
        command.signal(number)
        return {0, STOPPED} | early

    return ask


def sigterm_twice(scene: Scene, command: Command) -> set[int]:
    codes = _asked(signal.SIGTERM)(scene, command)
    command.wait(1.2)  # within a second they are one request
    command.signal(signal.SIGTERM)
    return codes


def _restarted(side: str, how: str) -> Strike:
    def restart(scene: Scene, command: Command) -> set[int]:
        codes, server = passed(side, command), scene.server(side)
        server.kill() if how == "kill" else server.stop(how)
        time.sleep(scene.rng.uniform(0, 2))
        server.start()
        return codes

    return restart


def _reset(side: str) -> Strike:
    def reset(scene: Scene, command: Command) -> set[int]:
        codes = passed(side, command)
        scene.proxy(side).reset_all()
        return codes

    return reset


def reset_one(scene: Scene, command: Command) -> set[int]:
    side = scene.rng.choice(SIDES)
    codes = passed(side, command)
    scene.proxy(side).reset_one(scene.rng)
    return codes


def _reset_within(side: str) -> Strike:
    """In the middle of what is sent, some bytes from now."""

    def reset(scene: Scene, command: Command) -> set[int]:
        codes = passed(side, command)
        scene.proxy(side).reset_after(scene.rng.randrange(1, 1_000_000))
        return codes

    return reset


def held_still(scene: Scene, command: Command) -> set[int]:
    scene.proxy(scene.rng.choice(SIDES)).hold_still(5)
    command.wait(5)
    return {0}


def _swallowed(side: str) -> Strike:
    """An answer is lost, and with it the connection; newcomers are served."""

    def swallow(scene: Scene, command: Command) -> set[int]:
        codes = passed(side, command)
        scene.proxy(side).swallow_one(scene.rng)
        command.allow(SWALLOWED_SECONDS)
        return codes

    return swallow


def _down(side: str) -> Strike:
    """The network is, for a moment or longer than whoever notices it takes."""

    def down(scene: Scene, command: Command) -> set[int]:
        codes, seconds = passed(side, command), scene.rng.choice([5, 40])
        scene.proxy(side).swallow_all(seconds)
        command.allow(SWALLOWED_SECONDS + seconds)
        return codes

    return down


def lease_ended(scene: Scene, command: Command) -> set[int]:
    """A reaper ends the session that holds the lease, which lies idle."""
    codes = passed("target", command)
    ended = scene.target.ask(LEASE_ENDED, [scene.target_db])
    scene.notes.append(f"sessions ended that held locks: {len(ended)}")
    return codes if ended else {0}


def reaped(scene: Scene, command: Command) -> set[int]:
    """A reaper ends all sessions that lie idle at this moment, on both sides."""
    codes = passed(None, command)
    for side in SIDES:
        scene.server(side).ask(REAPED, [scene.database(side)])
    return codes


def _ended(side: str) -> Strike:
    def end(scene: Scene, command: Command) -> set[int]:
        codes = passed(side, command)
        return codes if _to_session(scene, side, "pg_terminate_backend", ANY) else {0}

    return end


def _cancelled(side: str) -> Strike:
    """By an administrator, who meant it: it ends the command."""

    def cancel(scene: Scene, _: Command) -> set[int]:
        is_struck = _to_session(scene, side, "pg_cancel_backend", ["active"])
        return {0, 4 if side == "source" else 5} if is_struck else {0}

    return cancel


def _to_session(scene: Scene, side: str, function: str, states: list[str]) -> bool:
    """Do this to one of the command's sessions, as soon as there is one."""
    server, until = scene.server(side), time.monotonic() + 2
    while time.monotonic() < until:
        if rows := server.ask(OURS, [scene.database(side), states]):
            pid, state, query = scene.rng.choice(sorted(rows))
            server.ask(f"select {function}(%s)", [pid])
            scene.notes.append(f"{function} {side} {state}: {query}")
            return True
        time.sleep(0.01)
    scene.notes.append(f"{function} {side}: there was no session")
    return False


def frozen(scene: Scene, command: Command) -> set[int]:
    """SIGSTOP for so long that others might take it for dead."""
    seconds = scene.rng.choice([5, 20])
    command.signal(signal.SIGSTOP)
    time.sleep(seconds)
    command.signal(signal.SIGCONT)
    command.heard = time.monotonic()
    return {0}


def second_operator(scene: Scene, command: Command) -> set[int]:
    was_running = command.is_running
    other = scene.run("migrate", *scene.rng.choice([[], ["--resume"], ["--dry-run"]]))
    code = other.process.returncode
    scene.notes.append(f"second operator: {code} {other.message}")
    if was_running and command.is_running and code != 7:
        scene.fault("code", f"a second operator's command ended with {code}, wanted 7: {other.message}")
    return {0}


def disk_full(scene: Scene, _: Command) -> set[int]:
    """It is full already, as the disk is small; there is room when the command has ended."""
    scene.undo.append(lambda: subprocess.run(["mount", "-o", "remount,size=900m", scene.folder / "disk"], check=True))
    return {0, 5}


def _while_publish_waits(strike: Strike) -> Strike:
    """A writer of the live schema holds a lock, and the publish waits for it."""

    def hold(scene: Scene, command: Command) -> set[int]:
        with psycopg.connect(scene.target.url(scene.target_db), application_name=OWN_NAME) as conn:
            conn.execute("lock table nxtgauge.users in row exclusive mode")
            command.wait_for_stage("publish")
            command.wait(scene.rng.uniform(0.2, 2))
            codes = strike(scene, command)
            with contextlib.suppress(psycopg.OperationalError):
                conn.rollback()
        return codes

    return hold


def _of_pooler(strike: Callable[[Pooler, Scene, str], None], is_passing: bool = True) -> Strike:
    """To the pooler before one side."""

    def do(scene: Scene, command: Command) -> set[int]:
        side = scene.rng.choice(SIDES)
        codes = passed(side, command) if is_passing else {0}
        strike(scene.poolers[side], scene, side)
        return codes

    return do


def _pooler_restarted(pooler: Pooler, scene: Scene, _: str) -> None:
    pooler.stop()
    time.sleep(scene.rng.uniform(0, 2))
    pooler.start()


def _pooler_killed(pooler: Pooler, scene: Scene, _: str) -> None:
    pooler.kill()
    time.sleep(scene.rng.uniform(0, 2))
    pooler.start()


def _pooler_ended(pooler: Pooler, scene: Scene, side: str) -> None:
    """Its administrator ends all clients and sessions of the database, and lets them come back."""
    pooler.tell(f"kill {scene.database(side)}")
    time.sleep(scene.rng.uniform(0, 2))
    pooler.tell(f"resume {scene.database(side)}")


def _pooler_short_lived(pooler: Pooler, _: Scene, __: str) -> None:
    """No session is to live longer than a second once its client has left; those that are there are made anew."""
    pooler.tell("set server_lifetime = 1", "reconnect")


def limited(scene: Scene, _: Command) -> set[int]:
    """Somebody limits all sessions to a second; ours ask for no limit."""
    for side in scene.rng.choice([("source",), ("target",), SIDES]):
        server = scene.primary if side == "source" and scene.primary else scene.server(side)
        scene.undo.append(partial(limits.take_back, server, scene.database(side)))
        limits.put(server, scene.database(side))
    return {0}


def recovery_conflict(scene: Scene, command: Command) -> set[int]:
    codes, seconds = passed("source", command), scene.rng.uniform(1, 8)
    primary = scene.primary or scene.source
    count = standby.conflict(primary, scene.source, scene.source_db, seconds, scene.rng)
    scene.notes.append(f"conflicts with the recovery: {count}, in {seconds:.0f} s")
    return codes if count else {0}


def link_down(scene: Scene, command: Command) -> set[int]:
    """For a moment, or for so long that nobody may wait any more: our own clock is to end the sessions by then."""
    if scene.link is None:
        raise LookupError("there is no link")
    codes, seconds, heard = passed(None, command), scene.rng.choice([5, LINK_SECONDS]), len(command.lines)
    command.allow(SWALLOWED_SECONDS + seconds)
    stage, began = command.stage, time.monotonic()
    scene.link.down(scene.rng)
    while command.is_running and time.monotonic() < began + seconds and not _noticed(command, heard):
        time.sleep(0.1)
    took = time.monotonic() - began
    is_noticed = _noticed(command, heard)
    scene.notes.append(f"the link was down for {took:.0f} s in {stage}, noticed: {is_noticed}")
    if seconds == LINK_SECONDS and command.is_running and stage not in ("start", "plan") and not is_noticed:
        scene.fault("hang", f"link down in {stage}: after {took:.0f} s nobody has ended a session")
    scene.link.up()
    return codes


def _noticed(command: Command, heard: int) -> bool:
    return any("connections ended: " in line or "by itself" in line for line in command.lines[heard:])


SIMPLE: dict[str, Strike] = {
    "kill": kill,
    "sigterm": _asked(signal.SIGTERM),
    "sigint": _asked(signal.SIGINT),
    "sigterm_twice": sigterm_twice,
    "source_killed": _restarted("source", "kill"),
    "target_killed": _restarted("target", "kill"),
    "target_immediate": _restarted("target", "immediate"),
    "target_fast": _restarted("target", "fast"),
    "source_ended": _ended("source"),
    "target_ended": _ended("target"),
    "source_cancelled": _cancelled("source"),
    "target_cancelled": _cancelled("target"),
    "lease_ended": lease_ended,
    "reaped": reaped,
    "limited": limited,
}
PROXIED: dict[str, Strike] = {
    "source_reset": _reset("source"),
    "target_reset": _reset("target"),
    "one_reset": reset_one,
    "source_reset_within": _reset_within("source"),
    "target_reset_within": _reset_within("target"),
    "held_still": held_still,
    "source_swallowed": _swallowed("source"),
    "target_swallowed": _swallowed("target"),
    "source_down": _down("source"),
    "target_down": _down("target"),
}
PUBLISHING: dict[str, Strike] = {
    "publish_waits_target_immediate": _while_publish_waits(_restarted("target", "immediate")),
    "publish_waits_kill": _while_publish_waits(kill),
    "publish_waits_ended": _while_publish_waits(_ended("target")),
}
SURROUNDED: dict[str, Strike] = {  # what they need is put there by tests.torture.surrounded
    "pooler_restarted": _of_pooler(_pooler_restarted),
    "pooler_killed": _of_pooler(_pooler_killed),
    "pooler_ended": _of_pooler(_pooler_ended),
    "pooler_short_lived": _of_pooler(_pooler_short_lived, is_passing=False),
    "pooler_limited": limited,
    "recovery_conflict": recovery_conflict,
    "link_down": link_down,
}
OTHERS: dict[str, Strike] = {"frozen": frozen, "second_operator": second_operator, "disk_full": disk_full}
STRIKES = SIMPLE | PROXIED | PUBLISHING | SURROUNDED | OTHERS


def failpoint(scene: Scene) -> tuple[dict[str, str], str, set[int]]:
    """What arms a command: its environment, what strikes it, and the codes that are right."""
    action = scene.rng.choice(["kill", "stop", "conflict"])
    # Of the lease that is given back no error comes: a session that was lost has given it back.
    points = [name for name in sorted(RUN) if action != "conflict" or name != "before_lease_release"]
    text = f"{scene.rng.choice(points)}:{scene.rng.choice([1, 1, 2, 5])}:{action}"
    codes = {"kill": {0, KILLED}, "stop": {0, STOPPED}, "conflict": {0}}[action]
    return {"NXTGAUGE_FAILPOINTS": text, "PYTHONPATH": f"{SITE}:{PROJECT}"}, text, codes
