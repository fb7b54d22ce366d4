"""Values and decisions about the people who work here: pure, without clock, I/O or randomness."""
