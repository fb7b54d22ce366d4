"""The restic repository format: what is written to a place, and how it is read back.

Rules: bytes from a place are hostile until their MAC and hash agree; every name but `config` is
the SHA-256 of the stored bytes; nothing is changed in place. Begin with `repository`; `blobs`,
`packs` and `index` are what it is made of.
"""
