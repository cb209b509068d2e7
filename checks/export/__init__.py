"""Models for other people's tools, generated from the tables."""
