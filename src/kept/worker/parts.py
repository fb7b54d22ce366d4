"""What does the entrance of time need of the house? Wiring fills it."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from kept.base.clock import Clock
from kept.conversations.ports import MailSender
from kept.crypto.secret import Secret
from kept.db.lead import Leading
from kept.db.seam import Database
from kept.ledger.acts.reread import Rereading
from kept.ledger.ports import TileStore
from kept.ledger.sequencer import Sequencer
from kept.promises.model.book import Book
from kept.vault.acts.parts import VaultParts


class Copies(Protocol):
    """Makes copies in a thread of its own."""

    def turn(self) -> bool:
        """Begin what is due; whether something is under way."""
        ...

    def stop(self) -> None:
        """End what is under way, clean."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """Everything a task may use.

    `mail` is None until a mail server is set up; `pepper` keys the hashes of sign-in codes;
    `search_secret` gives the planted text that is looked for in `folder`; `leading` says whether
    this worker is the one that works now; `copies` makes copies, where they can be made;
    `rereading` is how far the log's old files were read again.
    """

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
    folder: Path
    search_secret: Secret
    pepper: Secret
    leading: Leading = field(default_factory=Leading)
    copies: Copies | None = None
    rereading: Rereading = field(default_factory=Rereading)
