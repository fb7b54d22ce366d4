"""How is a house put together from its folder? Opened once, handed out in parts, closed once."""

from dataclasses import dataclass, replace
from pathlib import Path

from kept.base.clock import Clock, SystemClock, from_micros
from kept.base.errors import MalformedError, NotFoundError, RefusedError, TamperedError
from kept.conversations.channels.email.demo_box import DemoBox
from kept.conversations.channels.email.smtp import SmtpSender, SmtpServer
from kept.conversations.ports import MailSender
from kept.crypto import keyring, keyring_file
from kept.crypto.hygiene import harden_process
from kept.crypto.keyring import Keyring, Opened
from kept.crypto.ports import RootProvider
from kept.crypto.providers.file import FileProvider
from kept.crypto.providers.passphrase import PassphraseProvider
from kept.db.seam import Database
from kept.flows.forget_person import ForgetParts
from kept.flows.replay_graves import replay_graves
from kept.flows.replay_leavers import replay_leavers
from kept.flows.retag_people import retag_people
from kept.flows.tend_keys import settle_reserve
from kept.ledger.acts.counts import newest_act_at
from kept.ledger.acts.logs import current_log
from kept.ledger.high_water.file import FileHighWater
from kept.ledger.merkle import EMPTY_ROOT
from kept.ledger.notes import Checkpoint
from kept.ledger.ports import HighWater, TileStore
from kept.ledger.sequencer import LogKeys, Sequencer
from kept.ledger.tile_stores.file import FileTiles
from kept.promises.model.book import Book, parse_book
from kept.staff.acts.parts import StaffParts
from kept.vault.acts.parts import VaultParts
from kept.wiring.folder import DataFolder
from kept.wiring.founding import prepare_tables
from kept.wiring.parts import first_origin, open_databases, staff_parts, vault_parts
from kept.wiring.settings import Settings, read_settings


@dataclass(frozen=True, slots=True)
class House:
    """A house at work. `box` holds a demo's letters; `mail` is None until SMTP is set up."""

    place: DataFolder
    settings: Settings
    clock: Clock
    db: Database
    keys_db: Database
    book: Book
    opened: Opened
    vault: VaultParts
    staff: StaffParts
    tiles: TileStore
    high_water: HighWater
    sequencer: Sequencer
    mail: MailSender | None
    box: DemoBox | None

    @property
    def is_demo(self) -> bool:
        """Whether nothing in here is real."""
        return self.box is not None

    def close(self) -> None:
        """Finish what is queued and let go of the databases."""
        self.db.close()
        self.keys_db.close()


def root_provider(ring: Keyring, settings: Settings) -> RootProvider:
    """The provider that the ring's operational wrap asks for.

    Raises:
        RefusedError: its passphrase or key file was not given.
    """
    names = {held.wrap.provider for held in ring.current.wraps if held.role == "operational"}
    if "file" in names:
        if not settings.key_file:
            raise RefusedError("key_file_needed", "This house opens with a key file: set key_file.")
        return FileProvider(Path(settings.key_file))
    if settings.passphrase is None:
        raise RefusedError(
            "passphrase_needed",
            "This house opens with a passphrase. Give --passphrase-file, or set"
            " KEPT_PASSPHRASE_FILE.",
        )
    return PassphraseProvider(settings.passphrase)


def asks_passphrase(folder: Path) -> bool:
    """Whether this folder's house opens with a passphrase.

    Raises:
        NotFoundError: no data folder there.
        MalformedError: its keyring cannot be read.
    """
    place = DataFolder(folder)
    place.require()
    wraps = keyring_file.load(place.keyring).current.wraps
    return any(held.role == "operational" and held.wrap.provider == "passphrase" for held in wraps)


