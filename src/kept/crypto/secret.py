"""How does a secret travel through the program without ending up in a log?

It has no readable `repr`, `str` or format, cannot be pickled or copied, is not hashable, and is
compared in constant time. A pure value: fresh ones come from `chance.fresh_secret`.
Python cannot promise that its bytes are wiped from memory afterwards; what can be done (no core
dump, no debugger) is done by `hygiene`.
"""

import hmac
from typing import NoReturn

SECRET_BYTES = 32


class Secret:
    """Bytes that only `reveal` shows."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def reveal(self) -> bytes:
        """The bytes themselves: for a cipher or a wrap, never for a message."""
        return self._raw

    def __len__(self) -> int:
        return len(self._raw)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._raw, other._raw)

    __hash__ = None  # type: ignore[assignment]  # a hash would sit in tables and leak equality

    def __repr__(self) -> str:
        return "Secret()"

    def __str__(self) -> str:
        return "Secret()"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse pickling and copying.

        Raises:
            TypeError: always.
        """
        raise TypeError("a secret is not copied or pickled")
