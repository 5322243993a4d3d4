"""Shape: what stands in a schema beside the rows, held to what should stand there, both ways.

Laws
- A schema is read as a list of things, each with a kind, a name and what the catalogue says of it (things). What should
  be there is derived as a list of the same form: from the legacy catalogue for tables that keep their shape (kept),
  from the declaration and the carried columns for the target's own (declared), and from both for the types, functions
  and sequences that they need (members).
- Whatever is in one list and not in the other is a finding, and so is every statement that differs.
- A rule that lets the target differ from the legacy schema (a column that leaves, a type that becomes another, a
  reference that follows) stands once, where the wanted thing is made. Nothing is excused because it was found.
- Names of constraints and indexes are the legacy ones; a reference that the mapping declares may have any name.
"""
