"""Sealing, derivation, blind tags and the providers that keep the root key.

Rules: a pure library but for `providers`, which only wiring may pick. Begin with `sealing`.
"""
