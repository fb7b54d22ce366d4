"""Where full tiles and bundles lie. Rules: one file an adapter, no database."""
