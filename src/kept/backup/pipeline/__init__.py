"""How a copy is made, read, checked and cleaned: the steps between a repository and a verb."""
