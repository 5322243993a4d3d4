-- Every profile by what tells it and what it belongs to, without its other columns: what is asked for more than once.
select p.role, p.legacy_table, p.rank, p.key, p.raw_id, p.legacy_id, p.is_uuid, p.id, p.user_id, p.rejected from profile p
