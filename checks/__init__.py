"""Judgement: whether a migration did what it should. Imports neither the engine nor the transforms.

Where to look
- verify: the verification as a whole; jobs: which checks are made; verdict: what they say; show.
- Of what is published: drift (what was written since), settling (what that excuses), seals (where nobody may write).
- What both sides are read with: connect, catalog, books, facts, relations, origins, fitting, expected, addresses.
- Across both databases: comparison (how), content (columns that arrive as they are), laws and the folder laws/ (one SQL
  file a rule); rules whose columns are only known by reflection: carried, display_law, settings_law, owners,
  overruled, left_behind, money.
- The books against the source: balance, rejects, reasons, notes, new_ids.
- The catalogue: objects (the checks), shape/ (what should stand in each schema, and what does), likeness, grammar.
- The target alone: rules (laws within it), suites/ with gx and gx_docs (Great Expectations).
- Of a staging copy: scan (the proof that nothing personal is left), masked, pairs, cells, traces, originals, leftovers;
  scanned and remedies are what it says.
- reporting/: the report, for each kind of reader.
"""
