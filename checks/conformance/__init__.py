"""Whether the tables say what real Nova does: its source, its releases, its recorded runs, its documentation."""
