"""What should stand in product, archive and books: derived from the legacy catalogue, the mapping and the declared SQL.

Knows nothing of what does stand there. May touch: `checks.shape.things`, `compare`, `reading`, `verdict`.
"""
