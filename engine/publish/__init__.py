"""What is seen under the product's name: put in place by a rename, taken back by a rename, or dropped.

May touch: `gates`, which it asks once more in its own transaction, and what is below; never `load`.
"""
