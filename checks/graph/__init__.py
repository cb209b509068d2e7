"""The first engine: graph search over the explored configurations."""
