"""How is a file opened, so that reading it leaves no trace and never waits?

Nothing is followed, a fifo that took a file's place does not block, and the time of last access
stays as it is where the system lets us.
Source: open(2): O_NOATIME is for a file's owner and root alone.
"""

import os

_QUIET = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def open_to_read(path: bytes, *, directory: bool = False) -> int:
    """An open file or directory; to be closed by the caller.

    Args:
        path: its last part is not followed.
        directory: whether it must be one.

    Raises:
        OSError: gone, forbidden, or something else by now.
    """
    flags = _QUIET | (os.O_DIRECTORY if directory else 0)
    try:
        return os.open(path, flags | os.O_NOATIME)
    except PermissionError:
        return os.open(path, flags)
