-- Legacy data knows no feedback on articles: none is made.
-- table: kb_article_feedback
-- holds
select concat(t.id) as key, false as holds from kb_article_feedback t
