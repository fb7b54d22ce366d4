"""Values and decisions of promises: the book, evidence, statuses, statements, seal, check-up.

Rules: no I/O but the shipped default book, no clock, no database. Begin with `book`, then `status`.
"""
