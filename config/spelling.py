"""How words of legacy databases are compared, whatever way they are written."""

import re


def spelling(text: str) -> str:
    """Lower case, Latin letters and digits only: how roles and statuses are compared."""
    return re.sub(r"[^A-Za-z0-9]", "", text).lower()
