"""Which failures exist inside Kept, and what each means to whoever called?

One family: raised where the fact is known, turned into an HTTP problem in `web.problems` and an
exit code in `cli.exits`, nowhere else. A message says what happened, what was not lost and what
to do, and never holds a secret or a person's value.
"""

from datetime import timedelta


class KeptError(Exception):
    """Root of the family; never raised itself."""


class RefusedError(KeptError):
    """A rule says no. `code` is stable and machine-readable, `reason` is public text."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NotFoundError(KeptError):
    """Absent, or not for this actor: the two are told apart nowhere outside."""


class ConflictError(KeptError):
    """The state moved on, or the same key came with another body."""


class MalformedError(KeptError):
    """Input fails its `parse`. `where` names the place; the value itself is never echoed."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class UnavailableError(KeptError):
    """An engine, disk or provider is away; nothing was recorded. Try again after `retry_after`."""

    def __init__(self, what: str, *, retry_after: timedelta = timedelta(seconds=5)) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class TamperedError(KeptError):
    """A hash, tag or signature does not match. `what` names the thing, never its content."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} was changed after it was written")
        self.what = what
