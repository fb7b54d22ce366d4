"""What does the HTTP entrance need of the house? Wiring fills it."""

from collections.abc import Callable
from dataclasses import dataclass

from litestar.di import NamedDependency

from kept.base.clock import Clock
from kept.conversations.model import Letter
from kept.crypto.secret import Secret
from kept.db.seam import Database
from kept.ledger.acts.starting import Refusing
from kept.ledger.notes import Signer, VerifierKey
from kept.ledger.ports import TileStore
from kept.promises.model.book import Book
from kept.staff.acts.parts import StaffParts
from kept.vault.acts.parts import VaultParts
from kept.web.copying import Copying
from kept.web.uploads import Uploads


@dataclass(frozen=True, slots=True)
class WebParts:
    """Everything a handler may use.

    `refusing` says why the ledger does not sign, None when it does; `letters` shows a
    demo's letters and is None in a real house; `public_url` has no slash at its end;
    `changed_files` are the log's old files that are not what was written any more;
    `older_keys` are those of closed logs, the newest first: their receipts still hold.
    """

    clock: Clock
    db: Database
    book: Book
    vault: VaultParts
    staff: StaffParts
    tiles: TileStore
    log_key: VerifierKey
    seal_signer: Signer
    cookie_secret: Secret
    public_url: str
    refusing: Callable[[], Refusing | None]
    uploads: Uploads
    copying: Copying
    letters: Callable[[], list[Letter]] | None = None
    older_keys: tuple[VerifierKey, ...] = ()
    changed_files: Callable[[], tuple[str, ...]] = tuple
    has_mail: bool = False
    trusts_proxy: bool = False

    @property
    def log_keys(self) -> tuple[VerifierKey, ...]:
        """Of every log of this house, the newest first."""
        return (self.log_key, *self.older_keys)

    @property
    def is_demo(self) -> bool:
        """Whether nothing here is real."""
        return self.letters is not None

    @property
    def is_https(self) -> bool:
        """Whether visitors come by TLS."""
        return self.public_url.startswith("https://")


Parts = NamedDependency[WebParts]  # how a handler asks for them: an argument named `parts`
