"""How does an act come into the ledger? In the transaction that does the deed.

Rules: exactly one call per act; the entry is finished here, so that sequencing later needs no
secret; the opening of a person's act is sealed under the person's own key, that of a house act is
public. What is not recorded did not happen: the vault hands nothing out before this is durable.
Source: `docs/formats/ledger.md`, entry and opening.
"""

from collections.abc import Sequence
from datetime import datetime

from kept.base.clock import to_micros
from kept.crypto import chance, places
from kept.crypto.sealing import SealKey, seal
from kept.db.seam import Tx, Value
from kept.ledger.entry import (
    SALT_BYTES,
    TAG_BYTES,
    Entry,
    Opening,
    encode_detail,
    hour_of,
    tag_of,
)
from kept.ledger.model import Act, Recorded, Subject
from kept.ledger.store import act_rows, outbox

OPENING_VERSION = 1  # key version in the envelope of an opening: trail secrets never rotate


def record(
    tx: Tx, origin: str, /, *, act: Act, subject: Subject | None = None, now: datetime
) -> Recorded:
    """Record one act of this transaction.

    Raises:
        MalformedError: the detail breaks the limits of canonical JSON.
    """
    n = act_rows.next_count(tx, subject.person_n) if subject else None
    act_id = act_rows.insert_act(tx, _columns(act, subject, n, now))
    sealed, entry = _finished(origin, act, subject, n=n, act_id=act_id, now=now)
    outbox.insert_opening(tx, act_id, sealed=sealed, entry=entry)
    return Recorded(act_id, n)


def record_first(
    tx: Tx, origin: str, /, *, acts: Sequence[tuple[Act, Subject]], now: datetime
) -> list[Recorded]:
    """Record the first act of many people who are new in this transaction, in bulk.

    Raises:
        MalformedError: a detail breaks the limits of canonical JSON.
    """
    numbers = act_rows.reserve_acts(tx, len(acts))
    rows: list[tuple[Value, ...]] = []
    openings: list[tuple[int, bytes, bytes]] = []
    for act_id, (act, subject) in zip(numbers, acts, strict=True):
        rows.append((act_id, *_columns(act, subject, 0, now).values()))
        openings.append((act_id, *_finished(origin, act, subject, n=0, act_id=act_id, now=now)))
    act_rows.insert_acts(tx, rows)
    act_rows.insert_counters(tx, [subject.person_n for _, subject in acts])
    outbox.insert_openings(tx, openings)
    return [Recorded(act_id, 0) for act_id in numbers]


def _columns(act: Act, subject: Subject | None, n: int | None, now: datetime) -> dict[str, Value]:
    """In the order of the statement."""
    return {
        "kind": act.kind.value,
        "actor": str(act.actor),
        "role": act.actor.role,
        "purpose": act.purpose,
        "person": subject.person_n if subject else None,
        "n": n,
        "categories": act.mask,
        "at": to_micros(now),
    }


def _finished(
    origin: str,
    act: Act,
    subject: Subject | None,
    *,
    n: int | None,
    act_id: int,
    now: datetime,
) -> tuple[bytes, bytes]:
    """The opening to store, sealed if a person's, and the 256 bytes for the log."""
    detail = encode_detail(
        actor=str(act.actor), at=now, categories=act.categories, n=n, more=act.detail
    )
    opening = Opening(chance.draw(SALT_BYTES), detail)
    c = opening.commitment
    if subject is None or n is None:
        tag, stored = chance.draw(TAG_BYTES), opening.encode()
    else:
        tag = tag_of(subject.tag_key.reveal(), n)
        stored = seal(
            SealKey(subject.opening_key),
            opening.encode(),
            places.opening(origin=origin, act_id=act_id, c=c),
            key_version=OPENING_VERSION,
        )
    entry = Entry(
        kind=act.kind.value,
        purpose=act.purpose,
        role=act.actor.role,
        hour=hour_of(now),
        tag=tag,
        commitment=c,
    )
    return stored, entry.encode()
