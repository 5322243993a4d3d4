"""What the auditor reads for itself: both catalogues, the books, the mapping's facts, legacy tables as relations.

Opens its own sessions and decides nothing. May touch: `verdict`.
"""
