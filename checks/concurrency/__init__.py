"""Several processes at once: exact exploration of k, and the closure for any number of them."""
