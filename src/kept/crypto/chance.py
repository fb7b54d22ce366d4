"""Where does randomness come from? From the operating system, one call for each need.

No pool and no generator of our own: those repeat themselves after a fork or a machine snapshot.
Only `crypto` and `wiring` draw; everything else takes the bytes or the id as an argument.
"""

import os

from kept.crypto.secret import SECRET_BYTES, Secret


def draw(size_bytes: int) -> bytes:
    """Fresh random bytes from the operating system."""
    return os.urandom(size_bytes)


def fresh_secret(size_bytes: int = SECRET_BYTES) -> Secret:
    """A new random secret."""
    return Secret(draw(size_bytes))
