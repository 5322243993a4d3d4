-- The sections of a category; articles stand in them.
create table kb_sections (
    id uuid default gen_random_uuid(),
    category_id uuid,
    title text,
    slug text,
    position integer default 0,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- What readers said of an article.
create table kb_article_feedback (
    id uuid default gen_random_uuid(),
    article_id uuid,
    user_id uuid,
    is_helpful boolean,
    comment text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- The articles an article leads on to, in order.
create table kb_article_related (
    article_id uuid,
    related_article_id uuid,
    position integer default 0,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
