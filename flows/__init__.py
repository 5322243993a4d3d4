"""Orchestration: Prefect flows, the command line, the demo. The only package that imports Prefect.

Rooms, from the top (each may import those below it; .importlinter holds it):
- cli: the command line. demo: a legacy database to try it on. service: worker, deployments, automations.
- runs: the flows. observe: metrics and lineage. local: logs, files and processes of this machine.
"""

import os

os.environ.setdefault("DO_NOT_TRACK", "1")  # Prefect tells how it is used, and says so, as soon as it is imported
