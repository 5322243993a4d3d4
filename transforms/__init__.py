"""Meaning: pure functions from frames to outcomes; no database, no Prefect."""
