"""What does the shell learn of a failure? One table, error to exit code.

A test compares it with `web.problems.STATUS`. Other codes: 0 done; 1 `verify` found a change or
`checkup` a gap it was asked to fail on; 2 also a mistyped command; 130 ended by Ctrl-C.
Source: sysexits.h for 70 (software) and 75 (temporary failure); style guide §5.
"""

from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
    UnavailableError,
)

DONE = 0
CHANGED = 1
USAGE = 2
BUG = 70
INTERRUPTED = 130  # 128 + SIGINT

EXIT: dict[type[KeptError], int] = {
    RefusedError: 3,
    NotFoundError: 4,
    ConflictError: 5,
    MalformedError: 2,
    UnavailableError: 75,
    TamperedError: 70,
}

# `kept backup` answers as restic does, so that what watches the one can watch the other.
FAILED = 1
PARTIAL = 3
NO_REPOSITORY = 10
LOCKED = 11
WRONG_PASSWORD = 12


def kind_of(error: KeptError) -> type[KeptError]:
    """The row of the table that an error belongs to.

    Raises:
        LookupError: the family has grown and the table has not.
    """
    for kind in EXIT:
        if isinstance(error, kind):
            return kind
    raise LookupError(type(error).__name__)


def exit_of(error: KeptError) -> int:
    """The exit code of a failure of ours."""
    return EXIT[kind_of(error)]


class NoRepositoryError(NotFoundError):
    """There is no repository at the place that was named."""


class LockedError(ConflictError):
    """Somebody else is at work in the repository."""


def backup_exit_of(error: KeptError) -> int:
    """The exit code of a failure of `kept backup`. Source: restic manual, "Exit codes"."""
    match error:
        case NoRepositoryError():
            return NO_REPOSITORY
        case ConflictError():
            return LOCKED
        case RefusedError(code="wrong_password" | "wrong_passphrase"):
            return WRONG_PASSWORD
        case _:
            return FAILED
