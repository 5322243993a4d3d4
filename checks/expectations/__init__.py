"""Great Expectations: the suites of the target, their rules by domain, and the process that executes them.

Judges the target alone, whoever filled it. May touch: `compare`, `reading`, `verdict`.
"""
