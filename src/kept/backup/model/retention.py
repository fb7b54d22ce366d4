"""Which snapshots does a policy keep, and why?

The rules are restic's: newest first, those of one time in the order given; one reason is enough;
a rule that counts keeps the newest snapshot of each hour, day, ISO week, month or year until its
count is used up, and the very oldest snapshot as long as counts are left; -1 never runs out; a
rule `within` reaches back from the newest snapshot that does not lie in the future. Hours and days
are those of the snapshot's own clock, in its offset. When to stop and ask is in `forgetting`.
Source: restic manual, "Removing snapshots according to a policy"; restic's published vectors
`policy_keep_snapshots_*`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Self

from kept.backup.model.spans import Span
from kept.base.errors import MalformedError

ALL = -1  # a count that never runs out
MOST_COUNT = 100_000
NO_SPAN = Span()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A snapshot as retention sees it.

    `id` is its name (64 hex digits); `time` is aware, in the offset of the machine that made it;
    `size` counts the bytes of its files, None where the snapshot does not say.
    """

    id: str
    time: datetime
    tags: tuple[str, ...] = ()
    host: str = ""
    paths: tuple[str, ...] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What to keep. Counts are -1 (all), 0 (no such rule) or more; a span of 0 is no rule.

    Any of `tags` keeps a snapshot that has all the tags of that set; "" in it means: has none.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: Span = NO_SPAN
    within_hourly: Span = NO_SPAN
    within_daily: Span = NO_SPAN
    within_weekly: Span = NO_SPAN
    within_monthly: Span = NO_SPAN
    within_yearly: Span = NO_SPAN
    tags: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if any(not ALL <= count <= MOST_COUNT for count in self.counts.values()):
            raise MalformedError("retention", "a count is -1 to 100000")
        if any(not wanted for wanted in self.tags):
            raise MalformedError("retention", "a set of tags is empty")

    @property
    def counts(self) -> dict[str, int]:
        """The rules that count, in restic's order."""
        return {
            "last": self.last,
            "hourly": self.hourly,
            "daily": self.daily,
            "weekly": self.weekly,
            "monthly": self.monthly,
            "yearly": self.yearly,
        }

    @property
    def spans(self) -> dict[str, Span]:
        """The rules that keep one of each within a span, in restic's order."""
        return {
            "hourly": self.within_hourly,
            "daily": self.within_daily,
            "weekly": self.within_weekly,
            "monthly": self.within_monthly,
            "yearly": self.within_yearly,
        }

    @property
    def is_empty(self) -> bool:
        """Whether it would keep nothing at all."""
        rules = (*self.counts.values(), self.within, *self.spans.values(), self.tags)
        return not any(rules)

    @property
    def longest(self) -> Span | None:
        """How far back it reaches at most; None where no end can be told, or nothing is kept."""
        if self.is_empty or self.tags or any(self.counts.values()):
            return None
        return max((self.within, *self.spans.values()), key=_rough_hours)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one line: `last 3, within 7d, daily within 35d, monthly 12, yearly all, tag a+b`.

        Raises:
            MalformedError: an unknown rule, one that stands there twice, a number out of range.
        """
        found: dict[str, int | Span] = {}
        tags: list[tuple[str, ...]] = []
        for part in filter(None, (one.strip() for one in text.split(","))):
            if wanted := _TAG.fullmatch(part):
                tags.append(tuple(wanted["tags"].split("+")))
                continue
            name, value = _rule(part)
            if name in found:
                raise MalformedError("retention", f"two rules for {name}")
            found[name] = value
        return cls(**found, tags=tuple(tags))  # pyright: ignore[reportArgumentType]
        # `_rule` gives counts and spans their own names

    def __str__(self) -> str:
        """The line that `parse` reads."""
        rules = [f"{name} {'all' if n == ALL else n}" for name, n in self.counts.items() if n]
        rules += [f"within {self.within}"] if self.within else []
        rules += [f"{name} within {span}" for name, span in self.spans.items() if span]
        rules += ["tag " + "+".join(wanted) for wanted in self.tags]
        return ", ".join(rules)


_TAG = re.compile(r"tag (?P<tags>[^\s,]+)")
_RULE = re.compile(
    r"(?:(?P<name>last|hourly|daily|weekly|monthly|yearly) (?P<count>all|\d{1,6})"
    r"|(?:(?P<each>hourly|daily|weekly|monthly|yearly) )?within (?P<span>\w+))"
)


def _rule(text: str) -> tuple[str, int | Span]:
    found = _RULE.fullmatch(text)
    if not found:
        raise MalformedError("retention", "a rule is like `daily 7` or `daily within 35d`")
    if found["name"]:
        return found["name"], ALL if found["count"] == "all" else int(found["count"])
    return f"within_{found['each']}" if found["each"] else "within", Span.parse(found["span"])


def _rough_hours(span: Span) -> int:
    return ((span.years * 366 + span.months * 31) + span.days) * 24 + span.hours


DEFAULT = Policy(
    within=Span(days=7),
    within_daily=Span(days=35),
    within_weekly=Span(months=3),
    within_monthly=Span(months=12),
)


@dataclass(frozen=True, slots=True)
class KeptOne:
    """A snapshot that stays: every rule that keeps it, and what the counting rules have left."""

    snapshot: Candidate
    reasons: tuple[str, ...]
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a policy says of a list of snapshots, both newest first."""

    keep: tuple[KeptOne, ...]
    remove: tuple[Candidate, ...]


