"""This machine: logs, progress, our files and processes, signals, the local Prefect server.

Imports no flow. May touch: `engine`, `checks`, `config`.
"""
