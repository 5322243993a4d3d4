"""What some kinds of rounds need around the command: poolers, a standby, a link of its own.

Law: where it cannot be had, the round is left out, and says why.
"""

import contextlib
from collections.abc import Callable, Iterator

from tests.support.servers import NotToBeHad
from tests.torture.scene import SIDES, Scene
from tests.torture.stage import Stage
from tests.torture.surroundings import standby
from tests.torture.surroundings.link import Link
from tests.torture.surroundings.poolers import Pooler

Around = Callable[[Stage, Scene], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def by_poolers(_: Stage, scene: Scene) -> Iterator[None]:
    """Within the block a pooler stands before either side."""
    with contextlib.ExitStack() as stack:
        for side in SIDES:
            scene.poolers[side] = Pooler(scene.server(side))
            stack.callback(scene.poolers[side].close)
        yield


@contextlib.contextmanager
def by_standby(stage: Stage, scene: Scene) -> Iterator[None]:
    """Within the block the source is a standby, with a database of this round's own."""
    server, own = stage.standby(), f"p{scene.number}"
    stage.source.create(own, scene.source_db)
    stage.source.ask(standby.SCRATCH, None, own)
    server.replay()
    scene.primary, scene.source, scene.source_db = stage.source, server, own
    try:
        yield
    finally:
        stage.source.start()
        server.start()
        stage.source.drop(own)


@contextlib.contextmanager
def by_link(_: Stage, scene: Scene) -> Iterator[None]:
    """Within the block both servers are reached by a link alone."""
    with contextlib.closing(Link(scene.number)) as link:
        for side in SIDES:
            scene.server(side).listen(link.host)
        scene.link = link
        yield
    for side in SIDES:
        scene.server(side).listen()


AROUND: dict[str, Around] = {
    "pooler_restarted": by_poolers,
    "pooler_killed": by_poolers,
    "pooler_ended": by_poolers,
    "pooler_short_lived": by_poolers,
    "pooler_limited": by_poolers,
    "recovery_conflict": by_standby,
    "link_down": by_link,
}


@contextlib.contextmanager
def surrounded(stage: Stage, scene: Scene) -> Iterator[bool]:
    """Whether what the kind needs is there within the block."""
    around = AROUND.get(scene.kind)
    with contextlib.ExitStack() as stack:
        try:
            if around:
                stack.enter_context(around(stage, scene))
        except NotToBeHad as error:
            scene.left_out = str(error)
        yield not scene.left_out
