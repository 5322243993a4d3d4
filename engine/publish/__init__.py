"""Publishes and rolls back the schema under the product's name, by renames; drops schemas of ours.

May touch: `gates`, which it asks once more in its own transaction, and what is below; never `load`.
"""
