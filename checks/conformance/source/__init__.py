"""Readers of Nova's source by its syntax tree; nothing of it is ever executed."""
