"""Sessions on the source and the target: how they are opened, lent, stopped and named in logs; who runs a step.

Knows nothing of what is migrated. May touch: settings of `config`, and no other room of the engine.
"""
