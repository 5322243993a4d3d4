"""A build that follows its source, and its cut-over: the work of the commands `sync` and `cutover`, and their flows."""
