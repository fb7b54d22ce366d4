"""Where does randomness come from? From the operating system, one call for each need.

No pool and no generator of our own: those repeat themselves after a fork or a machine snapshot.
Only `crypto` and `wiring` draw; everything else takes the bytes or the id as an argument.
"""

import os


def draw(size_bytes: int) -> bytes:
    """Fresh random bytes from the operating system."""
    return os.urandom(size_bytes)
