"""Reports of a run or a verification: one model, and a renderer for each kind of reader."""
