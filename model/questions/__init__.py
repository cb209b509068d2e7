"""What people ask of a lifecycle, answered as plain data: one module a question."""
