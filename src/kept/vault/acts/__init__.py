"""The vault's verbs. Each takes a transaction, decides in `model`, writes, records its act."""
