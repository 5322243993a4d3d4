"""The auditor's own reading: both catalogues, the books, facts by the mapping, legacy tables as relations.

Opens its own sessions and decides nothing. May touch: `verdict`.
"""
