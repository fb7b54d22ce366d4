"""How is a running process kept from spilling its secrets to disk or to a neighbour?

No core dump, and on Linux not dumpable: another process of the same user can neither attach nor
read its memory. Python cannot wipe its own copies of a secret; no claim is made that it does.
Source: setrlimit(2) RLIMIT_CORE, prctl(2) PR_SET_DUMPABLE.
"""

import ctypes
import resource
import sys
from dataclasses import dataclass

_PR_SET_DUMPABLE = 4  # prctl(2), linux/prctl.h


@dataclass(frozen=True, slots=True)
class Hardening:
    """What the system granted; `is_undumpable` is false where there is no such call."""

    has_no_core: bool
    is_undumpable: bool


def harden_process() -> Hardening:
    """Forbid core dumps and, on Linux, being attached to. Once, before any key is loaded."""
    return Hardening(has_no_core=_forbid_core(), is_undumpable=_forbid_attaching())


def _forbid_core() -> bool:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def _forbid_attaching() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
