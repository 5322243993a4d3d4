-- Categories and articles. Remainders of an article's n by 1000: 1 no category, 2 an unknown one.

insert into kb_categories
select seed_uuid('kb_categories', n), 'Topic ' || n, 'topic-' || n,
    case when n > 8 then seed_uuid('kb_categories', n - 8) end,
    n, seed_time(n, 700), seed_time(n, 701)
from generate_series(1, 14) n;

insert into kb_articles (id, category_id, title, slug, body, tags, status, view_count, author_id, published_at,
    created_at, updated_at)
select seed_uuid('kb_articles', n), case n % 1000 when 1 then null when 2 then seed_uuid('nobody', n) else
        seed_uuid('kb_categories', seed_pick(n, 710, 13)) end,
    'How to do thing ' || n, 'how-to-' || n, case n % 500 when 20 then seed_naughty(n + 4500) else
        repeat(seed_sentence(n, 711) || E'\n\n', 5) end,
    seed_tags(n, 714, '{start,billing,safety,"a \"b\"",faq,NULL,x}'),
    status,
    seed_hash(n, 717) % 100000, case when n % 4 > 0 then seed_uuid('employees', seed_pick(n, 718, s.employees)) end,
    case when status <> 'draft' then seed_time(n, 719) end, seed_time(n, 719), seed_time(n, 719) + seed_later(n, 720, 90)
from seed_size s cross join lateral generate_series(1, s.kb_articles) n
cross join lateral (select ('{draft,published,Published}'::text[])[seed_pick(n, 716, 3)] as status) a;
