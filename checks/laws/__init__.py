"""The laws: one SQL file for each rule by row and value, in a folder per domain; `checks.compare.law_files` reads them.

Beside them, as Python, those whose columns are only known by reflection. May touch: `compare`, `reading`, `verdict`.
"""
