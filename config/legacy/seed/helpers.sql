-- What the seed draws with; finish.sql drops it all again.
--
-- Nothing is random: every value is a hash of the row's number, a salt and the seed, so rows are the same for the
-- same seed, whatever their order, and a reference is computed instead of looked up. Dirt of one kind falls on the
-- rows whose number leaves one certain remainder on division by 1000: one per mille, and at least one where a table
-- has 60 rows. Settings read: seed.rows, seed.seed.

do $do$
begin
    execute format($f$
        create function seed_uuid(kind text, n bigint) returns uuid language sql immutable parallel safe as
        $$ select md5(kind || n::text || %L)::uuid $$
    $f$, ':' || current_setting('seed.seed'));
    execute format($f$
        create function seed_hash(n bigint, salt integer) returns bigint language sql immutable parallel safe as
        $$ select hashint8extended(n * 1024 + salt, %s) & 9223372036854775807 $$
    $f$, current_setting('seed.seed')::bigint);
end $do$;

-- from 1 to bound
create function seed_pick(n bigint, salt integer, bound bigint) returns bigint language sql immutable as
$$ select 1 + seed_hash(n, salt) % bound $$;

create function seed_chance(n bigint, salt integer, per_mille integer) returns boolean language sql immutable as
$$ select seed_hash(n, salt) % 1000 < per_mille $$;

-- 2022-01-01 to 2024-04-24, to the microsecond
create function seed_time(n bigint, salt integer) returns timestamptz language sql immutable as
$$ select to_timestamp(1640995200 + (seed_hash(n, salt) % 73000000000000) / 1e6::float8) $$;

create function seed_later(n bigint, salt integer, days integer) returns interval language sql immutable as
$$ select interval '1 millisecond' * (seed_hash(n, salt) % (days * 86400000::bigint)) $$;

create function seed_price(n bigint, salt integer) returns numeric language sql immutable as
$$ select (500 + seed_hash(n, salt) % 50000)::numeric(12,2) / 100.00 $$;

-- every user number from 1 to users once, while t runs over as many values: the factor is a prime above any of them
create function seed_user(t bigint, users bigint) returns bigint language sql immutable as
$$ select 1 + t * 2654435761 % users $$;

create function seed_person(n bigint, salt integer) returns text language sql immutable as
$$ select ('{Avery,Blake,Casey,Devi,Emeka,Fatima,Gael,Hana,Ines,Jonas,Kofi,Lena,Mateo,Nia,Olu,Priya}'::text[])
        [seed_pick(n, salt, 16)]
    || ' ' || ('{Sample,Example,Placeholder,Testcase,Fixture,Specimen}'::text[])[seed_pick(n, salt + 1, 6)]
    || ' ' || n::text $$;

create function seed_place(n bigint, salt integer) returns text language sql immutable as
$$ select ('{Springfield,Rivertown,Lakeside,"Zürich-Nord",Hillview,"São Exemplo",Northport,"Newtown, West"}'::text[])
        [seed_pick(n, salt, 8)] $$;

create function seed_sentence(n bigint, salt integer) returns text language sql immutable as
$$ select ('{"A steady hand","Ten years of practice","New here","Friendly and on time","Award winning",Honest}'::text[])
        [seed_pick(n, salt, 6)]
    || ('{" with weddings"," for small teams"," in every style"," at short notice"," and open to travel"}'::text[])
        [seed_pick(n, salt + 1, 5)]
    || ('{". Ask for samples.",". Rates on request.",".","; see below.","!"}'::text[])[seed_pick(n, salt + 2, 5)] $$;

create function seed_tags(n bigint, salt integer, words text[]) returns text[] language sql immutable as
$$ select words[seed_pick(n, salt, 4) : 4 + seed_pick(n, salt + 1, 3)] $$;

