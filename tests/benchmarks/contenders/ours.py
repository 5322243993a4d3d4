"""This project: the build, the build with full verification, and the lanes alone; dry-runs of the demo's profile."""

import json
import sys

from tests.benchmarks.contenders.contender import TARGET, Contender, Details, Place, call

ROUTES = """
    select route, sum(rows_read)::bigint, sum(bytes)::bigint, sum(seconds)::float8 from migration.chunks
    group by route order by sum(seconds) desc
"""


def build(place: Place) -> Details:
    return _run(place)


def build_and_verify(place: Place) -> Details:
    return _run(place, "full")


def chunks_alone(place: Place) -> Details:
    return _run(place, "lanes")


def publish(place: Place) -> Details:
    """A migration into the place's target that is verified and published."""
    return _run(place, "published")


def _run(place: Place, *how: str) -> Details:
    command = [sys.executable, "-m", "tests.benchmarks.build", place.legacy, place.target, str(place.server.pid), *how]
    found: Details = json.loads(call(*command))
    return found


def of_routes(place: Place) -> Details:
    """What the books say of each route's chunks: rows, bytes, and the seconds of all chunks added up."""
    names = ("rows", "bytes", "seconds")
    found = {route: dict(zip(names, figures, strict=True)) for route, *figures in place.server.rows(ROUTES, TARGET)}
    return {"routes": found}


CONTENDERS = (
    Contender("build", "this project: build", build, after=of_routes),
    Contender("verified", "this project: build and full verification", build_and_verify, after=of_routes),
    Contender("lanes", "this project: build, one chunk at a time", chunks_alone, after=of_routes),
)
