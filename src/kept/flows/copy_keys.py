"""How are the keys copied, so that a lost machine loses nobody, and an erased person stays erased?

keys.db and keyring.json, packed as a tar and sealed with age to the recovery identity: Debian's
`age -d | tar x` opens it with the words on paper. Only the newest is kept, at places of their own;
it is replaced after each destroyed key, after an import and daily. A person is erased everywhere
when every such place was replaced after their keys were destroyed.
"""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kept.backup.acts import places, proofs
from kept.backup.model.places import Holds, KnownPlace
from kept.backup.sources.databases import staging, wipe
from kept.base.clock import to_micros
from kept.base.errors import RefusedError, TamperedError, UnavailableError
from kept.crypto import age
from kept.crypto.secret import Secret
from kept.db.seam import Tx
from kept.flows.back_up import COPIER, CopyParts, access_of
from kept.flows.copy_orders import Failed, KeysOrder
from kept.ledger.acts import counts
from kept.ledger.model import Actor, Kind
from kept.vault.acts import erase

DAILY = timedelta(days=1)
KEYS_DUMP = "keys.dump"  # PostgreSQL's
FILES = ("keyring.json", "keys.db", KEYS_DUMP)
_MOST_BYTES = 8 << 30
_MODE = 0o600
_WHAT = "the copy of the keys"


@dataclass(frozen=True, slots=True)
class KeyCopy:
    """What came of one place: its act, or why not."""

    place: KnownPlace
    act: int | None
    failed: Failed | None = None


def are_keys_due(tx: Tx, /, *, now: datetime) -> bool:
    """Whether a copy of keys is a day old, or keys were destroyed or made since. Reads only."""
    known = [one for one in places.places(tx, holds=Holds.KEYS) if one.is_enabled]
    begun = [proofs.key_copy_began(tx, one) for one in known]
    if not known:
        return False
    oldest = min((at for at in begun if at is not None), default=None)
    if oldest is None or None in begun or now - oldest >= DAILY:
        return True
    destroyed = erase.newest_in_copies(tx)
    if destroyed is not None and destroyed > oldest:
        return True
    return counts.count_acts(tx, (Kind.IMPORT_DONE,), since=oldest) > 0


def copy_keys(parts: CopyParts, /, *, actor: Actor = COPIER) -> tuple[KeyCopy, ...]:
    """Replace the copy of keys at every place; then tell who is erased everywhere.

    Records `key_copy.replaced` for each place, and `erased_everywhere` for each erasure that no
    copy holds back any more. Killed at any point, the next call does it again.

    Raises:
        RefusedError: the keyring has no recovery identity to seal to.
        UnavailableError: keys.db or the keyring cannot be read, or data.db not be written.
    """
    known = parts.db.read(lambda tx: places.places(tx, holds=Holds.KEYS))
    enabled = [one for one in known if one.is_enabled]
    if not enabled:
        return ()
    if not parts.secrets.recipients:
        raise RefusedError(
            "backup.no_recovery",
            "There are no recovery words to lock a copy of the keys with. Make new ones first.",
        )
    began = parts.clock.now()
    with staging(parts.folder) as into:
        sealed = into / "keys.age"
        sealed.write_bytes(age.encrypt(Secret(_packed(parts, into)), parts.secrets.recipients))
        done = tuple(_put(parts, one, sealed, began=began, actor=actor) for one in enabled)
    confirm_erased(parts)
    return done


def confirm_erased(parts: CopyParts, /) -> int:
    """Tell who is erased everywhere by now; how many.

    Every place of keys counts, those that are switched off too: what lies there can be read. One
    that was taken off the list holds none any more.

    Raises:
        UnavailableError: data.db cannot be written.
    """

    def until(tx: Tx) -> datetime | None:
        known = places.places(tx, holds=Holds.KEYS)
        begun = [proofs.key_copy_began(tx, one) for one in known]
        held = [at for at in begun if at is not None]
        if any(at is None and one.is_enabled for at, one in zip(begun, known, strict=True)):
            return None
        return min(held, default=now)

    now = parts.clock.now()
    at = parts.db.read(until)
    if at is None:
        return 0
    return parts.db.write(lambda tx: erase.confirm_everywhere(tx, parts.vault, until=at, now=now))


def _packed(parts: CopyParts, into: Path) -> bytes:
    """The tar. The copy of keys.db on this disk is overwritten before it goes.

    Raises:
        UnavailableError: a file cannot be read or the disk is full.
    """
    name = "keys.db" if parts.keys_db.dialect == "sqlite" else KEYS_DUMP
    copy = into / name
    try:
        parts.keys_db.copy_to(copy)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path in (parts.folder / "keyring.json", copy):
                content = path.read_bytes()
                told = tarfile.TarInfo(path.name)
                told.size, told.mode = len(content), _MODE
                told.mtime = to_micros(parts.clock.now()) // 1_000_000
                tar.addfile(told, io.BytesIO(content))
        return packed.getvalue()
    except OSError as error:
        raise UnavailableError("The keys could not be copied: the disk refuses.") from error
    finally:
        wipe(copy)


def _put(
    parts: CopyParts, place: KnownPlace, sealed: Path, *, began: datetime, actor: Actor
) -> KeyCopy:
    answer = parts.engine.put_keys(KeysOrder(access_of(parts, place), str(sealed.absolute())))
    if isinstance(answer, Failed):
        return KeyCopy(place, None, answer)
    act = parts.db.write(
        lambda tx: proofs.note_key_copy(
            tx,
            parts.vault.origin,
            actor=actor,
            place=place,
            began=began,
            sha256=answer.sha256,
            size=answer.size,
            now=parts.clock.now(),
        )
    )
    return KeyCopy(place, act)


def open_key_copy(sealed: bytes, identity: Secret, into: Path, /) -> tuple[str, ...]:
    """Put the files of a copy of keys into a folder; their names. Hostile input.

    Args:
        sealed: the file as it lay at the place.
        identity: 32 bytes, of the recovery words.
        into: a folder where none of them is yet.

    Raises:
        KeyMismatchError: it was sealed for other words.
        TamperedError: changed, or no copy of keys.
        UnavailableError: the disk refuses, or a file is there already.
    """
    packed = age.decrypt(sealed, identity, what=_WHAT).reveal()
    names = list[str]()
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:") as tar:
            for name, content in _members(tar):
                with (into / name).open("xb") as file:
                    (into / name).chmod(_MODE)
                    file.write(content)
                names.append(name)
    except tarfile.TarError:
        raise TamperedError(_WHAT) from None
    except OSError as error:
        raise UnavailableError("The keys cannot be written there.") from error
    return tuple(names)


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """The known files of the tar; anything else is refused.

    Raises:
        TamperedError: a strange name, kind or size.
    """
    for told in tar.getmembers():
        file = tar.extractfile(told) if told.isreg() else None
        if told.name not in FILES or file is None or told.size > _MOST_BYTES:
            raise TamperedError(_WHAT)
        yield told.name, file.read()
