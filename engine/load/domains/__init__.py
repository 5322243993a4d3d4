"""What the load knows of the product's tables, a module per domain: lookups, and what rows need between the waves.

How lookups are asked and waves are run stands beside it in `load`. May touch: everything below `load`.
"""
