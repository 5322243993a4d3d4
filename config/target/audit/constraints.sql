alter table audit_logs alter column created_at set not null;
alter table audit_logs add constraint audit_logs_pkey primary key (id);
alter table audit_logs add constraint audit_logs_actor_user_id_fkey
    foreign key (actor_user_id) references users (id) on delete set null;
create index audit_logs_actor_user_id_idx on audit_logs (actor_user_id);
create index audit_logs_entity_type_entity_id_idx on audit_logs (entity_type, entity_id);
create index audit_logs_created_at_idx on audit_logs (created_at);

alter table audit_log_changes alter column audit_log_id set not null;
alter table audit_log_changes alter column field_name set not null;
alter table audit_log_changes alter column created_at set not null;
alter table audit_log_changes add constraint audit_log_changes_pkey primary key (id);
alter table audit_log_changes add constraint audit_log_changes_audit_log_id_fkey
    foreign key (audit_log_id) references audit_logs (id);
create index audit_log_changes_audit_log_id_idx on audit_log_changes (audit_log_id);
