"""What stays of somebody erased?"""

from dataclasses import dataclass
from datetime import datetime

from kept.base.ids import PersonId


@dataclass(frozen=True, slots=True)
class Grave:
    """What keys.db keeps of somebody erased: nothing personal. `token_sha256` is of the link."""

    person: PersonId
    at: datetime
    act: int
    token_sha256: bytes
