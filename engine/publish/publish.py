"""The publish: a build takes the product's name by a rename. engine.publish.rollback gives it back by another.

Laws
- A published build has passed its gates (engine.gates.gates) and is, row for row, what was verified.
- A switch is one transaction: product and archive together, with grants, records and the run's state, or nothing.
- Nothing is dropped with CASCADE. A schema that is not ours is never dropped, nor one of ours that holds what others
  added.
- The replaced schema is kept as __previous, one that was rolled back as __withdrawn; one of each is kept.
- What is put in place is marked in the same transaction (engine.changes.kept), so that a rollback knows what was
  written to it since. What takes its time of that can be done before (`prepare`): then one scan of the build says both
  that it is what was verified, and which keys have to be kept anew.
- Writers are locked out of the live schema before it is replaced, so that no row is written to one no longer read.
- The caller holds the lease (engine.books.lease).
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from config.errors import PlanRefused, TargetError
from engine.books import bookkeeping, privileges
from engine.books.bookkeeping import SchemaRecord
from engine.changes import kept
from engine.changes.feed import Changes
from engine.gates import gates, seal
from engine.publish import locks, schemas
from engine.session import fetch, rights, servers
from engine.session.blame import blame
from engine.session.connect import LOCK_SECONDS
from engine.session.servers import ServerInfo

ARCHIVE = "legacy_archive"
UNLOCKED = "writers of {} cannot be kept away while it is published; let this role lock it, or move it elsewhere"
DONE = "publish"  # the step, by which is known of a run that its publish was not its end


@dataclass(frozen=True)
class Names:
    """The four places of one kind of schema."""

    kind: str  # product | archive
    live: str

    @property
    def build(self) -> str:
        return self.live + "__build"

    @property
    def previous(self) -> str:
        return self.live + "__previous"

    @property
    def withdrawn(self) -> str:
        return self.live + "__withdrawn"

    def all(self) -> tuple[str, str, str, str]:
        return self.live, self.build, self.previous, self.withdrawn


@dataclass(frozen=True)
class Switch:
    """What a publish or a rollback did."""

    schema: str
    live_run: str | None  # None: nothing is live now
    replaced_run: str | None  # None: nothing was
    dependants: tuple[str, ...]  # objects in other schemas that still use what was replaced
    left_behind: tuple[str, ...]  # objects that others had added to what was replaced


def names_of(target_schema: str) -> tuple[Names, Names]:
    """The places of the product and of the archive."""
    return Names("product", target_schema), Names("archive", ARCHIVE)


def preflight(
    conn: psycopg.Connection,
    target_schema: str,
    *,
    allow_dependants: bool = False,
    source: ServerInfo | None = None,
    source_schema: str | None = None,
    drops_build: bool = False,
) -> list[str]:
    """Why a publish would be refused, one sentence each; to be asked before anything is built.

    drops_build: the build of a former run has to be dropped first.
    """
    books = bookkeeping.faults(conn)
    found = [*books, *_source_faults(conn, target_schema, source, source_schema), *_privilege_faults(conn)]
    if not books or bookkeeping.is_foreign(conn):  # of newer books nobody knows which schemas are ours
        ours = {} if books else bookkeeping.schemas(conn)
        for names in names_of(target_schema):
            found += _place_faults(conn, ours, names, target_schema, allow_dependants, drops_build)
    return found


def may_create(conn: psycopg.Connection) -> bool:
    """Whether the role may make schemas."""
    return fetch.value(bool, conn, "select has_database_privilege(current_database(), 'create')")


def _privilege_faults(conn: psycopg.Connection) -> list[str]:
    found = rights.on_database(conn, "the target's role", "create", "temporary")
    return found if bookkeeping.is_foreign(conn) else [*found, *_owner_faults(conn, bookkeeping.SCHEMA)]


def _place_faults(
    conn: psycopg.Connection,
    ours: dict[str, SchemaRecord],
    names: Names,
    target_schema: str,
    allow_dependants: bool,
    drops_build: bool,
) -> list[str]:
    found = [fault for name in names.all() for fault in name_faults(conn, ours, name, target_schema)]
    for name in (names.previous, *([names.build] if drops_build else [])):
        if name in ours:
            found += schemas.drop_faults(conn, ours[name])
    return found + (_live_faults(conn, ours[names.live], names, allow_dependants) if names.live in ours else [])


def make_build(conn: psycopg.Connection, run_id: str, target_schema: str) -> None:
    """Create empty build schemas for product and archive; those of a former run are dropped.

    Errors: PlanRefused, TargetError.
    """
    with blame(TargetError, "making the build schemas"), conn.transaction():
        for names in names_of(target_schema):
            schemas.drop_if_there(conn, names.build)
            conn.execute(sql.SQL("create schema {}").format(sql.Identifier(names.build)))
            bookkeeping.register_schema(conn, names.build, names.kind, "build", target_schema, run_id)
            privileges.close(conn, bookkeeping.schemas(conn)[names.build].schema_oid)


def prepare(conn: psycopg.Connection, run_id: str, target_schema: str, *, allow_dependants: bool = False) -> None:
    """Do what a publish can find done: keep the keys of the run's build, some seconds for millions of rows, and ask
    what would refuse it. Nobody has to wait meanwhile, and the publish sees what is written to the build later.

    conn has no transaction open. Errors: PlanRefused, TargetError.
    """
    product, archive = names_of(target_schema)
    with blame(TargetError, f"preparing to publish {target_schema}"):
        ours = bookkeeping.schemas(conn)
        refuse(_build_faults(ours, run_id, product, archive))
        refuse(preflight(conn, target_schema, allow_dependants=allow_dependants))
        kept.prepare(conn, ours[product.build])


def publish(
    conn: psycopg.Connection,
    run_id: str,
    target_schema: str,
    *,
    allow_dependants: bool = False,
    lock_seconds: float = LOCK_SECONDS,
) -> Switch:
    """Put the run's build in place. lock_seconds: how long it waits in all for sessions that are in the way.

    Errors: PlanRefused, VerificationFailed (a gate is closed), TargetError; then nothing has changed.
    """
    product, archive = names_of(target_schema)
    with locks.within(conn, f"publishing {target_schema}", lock_seconds) as locked:
        ours = bookkeeping.schemas(conn)
        refuse(_build_faults(ours, run_id, product, archive))
        gates.require(conn, run_id, ours[product.build].schema_oid)
        builds = [ours.get(names.build) for names in (product, archive)]
        unlocked = [table for build in builds for table in locked.keep_writers_away(build)]
        since = _require_unchanged(conn, run_id, ours[product.build], archive)
        refuse([UNLOCKED.format(table) for table in unlocked])
        kept.keep(conn, ours[product.build], since)
        locked.keep_writers_away(ours.get(product.live))  # who writes to what is live has waited for nothing so far
        return _put_all(conn, run_id, product, archive, allow_dependants, locked)


def _require_unchanged(conn: psycopg.Connection, run_id: str, build: SchemaRecord, archive: Names) -> Changes | None:
    """What was written to the build since it was prepared; None if it was not. Writers are kept away.

    Errors: VerificationFailed if the build is not what was verified.
    """
    sealed, before = seal.read(conn, run_id, build.schema_oid) or seal.Seal({}), kept.prepared(conn, build)
    now = seal.look(conn, [build.name, archive.build], sealed, {build.name: before} if before else {})
    if changed := seal.differences(sealed.marks, now.marks):
        detail = (
            f"since the build was verified, somebody has changed {', '.join(changed)}; find out who writes to it, then "
            f"`nxtgauge-migrate migrate --run {run_id}` verifies it again"
        )
        raise gates.refusal(run_id, [gates.Gate(gates.UNCHANGED, "seal", gates.FAILED, detail)], is_waivable=False)
    if sealed.marks:  # the same marks, seen later: a later verification tells from here what was written
        seal.put(conn, run_id, build.schema_oid, seal.Seal(now.marks, now.feeds, sealed.books))
    return now.beside.get(build.name)


def _put_all(
    conn: psycopg.Connection, run_id: str, product: Names, archive: Names, allow_dependants: bool, locked: locks.Locks
) -> Switch:
    ours = bookkeeping.schemas(conn)
    refuse(preflight(conn, product.live, allow_dependants=allow_dependants))
    switch = switch_of(conn, ours.get(product.live), product, run_id)
    for names in (product, archive):
        locked.keep_all_away(ours.get(names.previous))  # which is dropped
    for names in (product, archive):
        _put_in_place(conn, ours, names)
    bookkeeping.set_state(conn, run_id, "published")
    bookkeeping.mark_done(conn, run_id, DONE)
    return switch


def _put_in_place(conn: psycopg.Connection, ours: dict[str, SchemaRecord], names: Names) -> None:
    live, build = ours.get(names.live), ours.get(names.build)
    access = privileges.read(conn, live.schema_oid) if live else None
    if live:
        schemas.drop_if_there(conn, names.previous)
        kept.forget(conn, live.schema_oid)  # this publish leaves behind what was written to it; nobody asks later
        bookkeeping.rename_schema(conn, live, names.previous, "previous")
    if not build:
        return
    schemas.record_members(conn, build)
    bookkeeping.rename_schema(conn, build, names.live, "live")
    privileges.close(conn, build.schema_oid)
    if access:  # an archive holds personal data, which is nobody's business but his who was named
        privileges.give(conn, access, build.schema_oid, public=names.kind != "archive")


def switch_of(conn: psycopg.Connection, live: SchemaRecord | None, names: Names, run_id: str | None) -> Switch:
    """What it comes to that this run takes the place of what is live."""
    if live is None:
        return Switch(names.live, run_id, None, (), ())
    outside, added = schemas.dependants_of(conn, live.schema_oid), schemas.added_to(conn, live)
    return Switch(names.live, run_id, live.run_id, tuple(outside), tuple(map(str, added)))


def refuse(faults: list[str]) -> None:
    """Errors: PlanRefused if there is any."""
    if faults:
        raise PlanRefused(faults)


def _source_faults(
    conn: psycopg.Connection, target_schema: str, source: ServerInfo | None, source_schema: str | None
) -> list[str]:
    taken = [name for names in names_of(target_schema) for name in names.all()] + [bookkeeping.SCHEMA]
    if source is None or source_schema not in taken or not source.is_same_database(servers.info(conn)):
        return []
    return [
        f"the source's schema {source_schema} is in the target database, under a name that the target needs; "
        f"choose another NXTGAUGE_TARGET_SCHEMA or another target"
    ]


def name_faults(conn: psycopg.Connection, ours: dict[str, SchemaRecord], name: str, target_schema: str) -> list[str]:
    """Whether the name is taken by somebody else, or by ours for another target schema or of another owner."""
    if not fetch.value(bool, conn, "select to_regnamespace(quote_ident(%s)) is not null", [name]):
        return []
    if name not in ours:
        other = "" if name.startswith(ARCHIVE) else "choose another NXTGAUGE_TARGET_SCHEMA, or "
        return [f"schema {name} exists and was not made by this tool; {other}rename that schema yourself"]
    if ours[name].target_schema != target_schema and ours[name].role != "build":
        return [
            f"schema {name} belongs to target schema {ours[name].target_schema}; a database takes one target schema: "
            f"set NXTGAUGE_TARGET_SCHEMA to that, or use another database"
        ]
    return _owner_faults(conn, name)


def _owner_faults(conn: psycopg.Connection, name: str) -> list[str]:
    query = "select pg_get_userbyid(nspowner)::text from pg_namespace where nspname = %s"
    owners = [owner for (owner,) in conn.execute(query, [name])]
    return [f"schema {name} is owned by {owner}; {mend}" for owner, mend in rights.to_act_as(conn, owners).items()]


def _live_faults(conn: psycopg.Connection, live: SchemaRecord, names: Names, allow_dependants: bool) -> list[str]:
    found = [
        f"{member} lives in schema {live.name}, which is renamed; alter extension … set schema public"
        for member in schemas.members_of(conn, live.schema_oid)
        if member.kind == "extension"
    ]
    makers = privileges.makers(conn, live.schema_oid)
    for maker, remedy in rights.to_act_as(conn, makers).items():
        found.append(f"what {maker} owns or grants in schema {live.name} is to be so in what replaces it; {remedy}")
    if not allow_dependants and (outside := schemas.dependants_of(conn, live.schema_oid)):
        found.append(
            f"what depends on schema {live.name} would go on using it as {names.previous}: {schemas.listed(outside)}; "
            f"drop it and make it again afterwards, or set allow_dependants = true in the profile"
        )
    return found


def _build_faults(ours: dict[str, SchemaRecord], run_id: str, product: Names, archive: Names) -> list[str]:
    if product.build not in ours:
        return [f"run {run_id} has no schema {product.build} to publish; run it again"]
    others = [names for names in (product, archive) if names.build in ours and ours[names.build].run_id != run_id]
    return [f"schema {n.build} is run {ours[n.build].run_id}'s, not run {run_id}'s; run it again" for n in others]
