"""PostgreSQL as all of our code takes it: connection strings, sessions, cursors, names and values as SQL spells them,
its types in groups. Imports no other module of the project but the errors."""
