select (title = chr(8) || chr(1))::text from notifications where id = 5;
select length(body) || ' ' || octet_length(code) from notifications where id = 2;
select (data = '1e400'::jsonb)::text from notifications where id = 4;
