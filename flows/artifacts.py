"""A run's report in Prefect's UI, as a Markdown artifact.

Neither of Prefect's UIs lists artifacts in its menu, so the caller writes the address into the run's log. Keys may hold
`[a-z0-9-]` only. Counts and reasons only, as in every report.
"""

import re
from collections.abc import Mapping

from prefect.artifacts import create_markdown_artifact
from prefect.settings import PREFECT_API_URL

from flows import report


def publish(summary: Mapping) -> str:
    """Stores the report; returns its page's address."""
    key = "migrate-" + re.sub(r"[^a-z0-9]+", "-", str(summary["run_id"]).lower()).strip("-")
    create_markdown_artifact(report.to_markdown(summary), key=key, description="what became of every legacy row")
    return f"{PREFECT_API_URL.value().removesuffix('/api')}/v2/artifacts/key/{key}"
