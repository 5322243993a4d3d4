"""What is of this machine: logs, progress, files and processes of our own, signals, the local Prefect server.

Knows no flow. May touch: `engine`, `checks`, `config`.
"""
