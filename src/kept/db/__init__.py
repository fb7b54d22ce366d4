"""One SQL seam over two engines: SQLite through apsw, PostgreSQL through psycopg.

Rules: verbs get a `Tx` and return `Pending`; only this floor opens a `Pending`, after the COMMIT.
Begin with `seam`.
"""
