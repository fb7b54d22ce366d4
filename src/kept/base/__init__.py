"""What every floor speaks: ids, the clock, errors, byte and text forms, translated texts.

Rules: no I/O but reading the shipped catalogues and writing a file durably; imports nothing of
Kept above it. Begin with `errors`.
"""
