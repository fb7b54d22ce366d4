"""The keepers of the root key: a key file, a pass phrase, a recovery identity.

Rules: only wiring picks one; each keeps the promises of `kept.crypto.ports.RootProvider`.
"""
