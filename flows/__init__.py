"""Orchestration: Prefect flows, the command line, the demo. The only folder that knows Prefect."""
