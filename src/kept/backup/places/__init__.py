"""Where a repository can lie. Rules: one file an adapter or a thing shared by them, no database."""
