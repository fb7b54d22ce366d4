"""The verbs of copies: each writes its rows and leaves one act. No path ever enters the ledger."""
