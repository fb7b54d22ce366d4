"""How are the ways into the house renewed: the passphrase, the recovery words?

The caller shows that the house is theirs by the passphrase or the words, also beside a running
server. First all is made and proved, then the act is durable, then the ring is replaced.
"""

from dataclasses import replace

from kept.base.encoding import Json
from kept.base.errors import ConflictError, MalformedError
from kept.cli.commands.call import Call
from kept.crypto import keyring_file
from kept.crypto.chance import fresh_secret
from kept.crypto.keyring import Keyring, Opened, WrapRole, open_with
from kept.crypto.ports import RootProvider
from kept.crypto.rewrap import rewrapped
from kept.crypto.secret import Secret
from kept.crypto.words import to_words
from kept.vault.acts.rewrap import record_rewrap
from kept.wiring.house import root_provider
from kept.wiring.ways_in import identity_root, open_by_words, passphrase_root

RECOVER = "keyring recover"


def change_passphrase(call: Call) -> Json:
    """The same keys behind a new passphrase; the old one opens this ring no more."""
    ring = _ring(call)
    opened = open_with(ring, _own_root(call, ring))
    return _renew(
        call,
        ring,
        opened,
        provider=passphrase_root(_new(call)),
        role="operational",
        why="changed",
    )


def renew_words(call: Call) -> Json:
    """New recovery words, told this once; the old ones open this ring no more."""
    ring = _ring(call)
    opened = open_with(ring, _own_root(call, ring))
    identity = fresh_secret()
    provider = identity_root(identity)
    done = _renew(call, ring, opened, provider=provider, role="recovery", why="changed")
    return {**done, "recovery_words": " ".join(to_words(identity))}


def recover(call: Call) -> Json:
    """A new passphrase by the recovery words; says whether the mark is missing, as after a copy."""
    ring = _ring(call)
    opened = open_by_words(ring, call.text("words"))
    done = _renew(
        call,
        ring,
        opened,
        provider=passphrase_root(_new(call)),
        role="operational",
        why="recovered",
    )
    is_missing = not call.house.place.high_water.exists()
    return {**done, "folder": str(call.house.place.root), "is_mark_missing": is_missing}


def _ring(call: Call) -> Keyring:
    if call.house.is_demo:
        raise ConflictError("A demo's passphrase lies in its folder for everybody: it stays.")
    return keyring_file.load(call.house.place.keyring)


def _own_root(call: Call, ring: Keyring) -> RootProvider:
    """The operational way in, with the passphrase that the caller gave and no other."""
    given = call.text("old")
    phrase = Secret(given.encode()) if given else None
    return root_provider(ring, replace(call.house.settings, passphrase=phrase))


def _new(call: Call) -> str:
    if not (given := call.text("new")):
        raise MalformedError("new passphrase", "is missing")
    return given


def _renew(
    call: Call,
    ring: Keyring,
    opened: Opened,
    /,
    *,
    provider: RootProvider,
    role: WrapRole,
    why: str,
) -> dict[str, Json]:
    house = call.house
    made = rewrapped(ring, opened, provider, role)
    act = house.db.write(
        lambda tx: record_rewrap(
            tx, house.vault, actor=call.actor, role=role, why=why, now=house.clock.now()
        )
    )
    keyring_file.save(house.place.keyring, made)
    return {"act": act, "role": role}
