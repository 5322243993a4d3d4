"""The plan in words and as JSON, for `plan` and `explain`.

Laws
- Nothing here looks at a database; text and JSON say the same, and neither holds a value of a row.
- Every name in a text has passed config.printable; JSON holds names as they are.
"""

from engine.describe.mapped import mapped_json
from engine.describe.overview import new_tables, survey_json, survey_text, verdict
from engine.describe.story import explain_json, explain_text, meant, near

__all__ = [
    "explain_json",
    "explain_text",
    "mapped_json",
    "meant",
    "near",
    "new_tables",
    "survey_json",
    "survey_text",
    "verdict",
]
