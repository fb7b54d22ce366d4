"""The ledger's verbs: recording acts, and reading what was recorded."""
