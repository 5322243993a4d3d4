"""Long-running services: the worker and its loop, the deployments, the server's automations.

May touch: `runs` and what is below.
"""
