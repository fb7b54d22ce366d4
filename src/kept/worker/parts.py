"""What does the entrance of time need of the house? Wiring fills it."""

from dataclasses import dataclass
from datetime import timedelta

from kept.base.clock import Clock
from kept.conversations.ports import MailSender
from kept.db.seam import Database
from kept.ledger.ports import TileStore
from kept.ledger.sequencer import Sequencer
from kept.promises.model.book import Book
from kept.vault.acts.parts import VaultParts


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """Everything a task may use. `mail` is None until a mail server is set up."""

    clock: Clock
    db: Database
    book: Book
    vault: VaultParts
    sequencer: Sequencer
    tiles: TileStore
    mail: MailSender | None
    publish_every: timedelta
    public_url: str
    lang: str
    folder_files: tuple[str, ...] = ()
