"""What Nova does: the tables, and the transition system that they define."""
