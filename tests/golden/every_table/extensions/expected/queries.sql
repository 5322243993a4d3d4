select string_agg(extname || ' ' || extnamespace::regnamespace, ', ' order by extname) from pg_extension where extname <> 'plpgsql';
select count(*)::text from users where email operator(public.=) 'ann@example.IN'::public.citext;
