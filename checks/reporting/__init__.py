"""Reports of a run or a verification: one model, and what is made of it for each kind of reader."""
