"""Which wording of each promise holds now, and how does a new one come into force?

A changed promise is a new version and an act. A weaker one holds 30 days later, compared with
what holds now as well as with what was published last, so that two steps cannot slip past the
notice. Taking a promise out of the book is a weakening too: it holds for 30 more days. Nothing
published is ever changed or deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kept.base.clock import from_micros, to_micros
from kept.base.encoding import row_digest
from kept.base.errors import NotFoundError
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.promises import store
from kept.promises.model.promise import Grade, Promise
from kept.promises.model.versions import NOTICE, Version, applies_at, version_of


@dataclass(frozen=True, slots=True)
class Published:
    """A version with its two times."""

    version: Version
    published_at: datetime
    applies_at: datetime


def publish_version(
    tx: Tx, origin: str, /, *, actor: Actor, promise: Promise, now: datetime
) -> Pending[Published]:
    """Publish one new or changed promise. Records `promise.published`.

    Raises:
        MalformedError: it differs from the last version and its number did not rise by one.
    """
    new, mine = version_of(promise), [p for p in history(tx) if p.version.key == promise.key]
    holding = _holding(mine, now)
    starts = applies_at(mine[-1].version if mine else None, new, now)
    if holding is not None:  # compared as if it were the version before
        starts = max(
            starts, applies_at(replace(holding.version, version=new.version - 1), new, now)
        )
    detail = {
        "promise": new.key,
        "version": new.version,
        "identity": new.identity().hex(),
        "applies": to_micros(starts) // 1_000_000,
        "row": row_digest(new.key, new.version, to_micros(starts)),
    }
    act = Act(Kind.PROMISE_PUBLISHED, actor, HOUSE, detail=detail)
    done = record(tx, origin, act=act, now=now)
    store.insert_version(
        tx, new, published=to_micros(now), applies=to_micros(starts), act=done.act_id
    )
    return Pending(Published(new, now, starts))


def publish_book(
    tx: Tx, origin: str, /, *, actor: Actor, promises: Mapping[str, Promise], now: datetime
) -> Pending[tuple[str, ...]]:
    """Publish every promise of the book that is new, changed or taken out; their keys.

    Raises:
        MalformedError: a promise changed without a new version number.
    """
    last = {p.version.key: p.version for p in history(tx)}
    gone = store.withdrawals(tx)
    changed = [p for p in promises.values() if p.key in gone or last.get(p.key) != version_of(p)]
    dropped = [key for key in last if key not in promises and key not in gone]
    for promise in changed:
        publish_version(tx, origin, actor=actor, promise=promise, now=now)
    for key in dropped:
        withdraw_promise(tx, origin, actor=actor, key=key, now=now)
    return Pending((*(p.key for p in changed), *dropped))


def withdraw_promise(
    tx: Tx, origin: str, /, *, actor: Actor, key: str, now: datetime
) -> Pending[datetime]:
    """Take a promise back; until when it still holds. Records `promise.withdrawn`.

    Raises:
        NotFoundError: it was never made, or is taken back already.
    """
    made = {p.version.key for p in history(tx)} - set(store.withdrawals(tx))
    if key not in made:
        raise NotFoundError("No such promise is in force.")
    ends = now + NOTICE
    detail = {
        "promise": key,
        "applies": to_micros(ends) // 1_000_000,
        "row": row_digest(key, to_micros(ends)),
    }
    act = Act(Kind.PROMISE_WITHDRAWN, actor, HOUSE, detail=detail)
    done = record(tx, origin, act=act, now=now)
    store.insert_withdrawal(
        tx, key, published=to_micros(now), applies=to_micros(ends), act=done.act_id
    )
    return Pending(ends)


def history(tx: Tx, /) -> list[Published]:
    """Every version ever published, by key, oldest first. Reads only."""
    return [
        Published(version, from_micros(published), from_micros(applies))
        for version, published, applies in store.versions(tx)
    ]


def in_force(tx: Tx, /, *, now: datetime) -> list[Promise]:
    """The promises as they hold at `now`, in the order of their keys. Reads only."""
    over = {key for key, at in store.withdrawals(tx).items() if at <= to_micros(now)}
    by_key: dict[str, list[Published]] = {}
    for published in (p for p in history(tx) if p.version.key not in over):
        by_key.setdefault(published.version.key, []).append(published)
    holding = (_holding(versions, now) for versions in by_key.values())
    return [_promise(one.version) for one in holding if one is not None]


def _holding(versions: list[Published], now: datetime) -> Published | None:
    applied = [p for p in versions if p.applies_at <= now]
    return applied[-1] if applied else None


def _promise(version: Version) -> Promise:
    return Promise(
        key=version.key,
        kind=version.kind,
        version=version.version,
        grade=tuple(Grade(letter) for letter in version.grade),
        text=version.text,
        bound=timedelta(microseconds=version.bound_us) if version.bound_us else None,
        target=version.target,
        calendar=version.calendar,
        scope=_split(version.scope),
        exceptions=_split(version.exceptions),
        months=version.months,
        people=version.people,
    )


def _split(joined: str) -> frozenset[str]:
    return frozenset(joined.split(",")) if joined else frozenset()
