"""How does a new house begin? Made beside its folder and moved there whole, or not at all."""

import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from kept.base.clock import Clock, SystemClock, to_micros
from kept.base.durable import replace_file, sync_folder
from kept.base.ids import ID_BYTES
from kept.crypto import keyring, keyring_file
from kept.crypto.chance import draw, fresh_secret
from kept.crypto.ports import RootProvider
from kept.crypto.providers.file import FileProvider
from kept.crypto.providers.passphrase import PassphraseProvider
from kept.crypto.providers.recovery import RecoveryProvider
from kept.crypto.secret import Secret
from kept.crypto.words import to_words
from kept.db.migrate import migrate
from kept.db.seam import Database
from kept.ledger.acts.logs import open_log
from kept.ledger.model import Actor
from kept.promises.acts.publish import publish_book
from kept.promises.model.book import Book, parse_book
from kept.promises.model.default import default_book
from kept.staff.acts.links import Colleague, Invited, invite
from kept.staff.acts.parts import StaffParts
from kept.vault.model.rules import Role
from kept.wiring.folder import FOLDER_MODE, DataFolder
from kept.wiring.parts import first_origin, open_databases, staff_parts
from kept.wiring.settings import FILE_NAME, Settings

FOUNDER = Actor("cli", "founder", Role.OWNER.value)


@dataclass(frozen=True, slots=True)
class Founding:
    """What the owner says about the new house."""

    name: str
    owner: str
    domain: str = "localhost"
    language: str = "en"
    country: str = "DE"
    is_demo: bool = False
    owner_name: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Founded:
    """What is shown once: the recovery words and the owner's invitation."""

    recovery_words: tuple[str, ...]
    invitation: Invited


def found_with_passphrase(
    folder: Path,
    founding: Founding,
    phrase: Secret,
    settings: Settings,
    *,
    clock: Clock | None = None,
) -> Founded:
    """A new house that opens with a passphrase; see `found_house`.

    Raises:
        KeptError: as `found_house`.
    """
    return found_house(folder, founding, PassphraseProvider(phrase), settings, clock=clock)


def found_with_key_file(
    folder: Path, founding: Founding, key_file: Path, settings: Settings
) -> Founded:
    """A new house that opens with a key file, made here when there is none; see `found_house`.

    Raises:
        KeptError: as `found_house`; a key file that was made stays, it holds nothing yet.
    """
    DataFolder(folder).require_free()
    is_there = key_file.exists()
    provider = FileProvider(key_file) if is_there else FileProvider.create(key_file)
    chosen = replace(settings, key_file=str(key_file))
    return found_house(folder, founding, provider, chosen)


def found_house(
    folder: Path,
    founding: Founding,
    provider: RootProvider,
    settings: Settings,
    *,
    clock: Clock | None = None,
) -> Founded:
    """Make a new house; the folder is there whole on return, or unchanged.

    Raises:
        ConflictError: the folder is not empty.
        MalformedError: a name or address that the book refuses.
        RefusedError: the passphrase is too short.
        UnavailableError: the disk refuses.
    """
    DataFolder(folder).require_free()
    now = (clock or SystemClock()).now()
    text = default_book(
        name=founding.name,
        contact=founding.owner,
        domain=founding.domain,
        language=founding.language,
        country=founding.country,
    )
    book = parse_book(text)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        beside.chmod(FOLDER_MODE)
        founded = _furnish(
            DataFolder(beside),
            founding,
            book,
            text=text,
            provider=provider,
            settings=settings,
            now=now,
        )
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return founded


def _furnish(
    place: DataFolder,
    founding: Founding,
    book: Book,
    *,
    text: str,
    provider: RootProvider,
    settings: Settings,
    now: datetime,
) -> Founded:
    identity = fresh_secret()
    ring, opened = keyring.create(
        vault_id=draw(ID_BYTES),
        operational=provider,
        recovery=RecoveryProvider.of(identity),
        now=now,
    )
    keyring_file.save(place.keyring, ring)
    replace_file(place.book, text.encode())
    if settings.key_file:
        replace_file(
            place.root / FILE_NAME, f"key_file = {json.dumps(settings.key_file)}\n".encode()
        )
    if founding.is_demo:
        replace_file(place.demo_mark, b"Nothing in this folder is real.\n")
    db, keys_db = open_databases(place, settings)
    try:
        prepare_tables(db, keys_db, now=now)
        parts = staff_parts(book, opened, settings, keys=keys_db, origin=first_origin(book, opened))
        invitation = _begin(db, book, parts, founding=founding, now=now)
    finally:
        db.close()
        keys_db.close()
    return Founded(to_words(identity), invitation)


def prepare_tables(db: Database, keys_db: Database, *, now: datetime) -> None:
    """Bring every set of tables up to date.

    Raises:
        ConflictError: the data was last used by a newer Kept.
        TamperedError: an applied step differs from the shipped one.
    """
    migrate(db, "data", now_micros=to_micros(now))
    migrate(db, "find", now_micros=to_micros(now))
    migrate(keys_db, "keys", now_micros=to_micros(now))


def _begin(
    db: Database, book: Book, parts: StaffParts, *, founding: Founding, now: datetime
) -> Invited:
    db.write(lambda tx: open_log(tx, parts.origin, actor=FOUNDER, now=now))
    db.write(
        lambda tx: publish_book(tx, parts.origin, actor=FOUNDER, promises=book.promises, now=now)
    )
    called = founding.owner_name or founding.owner.partition("@")[0]
    who = Colleague(founding.owner, called, Role.OWNER)
    return db.write(lambda tx: invite(tx, parts, actor=FOUNDER, who=who, now=now))
