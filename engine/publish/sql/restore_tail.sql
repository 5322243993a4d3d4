
set constraints all immediate;
select made from pg_temp.foreign_keys \gexec
select told from pg_temp.foreign_keys where comment is not null \gexec
select put_back from pg_temp.reactions \gexec
commit;
\echo done
