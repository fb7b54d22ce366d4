"""Where the last signed checkpoint is kept. Rules: one file an adapter, no database."""
