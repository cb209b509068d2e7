"""What must hold: one definition of each property, in the words of the tables' predicates."""
