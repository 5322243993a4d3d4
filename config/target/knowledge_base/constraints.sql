alter table kb_sections alter column category_id set not null;
alter table kb_sections alter column title set not null;
alter table kb_sections alter column slug set not null;
alter table kb_sections alter column position set not null;
alter table kb_sections alter column created_at set not null;
alter table kb_sections alter column updated_at set not null;
alter table kb_sections add constraint kb_sections_pkey primary key (id);
alter table kb_sections add constraint kb_sections_category_id_slug_key unique (category_id, slug);
alter table kb_sections add constraint kb_sections_category_id_fkey
    foreign key (category_id) references kb_categories (id);

alter table kb_article_feedback alter column article_id set not null;
alter table kb_article_feedback alter column created_at set not null;
alter table kb_article_feedback alter column updated_at set not null;
alter table kb_article_feedback add constraint kb_article_feedback_pkey primary key (id);
alter table kb_article_feedback add constraint kb_article_feedback_article_id_fkey
    foreign key (article_id) references kb_articles (id) on delete cascade;
alter table kb_article_feedback add constraint kb_article_feedback_user_id_fkey
    foreign key (user_id) references users (id) on delete set null;
create index kb_article_feedback_article_id_idx on kb_article_feedback (article_id);
create index kb_article_feedback_user_id_idx on kb_article_feedback (user_id);

alter table kb_article_related alter column position set not null;
alter table kb_article_related alter column created_at set not null;
alter table kb_article_related alter column updated_at set not null;
alter table kb_article_related add constraint kb_article_related_pkey primary key (article_id, related_article_id);
alter table kb_article_related add constraint kb_article_related_check check (article_id <> related_article_id);
alter table kb_article_related add constraint kb_article_related_article_id_fkey
    foreign key (article_id) references kb_articles (id) on delete cascade;
alter table kb_article_related add constraint kb_article_related_related_article_id_fkey
    foreign key (related_article_id) references kb_articles (id) on delete cascade;
create index kb_article_related_related_article_id_idx on kb_article_related (related_article_id);
