"""The commands about a source in use: `sync` and `cutover`."""
