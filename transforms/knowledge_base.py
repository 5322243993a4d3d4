"""Sections of the knowledge base: each category gets one, and its articles belong to it.

Law (contract, 4.8: knowledge base): the section's id derives from its category's key, so that an article
needs no lookup to name it.
"""

from collections.abc import Mapping

import pandas as pd

from config import note_kinds
from transforms import steps
from transforms.outcome import Outcome, Parameters

SECTIONS = "kb_sections"
ARTICLES = "kb_articles"


def kb_sections(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """One section, "General", per category.

    In: id (the category's key in the target), the times. Out: kb_sections (id, category_id, title, slug, position, the
    times). Nothing is rejected.
    """
    own = {"id": section_ids(rows["id"]), "category_id": rows["id"]}
    named = {"title": "General", "slug": "general", "position": "0"}
    times = {name: rows[name] for name in ("created_at", "updated_at")}
    return Outcome(frames={SECTIONS: steps.frame(rows.index, {**own, **named, **times})})


def kb_articles(rows: pd.DataFrame, parameters: Parameters, lookups: Mapping[str, pd.DataFrame]) -> Outcome:
    """section_id is the only new column; the rest of the article is carried as it is.

    In: category_id (the category's key in the target). Out: kb_articles (section_id). Nothing is rejected. Notes:
    no_category.
    """
    sections = section_ids(rows["category_id"])
    homeless = rows.index[sections.isna()]
    return Outcome(
        frames={ARTICLES: steps.frame(rows.index, {"section_id": sections})},
        notes=steps.notes(homeless, ARTICLES, "section_id", note_kinds.NO_CATEGORY.saying(), None),
    )


def section_ids(category_ids: pd.Series) -> pd.Series:
    """The id of each category's first section; null stays null."""
    return steps.by_distinct(category_ids, lambda category_id: steps.derived_id(f"{SECTIONS}:{category_id}"))
