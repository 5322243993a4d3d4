"""What a role of ours lacks, each with the statement that grants it, for who may type it."""

import psycopg

from config.postgres.quoting import grant, membership, quoted

ON_DATABASE = """
    select p.privilege, current_database()::text, current_user::text from unnest(%s::text[]) as p (privilege)
    where not has_database_privilege(current_database(), p.privilege)
"""
THINGS = {"create": "schemas", "temporary": "temporary tables"}
# Giving something to another role takes more than having its privileges, from PostgreSQL 16 on.
FOREIGN = """
    select r.rolname::text, current_user::text from pg_roles r
    where r.rolname::text = any(%s) and not (pg_has_role(r.oid, 'usage') and pg_has_role(r.oid, %s))
    order by 1
"""
SIXTEEN = 160_000


def on_database(conn: psycopg.Connection, whose: str, *privileges: str) -> list[str]:
    """The privileges on its database that the session's role lacks, one sentence each. whose: how they begin."""
    return [
        f"{whose} may not create {THINGS[lacking]}; {grant(lacking.upper(), f'DATABASE {quoted(database)}', role)}"
        for lacking, database, role in conn.execute(ON_DATABASE, [list(privileges)])
    ]


def to_act_as(conn: psycopg.Connection, owners: list[str]) -> dict[str, str]:
    """Of these roles those that the session's role cannot act as: role → the statement that lets it."""
    wanted = "set" if conn.info.server_version >= SIXTEEN else "member"
    return {owner: membership(owner, role) for owner, role in conn.execute(FOREIGN, [owners, wanted])}
