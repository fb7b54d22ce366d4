"""What makes a process that does nothing but a backup lean?

To be called once, in a process of its own: it changes how the whole process keeps memory. What is
loaded is never looked at by the collector again, and nothing in a run makes cycles worth looking
for; large buffers go back to the system when they are freed, whichever thread freed them.
Source: mallopt(3).
"""

import ctypes
import gc
import os
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
_MMAP_BYTES = 2**20
_TRIM_BYTES = 4 * 2**20
_NICE = 10


def settle() -> None:
    """Make this process lean. Where the system's library has no such switches, only the rest."""
    gc.collect()
    gc.freeze()
    gc.disable()
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES)
        libc.mallopt(_M_ARENA_MAX, 2)


def step_back() -> None:
    """Let everybody else go first, where the system lets us say so."""
    with suppress(OSError):
        os.nice(_NICE)
