"""The command ``nova-lifecycle`` and the REPL: the only room that knows all the others."""