def open_house(
    folder: Path,
    settings: Settings,
    *,
    clock: Clock | None = None,
    root: RootProvider | None = None,
) -> House:
    """Open a house. The folder's lock is the caller's business.

    Args:
        folder: where it lies.
        settings: its settings, with what opens it.
        clock: the machine's unless told otherwise.
        root: opens it in place of what the settings say: the recovery words.

    Raises:
        NotFoundError: no data folder there.
        RefusedError: a wrong passphrase, one wrap only, or keys.db is not this data's.
        MalformedError: a mistake in the book or in a setting.
        ConflictError: the data was last used by a newer Kept.
        TamperedError: a wrap or a shipped step was changed.
        UnavailableError: a database cannot be opened.
    """
    harden_process()
    place = DataFolder(folder)
    place.require()
    settings = _own_passphrase(place, settings)
    _require_files(place, settings)
    book = parse_book(place.book.read_text(encoding="utf-8"))
    ring = keyring_file.load(place.keyring)
    opened = keyring.open_with(ring, root or root_provider(ring, settings))
    db, keys_db = open_databases(place, settings)
    try:
        return _made_whole(
            _assemble(place, settings, book, opened=opened, databases=(db, keys_db), clock=clock)
        )
    except BaseException:
        db.close()
        keys_db.close()
        raise


def _require_files(place: DataFolder, settings: Settings) -> None:
    """Refuse to make an empty database where one is missing.

    Raises:
        NotFoundError: data.db or keys.db is missing.
    """
    needed = [place.data] if settings.dsn is None else []
    needed += [place.keys] if settings.keys_dsn is None else []
    for path in needed:
        if not path.is_file():
            raise NotFoundError(
                f"{path} is missing. If it was moved, put it back; if it was lost, put the newest"
                " backup in its place. Nothing was changed."
            )


def _made_whole(house: House) -> House:
    """The house, after what a crash or a copy of older data left is undone: nobody is served yet.

    Raises:
        RefusedError: keys.db is not this data's.
    """
    settle_reserve(house.db, house.vault.keys, now=house.clock.now())
    parts = ForgetParts(house.clock, house.db, house.vault, house.tiles)
    replay_graves(parts, forgets_keyless=house.settings.forget_keyless)
    replay_leavers(house.clock, house.db, house.staff)
    retag_people(house.db, house.vault)
    return house


def _own_passphrase(place: DataFolder, settings: Settings) -> Settings:
    """A demo opens with the passphrase and the files of its folder, whatever else was told."""
    if not place.demo_mark.exists():
        return settings
    own = read_settings(place.root, {})
    if own.passphrase is None:
        return settings
    return replace(settings, passphrase=own.passphrase, dsn=own.dsn, keys_dsn=own.keys_dsn)


def _assemble(
    place: DataFolder,
    settings: Settings,
    book: Book,
    *,
    opened: Opened,
    databases: tuple[Database, Database],
    clock: Clock | None,
) -> House:
    db, keys_db = databases
    prepare_tables(db, keys_db, now=SystemClock().now())
    clock = clock or SystemClock(floor=from_micros(db.read(newest_act_at)))
    log = db.read(current_log)
    origin = log.origin if log else first_origin(book, opened)
    vault = vault_parts(book, opened, keys_db, origin=origin)
    vault.keys.open(now=clock.now())
    tiles, high_water = FileTiles(place.tiles), FileHighWater(place.high_water)
    keys = LogKeys(_named(origin), opened.house_keys["log"])
    box = DemoBox() if place.demo_mark.exists() else None
    return House(
        place=place,
        settings=settings,
        clock=clock,
        db=db,
        keys_db=keys_db,
        book=book,
        opened=opened,
        vault=vault,
        staff=replace(
            staff_parts(book, opened, settings, keys=keys_db, origin=origin),
            is_demo=box is not None,
        ),
        tiles=tiles,
        high_water=high_water,
        sequencer=Sequencer(db, tiles=tiles, high_water=high_water, keys=keys),
        mail=box or _smtp(settings),
        box=box,
    )


def _named(origin: str) -> str:
    """The log's name, if it can be one.

    Raises:
        TamperedError: no log is called so: the row was changed.
    """
    try:
        Checkpoint(origin, 0, EMPTY_ROOT)
    except (MalformedError, TypeError):
        raise TamperedError("the name of the ledger (ledger_head)") from None
    return origin


def _smtp(settings: Settings) -> SmtpSender | None:
    if not settings.smtp_host:
        return None
    return SmtpSender(
        SmtpServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,  # type: ignore[arg-type]  # SmtpServer refuses other words
            settings.mail_from,
            settings.smtp_user,
            settings.smtp_password,
        )
    )
