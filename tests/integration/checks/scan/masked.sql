-- Turns the legacy database into what a masked copy is: a sample of it, and its books.

delete from users where id = id_of(2);
update users set
    email = md5(email) || '@masked.example',
    phone = case when phone ~ '[1-9]' then '+91 5' || substr(phone_of(substr(id::text, 25)::bigint), 2) else 'none' end,
    full_name = case when full_name <> '' then 'N' || md5(full_name) else '' end,
    bio = case when bio <> '--' then 'T' || md5(bio) else '--' end,
    prefs = case when prefs <> 'null' then jsonb_build_object('city', 'T' || md5(prefs ->> 'city'), 'zip', prefs -> 'zip',
        'tel', 5000000, 'id', prefs -> 'id', 'on', true, 'list', jsonb_build_array('b', null, '')) else prefs end,
    raw = '{"from": "nobody@masked.example", "text": ""}',
    tags = case when tags <> '{}' then array['other', null, ''] else tags end,
    numbers = '{{q,r},{s,-}}',
    ip = ip + 1000,
    born = case when isfinite(born) then born + 1 else born end,
    avatar = 'https://masked.example/' || md5(avatar),
    secret = null,
    token = case when token <> '\x' then decode(md5(token), 'hex') else token end,
    "Odd ""Name" = md5("Odd ""Name"),
    search = to_tsvector('simple', 'nobody@masked.example asks'),
    home = row('Other', null);
update lines set note = md5(note);
update codes set label = md5(label), contact = md5(contact);
update events set
    actor = md5(actor), message = 'masked as ' || md5(message), at = at + 400, gone = null,
    body = jsonb_build_object('k', 'masked as ' || md5(message)), since = (left(since, 10)::date + 1) || ' 00:00:00+00';
update articles set contact = md5(contact);
update owners set name = name;
update "Weird ""Table" set "e-mail" = md5("e-mail") || '@masked.example';

create schema nxtgauge_staging;
create table nxtgauge_staging.columns (copy_id text, table_name text, column_name text, kind text, why text);
insert into nxtgauge_staging.columns
select 'copy', t, c, k, 'a test'
from (values
    ('users', 'email', 'email'), ('users', 'phone', 'phone'), ('users', 'full_name', 'name'), ('users', 'bio', 'text'),
    ('users', 'slug', 'keep'), ('users', 'prefs', 'json'), ('users', 'raw', 'json'), ('users', 'tags', 'text'),
    ('users', 'numbers', 'text'), ('users', 'ip', 'ip'), ('users', 'born', 'date'), ('users', 'avatar', 'url'),
    ('users', 'secret', 'null'), ('users', 'token', 'bytes'), ('users', 'Odd "Name', 'text'), ('users', 'home', 'text'),
    ('users', 'search', 'text'), ('users', 'created_at', 'absent'), ('lines', 'note', 'text'), ('codes', 'label', 'text'),
    ('codes', 'contact', 'text'), ('events', 'actor', 'text'), ('events', 'message', 'text'), ('events', 'body', 'json'),
    ('events', 'at', 'date'), ('events', 'since', 'text'), ('events', 'gone', 'null'), ('articles', 'contact', 'text'), ('articles', 'title', 'keep'),
    ('Weird "Table', 'e-mail', 'email'), ('nobody', 'name', 'name'), ('lonely', 'name', 'name')
) as v (t, c, k);
insert into nxtgauge_staging.columns values ('older', 'users', 'created_at', 'date', 'another copy of another time');
