-- Legacy data knows no feedback on articles: none is made.
-- table: kb_article_feedback
-- holds
select t.id::text as key, false as holds from kb_article_feedback t
