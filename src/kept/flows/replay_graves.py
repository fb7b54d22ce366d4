"""What did a copy of older data bring back? Undone before anybody is served.

keys.db outlives every copy of data.db: its tombstones and withdrawals say what old data no longer
may say. Everybody buried who stands there again is erased again; a consent that was taken back
after its last yes is taken back again. Both are done at every start and find nothing on most.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kept.base.errors import RefusedError
from kept.base.ids import PersonId
from kept.crypto.chance import draw
from kept.flows.forget_person import ForgetParts, forget_people
from kept.vault.acts import consent, erase, listing
from kept.vault.acts.erase import TOKEN_BYTES
from kept.vault.model.graves import Grave

AT_ONCE = 500
SCAN = 20_000  # ids compared in one read


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was undone."""

    erased: int
    withdrawn: int


def replay_graves(parts: ForgetParts, /, *, forgets_keyless: bool = False) -> Replayed:
    """Undo what old data brought back.

    Args:
        parts: what forgetting needs.
        forgets_keyless: erase people whose keys are lost without a trace, instead of refusing.

    Raises:
        RefusedError: people have no keys, and nobody erased them: keys.db is not this data's.
        KeptError: an erasing did not succeed; the next start goes on from there.
    """
    graves = list(_standing_again(parts, parts.vault.keys.graves()))
    graves += _lost(parts, forgets_keyless=forgets_keyless)
    for grave in graves:
        parts.vault.keys.bury(grave)
        parts.vault.keys.destroy(grave.person)
        parts.db.write(lambda tx, grave=grave: erase.erase_again(tx, grave, now=parts.clock.now()))
    if graves:
        forget_people(parts)
    return Replayed(len(graves), _withdraw_again(parts))


def _standing_again(parts: ForgetParts, graves: Sequence[Grave]) -> Iterator[Grave]:
    for start in range(0, len(graves), AT_ONCE):
        some = graves[start : start + AT_ONCE]
        yield from parts.db.read(lambda tx, some=some: erase.standing_again(tx, some))


def _lost(parts: ForgetParts, *, forgets_keyless: bool) -> list[Grave]:
    """People without a key and without a tombstone.

    Raises:
        RefusedError: there are some, and they may not be erased.
    """
    now = parts.clock.now()
    graves = [Grave(person, now, 0, draw(TOKEN_BYTES)) for person in _without_keys(parts)]
    if graves and not forgets_keyless:
        raise RefusedError(
            "keys_missing",
            f"{len(graves)} people are here whose keys are not in keys.db: it is missing, older"
            " than data.db, or another house's. Put the newest keys.db in its place. Nothing was"
            " changed. If it is lost for good, start once with KEPT_FORGET_KEYLESS=1: their"
            " records, which nobody can open any more, are then erased.",
        )
    return graves


def _without_keys(parts: ForgetParts) -> list[PersonId]:
    """Living people who have no key."""
    buried = {grave.person for grave in parts.vault.keys.graves()}
    found: list[PersonId] = []
    after = b""
    while ids := parts.db.read(lambda tx, after=after: listing.ids_after(tx, after, SCAN)):
        keyless = [PersonId(raw) for raw in parts.vault.keys.keyless(ids)]
        living = parts.db.read(lambda tx, some=keyless: listing.living(tx, some))
        found += [person for person in living if person not in buried]
        after = ids[-1]
    return found


def _withdraw_again(parts: ForgetParts) -> int:
    revoked = parts.vault.keys.revocations()
    done = 0
    for start in range(0, len(revoked), AT_ONCE):
        some = revoked[start : start + AT_ONCE]
        open_again = parts.db.read(
            lambda tx, some=some: consent.given_before(tx, parts.vault, some)
        )
        for person, purpose in open_again:
            parts.db.write(
                lambda tx, person=person, purpose=purpose: consent.withdraw_again(
                    tx, parts.vault, person=person, purpose=purpose, now=parts.clock.now()
                )
            )
        done += len(open_again)
    return done
