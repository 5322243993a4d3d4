"""Reports a run to other systems: its figures to Prometheus, the origin of every column to OpenLineage.

Fails no run. May touch: `local`.
"""
