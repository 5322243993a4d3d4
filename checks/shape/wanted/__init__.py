"""The wanted things of product, archive and books, derived from the legacy catalogue, the mapping and the declared SQL.

Does not know what is there. May touch: `checks.shape.things`, `compare`, `reading`, `verdict`.
"""
