-- Version 16: the delta of a round has schemas of its own beside the build.

insert into migration.version (version) values (16);

alter table migration.schemas drop constraint schemas_role_check;
alter table migration.schemas add constraint schemas_role_check
    check (role in ('build', 'live', 'previous', 'withdrawn', 'delta'));
