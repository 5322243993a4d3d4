-- Legacy data relates no articles to each other: no relation is made. The key is both articles.
-- table: kb_article_related
-- holds
select concat(t.article_id, ' ', t.related_article_id) as key, false as holds from kb_article_related t
