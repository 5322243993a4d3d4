"""Rules about categories, their sections and articles."""

from checks.expectations.rule import Rule, orphans
from checks.verdict import CRITICAL, INFO, WARNING

ARTICLES, SECTIONS, CATEGORIES = "kb_articles", "kb_sections", "kb_categories"

RULES = (
    Rule(
        CATEGORIES,
        "section",
        "every category has a section",
        CRITICAL,
        reads={CATEGORIES: "id", SECTIONS: "category_id"},
        broken=f"select c.id from {{batch}} c left join {SECTIONS} s on s.category_id = c.id "
        "where s.category_id is null",
    ),
    Rule(
        CATEGORIES,
        "parent",
        "a category is not its own parent",
        WARNING,
        reads={CATEGORIES: "id parent_id"},
        broken="select id from {batch} where concat(parent_id) = concat(id)",
    ),
    orphans(SECTIONS, "category_id", CATEGORIES, "category", "a section belongs to a category", CRITICAL),
    Rule(
        SECTIONS,
        "slug",
        "a slug stands once in its category",
        CRITICAL,
        reads={SECTIONS: "category_id slug"},
        broken="select category_id from {batch} group by category_id, slug having count(*) > 1",
    ),
    Rule(
        ARTICLES,
        "section",
        "an article stands in a section of its category",
        CRITICAL,
        reads={ARTICLES: "id category_id section_id", SECTIONS: "id category_id", CATEGORIES: "id"},
        broken=f"select a.id from {{batch}} a left join {SECTIONS} s on s.id = a.section_id "
        "where s.category_id is distinct from a.category_id",
        links={f"{ARTICLES}.category_id": CATEGORIES},
    ),
    Rule(
        ARTICLES,
        "published-at",
        "a published article has the time it was published",
        INFO,
        reads={ARTICLES: "id status published_at"},
        broken="select id from {batch} where lower(concat(status)) = 'published' and published_at is null",
    ),
    Rule(
        "kb_article_related",
        "itself",
        "an article does not lead on to itself",
        CRITICAL,
        reads={"kb_article_related": "article_id related_article_id"},
        broken="select article_id from {batch} where article_id = related_article_id",
        constraint="kb_article_related_check",
    ),
)
