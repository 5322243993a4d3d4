"""Grants and owners go along from publish to publish, and nothing is opened that was closed."""

from config.postgres.connection import parse
from engine.books import bookkeeping
from engine.publish import publish, rollback
from engine.publish.rollback import Trial, Wish
from engine.session import connect
from tests.integration.engine.publish.builds import PRODUCT, TARGET, build, expected, published, standing


class TestGrants:
    SCHEMA = """select n.nspowner::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
                from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = %s"""
    OWNERS = "select relname, relowner from pg_class where relnamespace = %s::regnamespace and relkind <> 'S'"
    DEFAULTS = """select d.defaclrole, d.defaclobjtype, a.grantee, a.privilege_type, a.is_grantable
                  from pg_default_acl d, aclexplode(d.defaclacl) a where defaclnamespace = %s::regnamespace"""
    GRANTS = """
        select c.relname || coalesce('.' || t.attname, ''), a.grantee::regrole::text, a.privilege_type, a.is_grantable
        from pg_class c left join pg_attribute t on t.attrelid = c.oid and t.attacl is not null,
             lateral (select * from aclexplode(c.relacl) union select * from aclexplode(t.attacl)) a
        where c.relnamespace = %s::regnamespace and a.grantee <> c.relowner"""

    def rows(self, conn, query: str, schema: str = TARGET) -> set[tuple]:
        return set(conn.execute(query, [schema]).fetchall())

    def grants(self, conn, schema: str = TARGET) -> set[tuple]:
        return self.rows(conn, self.GRANTS, schema)

    def test_the_new_one_has_what_the_old_one_had(self, conn, role):
        app, reader, owner = role("App"), role("reader"), role("the owner")
        published(conn, PRODUCT)
        conn.execute(
            """
            grant usage on schema nxtgauge to "App" with grant option; grant usage on schema nxtgauge to public;
            grant select, insert on nxtgauge.users to "App"; grant select on nxtgauge.users to reader with grant option;
            grant update (name), select (mood) on nxtgauge.users to reader;
            grant usage on sequence nxtgauge.free, nxtgauge.orders_id_seq to "App";
            grant select on nxtgauge.orders to public;
            alter default privileges in schema nxtgauge grant select on tables to reader;
            alter default privileges in schema nxtgauge grant usage on sequences to public;
            alter default privileges in schema nxtgauge grant execute on functions to "App" with grant option;
            alter table nxtgauge.orders owner to "the owner"; alter schema nxtgauge owner to "the owner";
            """
        )
        assert {app, reader, owner} == {"App", "reader", "the owner"}
        before = self.grants(conn)
        schema, owners, defaults = (self.rows(conn, query) for query in (self.SCHEMA, self.OWNERS, self.DEFAULTS))
        published(conn, PRODUCT + "create table {build}.newcomer (id serial primary key);")
        after = self.grants(conn)
        assert {tuple(entry) for name, *entry in after if name == "newcomer"} == {("reader", "SELECT", False)}
        assert {tuple(entry) for name, *entry in after if name == "newcomer_id_seq"} == {("-", "USAGE", False)}
        assert before and {entry for entry in after if not entry[0].startswith("newcomer")} == before
        assert self.rows(conn, self.SCHEMA) == schema and self.rows(conn, self.DEFAULTS) == defaults
        assert owners < self.rows(conn, self.OWNERS)

    def test_what_the_old_one_did_not_grant_is_not_granted(self, conn, role):
        reader = role("reader")
        published(conn)
        conn.execute(f"alter default privileges grant select on tables to {reader}")
        try:
            published(conn)
            assert reader not in {grantee for _, grantee, *_ in self.grants(conn)}
        finally:
            conn.execute(f"alter default privileges revoke select on tables from {reader}")

    def test_default_privileges_open_nothing_while_it_is_built_nor_afterwards(self, conn, role):
        reader = role("reader")
        for what in ("schemas", "tables", "sequences"):
            conn.execute(f"alter default privileges grant all on {what} to public, {reader}")
        run_id = build(conn, PRODUCT)
        for place in ("__build", ""):
            for name in (TARGET, "legacy_archive"):
                named = self.rows(conn, self.SCHEMA, name + place)
                assert {grantee for owner, grantee, *_ in named} <= {owner for owner, *_ in named}
            if place:
                publish.publish(conn, run_id, TARGET)
        assert self.grants(conn) | self.grants(conn, "legacy_archive") == set()

    def test_a_function_and_a_type_keep_who_may_use_them(self, conn, role):
        app = role("App")
        ddl = """create function {build}.f(a {build}.mood) returns int language sql as 'select 1';
                 create function {build}.g() returns int language sql as 'select 1'"""
        ddl = "create type {build}.mood as enum ('well'); " + ddl
        published(conn, ddl)
        conn.execute(
            f"""revoke execute on function {TARGET}.f from public; revoke usage on type {TARGET}.mood from public;
                grant execute on function {TARGET}.f to "{app}" """
        )
        published(conn, ddl)
        query = """select proname, a.grantee::regrole::text from pg_proc, aclexplode(coalesce(proacl,
                     acldefault('f', proowner))) a where pronamespace = %s::regnamespace and a.grantee <> proowner
                   union select typname, 'any' from pg_type, aclexplode(typacl) a
                   where typname = 'mood' and typnamespace = %s::regnamespace and a.grantee <> typowner"""
        assert set(conn.execute(query, [TARGET, TARGET])) == {("f", f'"{app}"'), ("g", "-")}

    def test_an_owner_keeps_what_an_owner_has(self, conn, role):
        """Default privileges may have granted the new table to the role that is to own it."""
        owner = role("owner")
        published(conn)
        conn.execute(
            f"alter table {TARGET}.users owner to {owner}; alter default privileges grant select on tables to {owner}"
        )
        try:
            published(conn)
            query = """select relowner::regrole::text, has_table_privilege(%s, oid, 'select')
                       from pg_class where oid = %s::regclass"""
            assert conn.execute(query, [owner, TARGET + ".users"]).fetchone() == (owner, True)
        finally:
            conn.execute(f"alter default privileges revoke select on tables from {owner}")

    def test_what_is_gone_from_the_new_one_is_passed_over(self, conn, role):
        reader = role("reader")
        published(conn, PRODUCT)
        conn.execute(f"grant select on {TARGET}.orders to {reader}; grant select (mood) on {TARGET}.users to {reader}")
        run_id = published(conn)
        assert standing(conn)[TARGET] == run_id

    def test_the_archive_keeps_its_readers_and_is_closed_to_the_public(self, conn, role):
        auditor = role("auditor")
        published(conn)
        conn.execute(
            f"grant usage on schema legacy_archive to {auditor}, public; "
            f"grant select on legacy_archive.professionals to {auditor}"
        )
        published(conn)
        acl = conn.execute("select nspacl::text from pg_namespace where nspname = 'legacy_archive'").fetchone()[0]
        assert f"{auditor}=U" in acl and "{=U" not in acl and ",=U" not in acl
        assert self.grants(conn, "legacy_archive") == {("professionals", auditor, "SELECT", False)}

    def test_a_role_that_is_no_superuser_can_publish_and_roll_back(self, here, conn, role):
        mover, app = role("mover"), role("app")
        conn.execute(f"alter role {mover} login; grant create on database {conn.info.dbname} to {mover}")
        conn.execute("drop schema migration cascade")
        with connect.target(parse(here.conninfo + f" user={mover}", "NXTGAUGE_TARGET_URL")) as moving:
            bookkeeping.ensure(moving)
            first = published(moving, PRODUCT)
            conn.execute(
                f"grant usage on schema {TARGET} to {app}; grant select on all tables in schema {TARGET} to {app}"
            )
            second = published(moving, PRODUCT)
            assert ("users", app, "SELECT", False) in self.grants(moving)
            conn.execute(f"alter table {TARGET}.users owner to {app}")
            (fault,) = publish.preflight(moving, TARGET)
            assert fault.startswith(f"what {app} owns or grants in") and fault.endswith(f'; GRANT "{app}" TO "{mover}"')
            conn.execute(f"grant {app} to {mover}")
            third = published(moving, PRODUCT)  # though app may make nothing in the schema
            own = f"select relname from pg_class where relnamespace = %s::regnamespace and relowner = '{app}'::regrole"
            assert ("users",) in self.rows(conn, own)
            make = f"select from pg_namespace where nspname = %s and has_schema_privilege('{app}', oid, 'create')"
            assert not self.rows(conn, make)
            rollback.take(moving, Trial(TARGET, Wish()))
            assert standing(moving) == expected(live=second, withdrawn=third) and first
