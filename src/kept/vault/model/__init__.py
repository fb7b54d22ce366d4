"""Values and decisions of the vault: pure, without clock, I/O or randomness."""
