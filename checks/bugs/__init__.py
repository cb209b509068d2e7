"""The corpus of real bugs: each is put back into the tables as data, and must be found there and nowhere else."""
