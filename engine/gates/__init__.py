"""The conditions between a finished build and its publish: gates, judgement, approval, certificate and seal.

Reads the books and the build, changes neither's rows. May touch: `chunks`, `planning`, `books` and what is below.
"""
