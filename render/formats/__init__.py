"""One module a format: each writes a picture in its own way."""
