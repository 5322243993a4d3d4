"""What other systems are told of a run: Prometheus its figures, OpenLineage where every column comes from.

Fails no run. May touch: `local`.
"""