Bucket = Callable[[datetime, int], tuple[int, ...]]
_BUCKETS: dict[str, Bucket] = {
    "last": lambda _at, place: (place,),
    "hourly": lambda at, _: (at.year, at.month, at.day, at.hour),
    "daily": lambda at, _: (at.year, at.month, at.day),
    "weekly": lambda at, _: at.isocalendar()[:2],
    "monthly": lambda at, _: (at.year, at.month),
    "yearly": lambda at, _: (at.year,),
}


class _Rule:
    """One rule that keeps one snapshot of each bucket, by count or within a span."""

    def __init__(self, name: str, left: int, *, since: datetime | None, suffix: str) -> None:
        self.name, self.left = name, left
        self._since, self._suffix = since, suffix
        self._bucket, self._newest = _BUCKETS[name], None

    def reason(self, at: datetime, place: int, *, is_oldest: bool) -> str | None:
        """Why this rule keeps the snapshot at `place`, if it does; counts it."""
        if not self.left or (self._since is not None and at <= self._since):
            return None
        bucket = self._bucket(at, place)
        is_known = bucket == self._newest
        if is_known and not is_oldest:
            return None
        self._newest = bucket
        self.left -= self.left > 0
        return f"{'oldest ' if is_known else ''}{self.name} {self._suffix}"


def apply(policy: Policy, snapshots: Sequence[Candidate], *, now: datetime) -> Sorted:
    """What the policy keeps of one group of snapshots. An empty policy keeps none.

    Args:
        policy: the rules.
        snapshots: of one host and set of paths, in any order.
        now: aware; snapshots from here on do not move `within`.
    """
    ordered = sorted(snapshots, key=lambda one: one.time, reverse=True)
    latest = max((one.time for one in ordered if one.time < now), default=None)
    counting = [
        _Rule(name, count, since=None, suffix="snapshot") for name, count in policy.counts.items()
    ]
    reaching = [
        _Rule(name, ALL, since=_back(latest, span), suffix=f"within {span}")
        for name, span in policy.spans.items()
        if span
    ]
    keep, remove = list[KeptOne](), list[Candidate]()
    for place, one in enumerate(ordered):
        is_oldest = place == len(ordered) - 1
        reasons = [f"has tags [{', '.join(t)}]" for t in policy.tags if _has(one.tags, t)]
        since = _back(latest, policy.within)
        if policy.within and (since is None or one.time > since):
            reasons.append(f"within {policy.within}")
        for rule in (*counting, *reaching):
            reason = rule.reason(one.time, place, is_oldest=is_oldest)
            reasons += [reason] if reason else []
        if reasons:
            left = {rule.name: rule.left for rule in counting if rule.left}
            keep.append(KeptOne(one, tuple(reasons), MappingProxyType(left)))
        else:
            remove.append(one)
    return Sorted(tuple(keep), tuple(remove))


def _back(latest: datetime | None, span: Span) -> datetime | None:
    """The end of a span; None where no snapshot can be trusted to say when it is: keep all."""
    return None if latest is None else span.before(latest)


def _has(tags: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return all(tag in tags if tag else not tags for tag in wanted)
