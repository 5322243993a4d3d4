"""The transforms by the names under which the mapping calls them."""

from collections.abc import Callable, Mapping

import pandas as pd

from transforms.audit import activity_logs
from transforms.finance import orders
from transforms.knowledge_base import kb_articles, kb_sections
from transforms.outcome import Outcome, Parameters
from transforms.portfolio import owned_by_profile
from transforms.profiles import professionals, profiles
from transforms.verification import onboarding_states, onboarding_submissions, submission_documents, verifications

Transform = Callable[[pd.DataFrame, Parameters, Mapping[str, pd.DataFrame]], Outcome]

TRANSFORMS: Mapping[str, Transform] = {
    function.__name__: function
    for function in (
        profiles,
        professionals,
        owned_by_profile,
        onboarding_submissions,
        onboarding_states,
        verifications,
        submission_documents,
        orders,
        kb_articles,
        kb_sections,
        activity_logs,
    )
}
