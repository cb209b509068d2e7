"""What travels into the recorded program: this folder is put on its path. Standard library only."""
