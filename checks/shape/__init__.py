"""Shape: everything in a schema but its rows, compared with what should be there, both ways.

Laws
- A schema is read as a list of things, each with a kind, a name and what the catalogue says of it (things). What should
  be there is derived as a list of the same form: from the legacy catalogue for tables that keep their shape (kept),
  from the declaration and the carried columns for the target's own (declared), and from both for the types, functions
  and sequences that they need (members).
- A thing in only one of the lists is a finding, and so is every differing statement.
- A rule that lets the target differ from the legacy schema (a column that leaves, a type that becomes another, a
  reference that follows) is applied once, where the wanted thing is made. Nothing is accepted merely because it was
  found.
- Names of constraints and indexes are the legacy ones; a reference that the mapping declares may have any name.
"""
