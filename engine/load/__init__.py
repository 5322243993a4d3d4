"""The build: its schema, the two lanes that fill it, what is done between the waves, and its constraints.

One step after the other, each done once and written down. May touch: everything below it.
"""
