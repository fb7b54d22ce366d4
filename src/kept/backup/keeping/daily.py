"""Whose parts are due to be read? Each client's, a day after the last signed result."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from kept.backup.keeping.accounts import Accounts
from kept.backup.keeping.checking import SAMPLE, Order, check, newest
from kept.backup.keeping.folder import Folder
from kept.backup.keeping.seeds import fetch
from kept.base.clock import Clock
from kept.base.errors import KeptError
from kept.ledger.notes import Signer

EVERY = timedelta(days=1)
LOOK_S = 60.0
_log = structlog.get_logger("kept.receiver")


@dataclass(frozen=True, slots=True)
class Rounds:
    """The daily checks of one folder. `picks` None reads all; `seed_from` "" draws by chance."""

    folder: Folder
    accounts: Accounts
    signer: Signer
    clock: Clock
    picks: int | None = SAMPLE
    seed_from: str = ""

    def due(self, now: datetime) -> list[str]:
        """The clients with a repository and no result of the last day.

        Raises:
            KeptError: the accounts cannot be read.
        """
        return [name for name in self.accounts.all() if self._is_due(name, now)]

    def _is_due(self, name: str, now: datetime) -> bool:
        if not (self.folder.repository(name) / "config").is_file():
            return False
        last = newest(self.folder, name, self.signer.key)
        return last is None or now - last.at >= EVERY

    def go(self) -> None:
        """Check whoever is due; a trouble with one is logged and keeps nobody else waiting.

        Raises:
            KeptError: the accounts cannot be read.
        """
        for name in self.due(self.clock.now()):
            order = Order(name, self.picks, self._checkpoint())
            try:
                found = check(self.folder, order, self.signer, clock=self.clock.now)
            except KeptError as error:
                _log.warning("check_failed", client=name, why=str(error))
                continue
            said = _log.info if found.is_good else _log.error
            said("checked", client=name, read=found.asked, of=found.parts, bad=found.bad_count)

    def _checkpoint(self) -> bytes | None:
        """The newest checkpoint; None where there is none, and the result says `chance`."""
        if not self.seed_from:
            return None
        try:
            return fetch(self.seed_from)
        except KeptError as error:
            _log.warning("no_checkpoint", why=str(error))
            return None


def start(rounds: Rounds) -> Callable[[], None]:
    """Look every minute, in a thread; what ends it, at once or after the check that runs."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                rounds.go()
            except Exception:  # noqa: BLE001  # a bug today is no reason to check nobody tomorrow
                _log.exception("check_broke")
            stop.wait(LOOK_S)

    thread = threading.Thread(target=work, name="checks", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(timeout=1)

    return end
