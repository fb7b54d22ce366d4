"""What did a colleague's search just show? So that going on to the page is no second look.

The find is the act. What its mask let through stays for two minutes in this process, for the
session that searched; the page shows it again without opening anything. Afterwards a look at the
page is an act of its own.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kept.base.ids import PersonId
from kept.vault.acts.find import Found

LIFE = timedelta(minutes=2)
MOST = 500  # answers kept in one process


@dataclass(slots=True)
class JustFound:
    """The newest answers to searches, by session and person."""

    answers: dict[tuple[str, PersonId], tuple[datetime, Found]] = field(
        default_factory=dict[tuple[str, PersonId], tuple[datetime, Found]]
    )

    def keep(self, session: str, found: list[Found], *, now: datetime) -> None:
        """Keep what a search answered."""
        for one in found:
            self.answers.pop((session, one.person), None)
            self.answers[session, one.person] = (now, one)
        old = [key for key, (at, _) in list(self.answers.items()) if now - at > LIFE]
        for key in (*old, *list(self.answers)[:-MOST]):
            self.answers.pop(key, None)

    def shown(self, session: str, person: PersonId, *, now: datetime) -> Found | None:
        """What this session was shown of somebody a moment ago."""
        at, found = self.answers.get((session, person), (None, None))
        return found if at is not None and timedelta(0) <= now - at <= LIFE else None

    def forget(self, person: PersonId) -> None:
        """Drop what was shown of somebody whose data changes."""
        for key in [key for key in list(self.answers) if key[1] == person]:
            self.answers.pop(key, None)
