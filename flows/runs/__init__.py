"""The Prefect flows, one module each, what they share, and the same work without Prefect.

May touch: `observe`, `local`.
"""
