"""Every category has one section, and its articles stand in it."""

import pandas as pd

from transforms import knowledge_base as subject
from transforms.outcome import TEXT, Parameters
from transforms.steps import derived_id

CATEGORY = "00000000-0000-0000-0000-000000000011"
TIME, LATER = "2024-01-01 00:00:00+00", "2024-01-02 00:00:00+00"


def table(labels: list[int], **columns: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values, dtype=TEXT) for name, values in columns.items()}).set_axis(labels)


def test_an_article_joins_the_section_of_its_category():
    rows = table([5, 7, 9], key=["1", "2", "3"], category_id=[CATEGORY, None, "12"])
    outcome = subject.kb_articles(rows, Parameters("kb_articles"), {})
    articles = outcome.frames["kb_articles"]
    assert list(articles.columns) == ["section_id"]
    assert articles["section_id"].astype(object).where(articles["section_id"].notna(), None).to_dict() == {
        5: derived_id(f"kb_sections:{CATEGORY}"),
        7: None,
        9: derived_id("kb_sections:12"),
    }


def test_an_article_without_a_category_is_noted():
    rows = table([5, 7], key=["1", "2"], category_id=[CATEGORY, None])
    notes = subject.kb_articles(rows, Parameters("kb_articles"), {}).notes
    assert notes[["target_table", "target_column", "note"]].to_dict("index") == {
        7: {"target_table": "kb_articles", "target_column": "section_id", "note": "no_category"}
    }
    assert notes["legacy_value"].isna().all()


def test_a_category_makes_the_section_that_its_articles_join():
    rows = table([4], id=[CATEGORY], created_at=[TIME], updated_at=[LATER])
    sections = subject.kb_sections(rows, Parameters("kb_categories"), {}).frames["kb_sections"]
    assert sections.to_dict("index") == {
        4: {
            "id": derived_id(f"kb_sections:{CATEGORY}"),
            "category_id": CATEGORY,
            "title": "General",
            "slug": "general",
            "position": "0",
            "created_at": TIME,
            "updated_at": LATER,
        }
    }


def test_no_rows_give_no_rows():
    empty = table([], key=[], category_id=[], id=[], created_at=[], updated_at=[])
    for transform in (subject.kb_articles, subject.kb_sections):
        frame = next(iter(transform(empty, Parameters("x"), {}).frames.values()))
        assert not len(frame) and all(dtype == TEXT for dtype in frame.dtypes)
