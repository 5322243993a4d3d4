"""The engine: reads, plans, builds, judges, publishes and rolls back; plain functions, no Prefect.

Rooms, from the top (each may import those below it; .importlinter holds it):
- rehearsal: a cut-over of the rehearsal copy, under a writer. staging: that copy. describe: the plan in words.
  cutover: from the old application to the new. sync: a build that follows its source. run: the stages in order.
  operations: what an operator asks beside.
- start: what is refused, and how a run begins. load: the build. publish: what is seen under the product's name.
- gates: between build and publish. quarantine: rows that leave the build. chunks: how a run is cut.
- planning: what will become of everything. books: what became of it. reflect: the catalogue. session: connections.
"""
