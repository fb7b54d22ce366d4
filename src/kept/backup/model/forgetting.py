"""May these snapshots be forgotten, or must a person look first?

The policy is applied on a trusted host to what clients wrote, and clients lie: snapshots with
chosen times push real ones out, and one in the far future defeats every rule that counts back.
So the host notes when it first saw each snapshot. Then, in order:
1. A snapshot dated later than now is quarantined: kept, named, and no rule counts it.
2. One whose own time cannot be true counts at the time it was first seen. It can be true between
   the host's look before and that first sight, an hour more on either side.
3. The host's own clock may have been wrong. A sight later than now says nothing: the own time
   counts. Where the clock stood still between the two looks and the own time cannot be true
   either, nobody knows when it was made: quarantined too.
4. The rest is `retention`, for each host and set of paths apart.
5. Stop and ask: more than half of a group would go; its newest is less than half of the usual
   size, or no longer says its size; no drill passed for 35 days; one later than now is none.
Source: restic/restic#22057, restic/rest-server#292; decisions 0042, 0043.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from statistics import median

from kept.backup.model.retention import Candidate, KeptOne, Policy, apply
from kept.base.errors import RefusedError

SLACK = timedelta(hours=1)  # what two honest clocks may differ
DRILL_WITHIN = timedelta(days=35)
MOST_DROPPED = 0.5
LEAST_OF_USUAL = 0.5
USUAL_OF = 7  # newest snapshots
GRACE = timedelta(days=14)  # a forgotten snapshot can be brought back this long


@dataclass(frozen=True, slots=True)
class Sight:
    """When the trusted host first saw a snapshot, and when it had looked before that; aware."""

    before: datetime
    first: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """What a host has noted of a place.

    Args:
        sights: by snapshot id.
        looked_at: when it listed all snapshots last; None: never.
        drills: when drills passed.
    """

    sights: Mapping[str, Sight]
    looked_at: datetime | None
    drills: tuple[datetime, ...] = ()

    def by_now(self, ids: Iterable[str], now: datetime) -> dict[str, Sight]:
        """Sights of these, those among them that are seen now for the first time."""
        found = dict(self.sights)
        if self.looked_at is not None:
            for one in ids:
                found.setdefault(one, Sight(self.looked_at, now))
        return found

    def drilled_at(self, now: datetime) -> datetime | None:
        """When a drill passed last; what a clock that ran ahead wrote down is left out."""
        return max((at for at in self.drills if at <= now + SLACK), default=None)


class Brake(StrEnum):
    """Why a forget stops and asks."""

    MANY = "more than half would go"
    SHRUNK = "the newest is much smaller"
    UNSIZED = "the newest no longer says its size"
    UNDRILLED = "no drill passed for 35 days"


@dataclass(frozen=True, slots=True)
class Group:
    """What happens to the snapshots of one host and set of paths."""

    host: str
    paths: tuple[str, ...]
    keep: tuple[KeptOne, ...]
    remove: tuple[Candidate, ...]
    quarantined: tuple[Candidate, ...]
    misdated: tuple[Candidate, ...]
    brakes: tuple[Brake, ...]


@dataclass(frozen=True, slots=True)
class ForgetPlan:
    """What would be forgotten, and what a person has to answer first."""

    groups: tuple[Group, ...]
    brakes: tuple[Brake, ...]

    @property
    def remove(self) -> tuple[Candidate, ...]:
        """Every snapshot that would go."""
        return tuple(chain.from_iterable(group.remove for group in self.groups))

    @property
    def must_ask(self) -> bool:
        """Whether anything would go for which a brake is on."""
        return any(group.remove and (group.brakes or self.brakes) for group in self.groups)


def plan(
    policy: Policy,
    snapshots: Sequence[Candidate],
    sights: Mapping[str, Sight],
    *,
    now: datetime,
    drilled_at: datetime | None,
) -> ForgetPlan:
    """What the policy would forget.

    Args:
        policy: not empty.
        snapshots: all of the repository.
        sights: by snapshot id. Without one a snapshot was there before this host began to look:
            its own time counts.
        now: aware, of the trusted host.
        drilled_at: when a drill last passed; None: never.

    Raises:
        RefusedError: the policy is empty, and would keep nothing.
    """
    if policy.is_empty:
        raise RefusedError("empty_policy", "A policy that keeps nothing is refused. Name a rule.")
    grouped: dict[tuple[str, tuple[str, ...]], list[Candidate]] = {}
    for one in snapshots:
        grouped.setdefault((one.host, tuple(sorted(one.paths))), []).append(one)
    groups = tuple(_group(policy, found, sights, now=now) for _, found in sorted(grouped.items()))
    is_drilled = drilled_at is not None and now - drilled_at <= DRILL_WITHIN
    return ForgetPlan(groups, () if is_drilled else (Brake.UNDRILLED,))


def counted_time(one: Candidate, sight: Sight | None, *, now: datetime) -> datetime | None:
    """The time the policy goes by, in the snapshot's own offset; None where nobody knows it."""
    if one.time > now + SLACK:
        return None
    if sight is None or sight.first > now + SLACK:
        return one.time
    if sight.before - SLACK <= one.time <= sight.first + SLACK:
        return one.time
    return None if sight.first <= sight.before else sight.first.astimezone(one.time.tzinfo)


def _group(
    policy: Policy, found: list[Candidate], sights: Mapping[str, Sight], *, now: datetime
) -> Group:
    timed = [(one, counted_time(one, sights.get(one.id), now=now)) for one in found]
    own = {one.id: one for one in found}
    counted = [replace(one, time=at) for one, at in timed if at is not None]
    result = apply(policy, counted, now=now + 2 * SLACK)
    keep = tuple(replace(kept, snapshot=own[kept.snapshot.id]) for kept in result.keep)
    newest = sorted(counted, key=lambda one: one.time, reverse=True)
    return Group(
        host=found[0].host,
        paths=tuple(sorted(found[0].paths)),
        keep=keep,
        remove=tuple(own[one.id] for one in result.remove),
        quarantined=tuple(one for one, at in timed if at is None),
        misdated=tuple(own[one.id] for one in counted if one.time != own[one.id].time),
        brakes=_brakes(newest, dropped=len(result.remove)),
    )


def _brakes(newest: list[Candidate], *, dropped: int) -> tuple[Brake, ...]:
    brakes = [Brake.MANY] if dropped > MOST_DROPPED * len(newest) else []
    sizes = [one.size for one in newest[:USUAL_OF]]
    known = [size for size in sizes if size is not None]
    if known and sizes[0] is None:
        brakes.append(Brake.UNSIZED)
    elif known and known[0] < LEAST_OF_USUAL * median(known):
        brakes.append(Brake.SHRUNK)
    return tuple(brakes)
