"""Facts: settings and profiles, the mapping, the target's DDL, errors and exit codes. Imports nothing of ours."""
