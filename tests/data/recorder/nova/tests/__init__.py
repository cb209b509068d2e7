"""A stand-in: just enough of the shape of the real package for the recorder to attach to."""
