"""Which wording was in force, and is the new one weaker? Versions of one promise, compared.

A version is `(key, version, sha256 of each text, kind, bound, calendar, grade)`; its identity is
the hash of those. Weaker is: a longer limit or period, a lower target, a smaller scope, more
exceptions, a weaker grade, another calendar, another kind, another text, removal. What cannot be
put in order counts as weaker; nothing is asked from the owner. Before the first publication
nothing is weaker. A weaker version holds 30 days after it was published, a stronger one at once.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.base.errors import MalformedError
from kept.promises.model.promise import Grade, Kind, Promise
from kept.vault.model.rules import Text

NOTICE = timedelta(days=30)
_TAG = "kept-promise/v1"  # domain separation of the identity
_STRENGTH = {Grade.CONFIRMED: 1, Grade.OUTSIDE: 1, Grade.MEASURED: 1, Grade.DECLARED: 0}


@dataclass(frozen=True, slots=True)
class Version:
    """What a receipt or dispute points at. Numbers in the texts are still placeholders.

    Args:
        bound_us: microseconds, 0 where the kind has none.
        scope: sorted, joined by commas; empty means everything.
        exceptions: sorted, joined by commas.
    """

    key: str
    version: int
    text: Text
    kind: Kind
    bound_us: int
    target: int
    calendar: str
    grade: str
    scope: str
    exceptions: str
    months: int
    people: int

    def text_sha256(self) -> dict[str, str]:
        """Hex SHA-256 of each text, by language."""
        return {
            lang: hashlib.sha256(self.text.get(lang).encode()).hexdigest() for lang in ("en", "ru")
        }

    def identity(self) -> bytes:
        """32 bytes that name exactly this wording, bound, calendar and grade."""
        texts = self.text_sha256()
        fields = (
            _TAG, self.key, self.version, texts["en"], texts["ru"], self.kind, self.bound_us,
            self.target, self.calendar, self.grade, self.scope, self.exceptions, self.months,
            self.people,
        )  # fmt: skip
        return hashlib.sha256("\n".join(str(part) for part in fields).encode()).digest()


def version_of(promise: Promise) -> Version:
    """The version a promise of the book stands for."""
    return Version(
        key=promise.key,
        version=promise.version,
        text=promise.text,
        kind=promise.kind,
        bound_us=promise.bound // timedelta(microseconds=1) if promise.bound else 0,
        target=promise.target,
        calendar=promise.calendar,
        grade="".join(promise.grade),
        scope=",".join(sorted(promise.scope)),
        exceptions=",".join(sorted(promise.exceptions)),
        months=promise.months,
        people=promise.people,
    )


def is_weaker(old: Version, new: Version | None) -> bool:
    """Whether `new` promises less than `old` in any respect; None is removal."""
    if new is None:
        return True
    return any((
        (new.kind, new.calendar, new.text) != (old.kind, old.calendar, old.text),
        new.bound_us > old.bound_us,
        new.target < old.target,
        new.months > old.months,
        new.people > old.people,
        _shrinks(old.scope, new.scope),
        not _set(new.exceptions) <= _set(old.exceptions),
        _loses_grade(old.grade, new.grade),
    ))


def _set(joined: str) -> frozenset[str]:
    return frozenset(joined.split(",")) if joined else frozenset()


def _shrinks(old: str, new: str) -> bool:
    if not new:  # everything
        return False
    return not old or not _set(old) <= _set(new)


def _loses_grade(old: str, new: str) -> bool:
    """Any voice lost counts, unless it was only a declaration and something stronger came."""
    lost = [grade for grade in Grade if grade in old and grade not in new]
    best = max(_STRENGTH[grade] for grade in Grade if grade in new)
    return any(_STRENGTH[grade] >= best for grade in lost)


def applies_at(old: Version | None, new: Version, now: datetime) -> datetime:
    """From when the new version holds.

    Raises:
        MalformedError: it changes something but its number did not rise by one.
    """
    if old is None:
        return now
    if new.version != old.version + 1:
        raise MalformedError(f"promise.{new.key}.version", f"must be {old.version + 1}")
    return now + NOTICE if is_weaker(old, new) else now
