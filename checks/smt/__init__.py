"""The second engine: z3, on an encoding of the instructions as SMT-LIB text that is written from the tables alone.

Nothing here imports the semantics or the explorer: the two engines share only the instructions and the properties.
"""
