"""The auditor: judges whether a migration did what it should. Imports neither the engine nor the transforms.

Rooms, from the top (each may import those below it; .importlinter holds it):
- delta: the verification of what the last rounds of a copy have touched, while writers wait.
- verify: one verification from start to end, and what has changed since the publish.
- run_books: the books of the run, compared with the source.
- laws: rules by row and value. shape: catalogues, held to what should stand there. expectations: Great
  Expectations. scan: the proof that a staging copy holds nothing personal.
- compare: how rows of two databases are compared. reading: what the auditor reads of either.
- reporting: the report, for each kind of reader. verdict: what checks say, and what follows from them.
"""
