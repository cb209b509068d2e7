"""Is every row of the tables held by some check: rows deleted and altered, and who notices."""