-- what spoils careless loaders
create function seed_naughty(n bigint) returns text language sql immutable as
$$ select (array[
    '', 'NULL', '\.', '\N', E'line one\nline two', E'tab\there', E'carriage\r\nreturn', 'O''Brien said "hi"',
    'back\slash\\', '{"a": 1}', '{NULL,"x"}', '%s %d %%', '<b>bold</b> & more', '''; drop table users; --',
    '😀 👩‍👩‍👧 🏳️‍🌈', 'Ünïcödé – Zürich', '日本語のテキスト', 'مرحبا بالعالم', E'zero\u200Bwidth', E'bell\x07', E'\uFEFFbom',
    E'e\u0301 is not \u00e9', ' leading and trailing ', E'\n', 'NaN', '1e309', 'true', repeat('long ', 1200)
])[1 + n / 500 % 28] $$;

create function seed_ticket_id(n bigint) returns text language sql immutable as
$$ select case when n % 1000 = 3 then 'TCK-' || lpad(n::text, 6, '0') else seed_uuid('support_tickets', n)::text end $$;

create function seed_rows(per_mille numeric, fewest integer default 60) returns bigint language sql stable as
$$ select greatest(fewest, (current_setting('seed.rows')::numeric * per_mille / 1000)::bigint) $$;

-- how many rows each table gets; what is not listed is of fixed size
create temp table seed_size on commit drop as
select seed_rows(80, 600) users, seed_rows(40) user_settings, seed_rows(20) refresh_tokens, seed_rows(40) user_roles,
    seed_rows(1) employees, seed_rows(2) account_deletion_requests,
    seed_rows(36) customers, seed_rows(23) job_seekers, seed_rows(8) companies,
    seed_rows(30, 400) professionals, 0::bigint professional_extras,
    seed_rows(32, 120) portfolio_items, seed_rows(42, 120) portfolio_images, seed_rows(20, 120) services,
    seed_rows(8) jobs, seed_rows(24, 120) applications, seed_rows(10) requirements, seed_rows(22, 120) lead_requests,
    seed_rows(13) reviews,
    seed_rows(21, 200) onboarding_submissions, seed_rows(30, 120) submission_documents,
    seed_rows(10, 120) onboarding_states, seed_rows(14) verifications, seed_rows(20) verification_logs,
    seed_rows(32) tracecoin_wallets, seed_rows(86) tracecoin_ledger, seed_rows(16, 120) payments,
    seed_rows(12) invoices, seed_rows(4) coupon_uses,
    seed_rows(84) notifications, seed_rows(70) email_logs, seed_rows(5) support_tickets,
    seed_rows(16) support_ticket_messages, seed_rows(1) kb_articles, seed_rows(90, 120) activity_logs;

-- the extra professionals go astray, in thirteen ways (profiles.sql)
update seed_size set professional_extras = greatest(26, professionals / 100);

-- Who has which profiles: users stand on a circle in the order of seed_user, and each role covers an arc of it. So a
-- user has none to three; two professional ones where the arcs of two professional roles overlap.
create temp table seed_role on commit drop as
select ordinal, role, is_professional, spellings, (first_share * s.users)::bigint as first,
    least(seed_rows(per_mille), s.users) as size
from seed_size s cross join (values
    (1, 'photographer', true, 0.44, 6, '{PHOTOGRAPHER,Photographer,photographer,"photo grapher"}'::text[]),
    (2, 'tutor', true, 0.49, 6, '{TUTOR,tutor,Tutor}'),
    (3, 'makeup_artist', true, 0.55, 4, '{"Makeup Artist",MAKEUP_ARTIST,make-up-artist,makeupArtist}'),
    (4, 'developer', true, 0.60, 7, '{DEVELOPER,developer,"Developer "}'),
    (5, 'video_editor', true, 0.67, 3, '{video-editor,VIDEO_EDITOR,"Video Editor"}'),
    (6, 'graphic_designer', true, 0.70, 4, '{GRAPHIC_DESIGNER,"Graphic Designer",graphic.designer}'),
    (7, 'social_media_manager', true, 0.74, 2.5, '{SOCIAL_MEDIA_MANAGER,"Social Media Manager",socialMediaManager}'),
    (8, 'fitness_trainer', true, 0.75, 2.5, '{"Fitness Trainer",FITNESS_TRAINER,fitness_trainer}'),
    (9, 'catering_service', true, 0.78, 1, '{CATERING_SERVICE,"Catering Service",catering-service}'),
    (10, 'ugc_content_creator', true, 0.785, 2, '{UGC,UGC_CONTENT_CREATOR,"UGC Content Creator"}'),
    (11, 'company', false, 0.645, 8, '{COMPANY,Company}'),
    (12, 'customer', false, 0, 36, '{CUSTOMER,customer}'),
    (13, 'job_seeker', false, 0.35, 23, '{"Job Seeker",JOB_SEEKER,job_seeker}')
) as r (ordinal, role, is_professional, first_share, per_mille, spellings);
