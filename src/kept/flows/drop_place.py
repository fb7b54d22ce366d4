"""How does a place for copies go off the list? Nothing at it is touched, and nothing is claimed.

A place of keys that still holds a copy stays on the list: whoever is erased later could be read
from that copy, and nobody would wait for it any more. It goes when its owner says that the copy is
destroyed; what waited for that copy alone is then erased everywhere.
"""

from kept.backup.acts import places
from kept.flows.back_up import CopyParts
from kept.flows.copy_keys import confirm_erased
from kept.ledger.model import Actor


def drop_place(
    parts: CopyParts, name: str, /, *, actor: Actor, is_copy_destroyed: bool = False
) -> None:
    """Take a place off the list. Records `backup.place_removed`, and who is erased everywhere now.

    Args:
        parts: of the house.
        name: of the place.
        actor: who wants it.
        is_copy_destroyed: of a place of keys: the owner says that the copy there is no more.

    Raises:
        NotFoundError: no such place.
        ConflictError: a copy to it is under way.
        RefusedError: a copy of the keys lies there.
        UnavailableError: data.db cannot be written.
    """
    parts.db.write(
        lambda tx: places.remove_place(
            tx,
            parts.vault.origin,
            actor=actor,
            name=name,
            is_copy_destroyed=is_copy_destroyed,
            now=parts.clock.now(),
        )
    )
    confirm_erased(parts)
