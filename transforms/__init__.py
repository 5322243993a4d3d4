"""The transforms: pure functions from frames to outcomes; no database, no Prefect."""
