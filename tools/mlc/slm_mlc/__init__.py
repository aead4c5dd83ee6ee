"""Model libraries for TVM, with random 4-bit weights. `make` is the program; the rest runs in its environment."""
