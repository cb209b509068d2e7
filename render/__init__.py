"""What people read: pictures and pages, made from plain descriptions."""
