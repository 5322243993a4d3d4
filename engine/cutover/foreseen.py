"""What a cut-over would do now, before anybody is asked: which build, which fence, who is connected.

Law: nothing is locked or changed, on either side.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from config import mapping
from config.errors import ConfigError, SourceError, TargetError
from config.settings import Settings
from engine.books import bookkeeping, profiles
from engine.books.bookkeeping import SchemaRecord
from engine.changes import rounds
from engine.cutover import afterwards, preflight
from engine.gates import certificate as certificates
from engine.gates import rehearsed
from engine.session import connect, servers
from engine.session.blame import blame
from engine.session.stop import STOP

# Who may not see all of a session still sees its role and the name that it gave itself.
CONNECTED = """
    select coalesce(nullif(application_name, ''), 'without a name') as application, usename::text as role,
           count(*)::int as sessions
    from pg_stat_activity
    where datname = current_database() and usename is not null and application_name not like 'nxtgauge-migrate%%'
      and coalesce(backend_type, 'client backend') = 'client backend'
    group by 1, 2 order by 3 desc, 1, 2
"""


@dataclass(frozen=True)
class Connected:
    """Sessions of others on the source. application: the name that they gave themselves."""

    application: str
    role: str
    sessions: int


@dataclass(frozen=True)
class Foreseen:
    """last_round: as engine.changes.rounds.Told.to_dict, None before the first. is_one_database: source and target
    are one, so that all of it is one transaction. is_published: an earlier cut-over has published it and died before
    its fence was made, which alone is left to do. faults: why it would be refused: the fence `lock` could not be had,
    or the profile requires a rehearsal; one sentence each, as remarks: what a person should know before. rehearsed: the
    certificate of the last cut-over that was rehearsed, in brief."""

    run_id: str
    build: str
    target_schema: str
    source_schema: str
    last_round: dict[str, Any] | None
    is_one_database: bool
    connected: Sequence[Connected]
    faults: Sequence[str]
    is_published: bool = False
    rehearsed: dict[str, Any] | None = None
    remarks: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def foreseen(
    settings: Settings, run_id: str | None = None, fence: str = "lock", budget: float = float("inf")
) -> Foreseen:
    """What a cut-over of this run's build, or of the one that is there, would do now.

    fence: `lock` or `operator`. budget: seconds that writers may wait. Errors: ConfigError if there is no such build;
    PlanRefused under a profile looser than the run's; SourceError, TargetError.
    """
    died = afterwards.unfinished(settings, run_id)
    with connect.target(settings.target, STOP) as target, blame(TargetError, "looking at the books", STOP):
        found = _published(target, settings) if died else _open_build(target, settings, run_id)
        there, last = servers.info(target), rounds.latest(target, found.run_id, 1)
        run = bookkeeping.run(target, found.run_id)
        own, held_to = profiles.as_begun(settings, run), rehearsed.latest(target, settings.source_schema)
    parts = certificates.stated_of_program(mapping.load().digest, own)
    lacking = [] if died else rehearsed.faults(own, held_to, parts)
    with connect.source(settings.source, STOP) as source, blame(SourceError, "looking at who is connected", STOP):
        here = servers.info(source)
        with source.cursor(row_factory=class_row(Connected)) as cursor:
            connected = cursor.execute(CONNECTED).fetchall()
    is_one_database = here.is_same_database(there)
    return Foreseen(
        found.run_id,
        found.name,
        settings.target_schema,
        settings.source_schema,
        last[0].to_dict() if last else None,
        is_one_database,
        tuple(connected),
        (*lacking, *(_faults(settings, is_one_database) if fence == "lock" else ())),
        is_published=died is not None,
        rehearsed=held_to.brief("in force") if held_to else None,
        remarks=() if died else tuple(rehearsed.remarks(own, held_to, parts, budget)),
    )


def _faults(settings: Settings, is_one_database: bool) -> list[str]:
    """None where one of the two ways of keeping writers away for good could be had."""
    found = preflight.faults(settings, "revoke", by_target=is_one_database)
    return found if found and preflight.faults(settings, "rename", by_target=is_one_database) else []


def _published(target: psycopg.Connection, settings: Settings) -> SchemaRecord:
    return bookkeeping.schemas(target)[settings.target_schema]


def open_build(settings: Settings, run_id: str | None = None) -> SchemaRecord:
    """The build that a cut-over would publish. Errors: ConfigError if there is none, or it is another run's;
    TargetError."""
    with connect.target(settings.target, STOP) as target, blame(TargetError, "looking at the books", STOP):
        return _open_build(target, settings, run_id)


def _open_build(target: psycopg.Connection, settings: Settings, run_id: str | None) -> SchemaRecord:
    ours = [
        schema
        for schema in bookkeeping.schemas(target).values()
        if (schema.kind, schema.role, schema.target_schema) == ("product", "build", settings.target_schema)
    ]
    if not ours:
        raise ConfigError(
            f"there is no build of schema {settings.target_schema}; `nxtgauge-migrate sync` makes one, and has it "
            "follow its source"
        )
    if run_id not in (None, ours[0].run_id):
        raise ConfigError(
            f"the build that is there is run {ours[0].run_id}'s, not run {run_id}'s; name that one, or none"
        )
    return ours[0]
