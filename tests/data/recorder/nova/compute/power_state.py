"""A stand-in: the words for the numbers in the database."""

STATE_MAP = {0: "cold", 1: "hot"}
