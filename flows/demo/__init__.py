"""A legacy database to try the migration on, from nothing."""
