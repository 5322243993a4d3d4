"""Pages about what is not yet done: the plan, for whoever has to agree to it. The reports are checks.reporting's."""
