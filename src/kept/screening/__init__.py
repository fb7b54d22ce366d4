"""Finding things in text: a pure library that later pillars use.

Rules: no I/O, no database, no clock. Nothing stands here yet.
"""
