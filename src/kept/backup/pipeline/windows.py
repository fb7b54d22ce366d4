"""Into which memory is a large file read, while pieces of it are still with the workers?

Fresh memory costs the system as much as reading into it, so a window is used again once nobody
holds a piece of it. A bytearray tells: it refuses to grow while somebody looks at it.
"""

WINDOW_BYTES = 8 * 2**20  # twice the largest blob
MOST_KEPT = 3


class Windows:
    """Windows of one reader; for one thread, while pieces of them may be anywhere."""

    def __init__(self) -> None:
        """None yet."""
        self._kept: list[bytearray] = []

    def take(self, size: int) -> memoryview:
        """Memory that nobody looks at, with anything in it.

        Args:
            size: bytes; what is no full window is made anew, lest a small piece hold a large one.
        """
        if size != WINDOW_BYTES:
            return memoryview(bytearray(size))
        for window in self._kept:
            if _is_free(window):
                return memoryview(window)
        window = bytearray(size + 1)  # room for `_is_free` to grow into
        window.pop()
        if len(self._kept) < MOST_KEPT:
            self._kept.append(window)
        return memoryview(window)


def _is_free(window: bytearray) -> bool:
    try:
        window.append(0)
    except BufferError:
        return False
    window.pop()
    return True
