"""How is a command done when no server runs? With the folder's lock, in this process.

What the command recorded is put into the ledger and signed before the house is closed, so its
receipts exist when the shell has its answer.
"""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from kept.base.encoding import Json
from kept.cli.caller import Progress
from kept.cli.commands.call import Call, user_name
from kept.cli.commands.keyring import RECOVER
from kept.cli.commands.table import perform
from kept.cli.messages import Request
from kept.crypto import keyring_file
from kept.crypto.ports import RootProvider
from kept.ledger.acts.counts import acts_waiting
from kept.ledger.acts.starting import CLOSED, Refusing
from kept.wiring.folder import DataFolder
from kept.wiring.house import House, open_house
from kept.wiring.leading import lead
from kept.wiring.settings import Settings
from kept.wiring.signing import AWAY, sign_waiting
from kept.wiring.ways_in import open_by_words, words_root

WAIT_S = 10.0
LOOK_S = 0.02
Signed = Callable[[], bool]
"""Waits until every recorded act is signed; False when the ledger does not sign now."""


@contextmanager
def opened(
    folder: Path, settings: Settings, *, root: RootProvider | None = None
) -> Generator[House]:
    """The house of a folder with its lock, closed again.

    Raises:
        ConflictError: another process holds the folder.
        KeptError: it cannot be opened.
    """
    with lead(folder):
        house = open_house(folder, settings, root=root)
        try:
            yield house
        finally:
            house.close()


def do(folder: Path, settings: Settings, request: Request, *, uid: int, progress: Progress) -> Json:
    """Open, do, sign, close; the result.

    Raises:
        KeptError: what the command raised.
    """
    with opened(folder, settings, root=_words_given(folder, request)) as house:

        def signed() -> bool:
            return sign(house) is None

        call = Call(house, request.args, user_name(uid), progress, signed, is_alone=True)
        try:
            return perform(request.command, call)
        finally:
            _tell_refusal(sign(house))


def _words_given(folder: Path, request: Request) -> RootProvider | None:
    """Recovery words open the house of a lost passphrase; wrong ones are told as such."""
    words = request.args.get("words")
    if request.command != RECOVER or not isinstance(words, str):
        return None
    open_by_words(keyring_file.load(DataFolder(folder).keyring), words)
    return words_root(words)


def sign(house: House) -> Refusing | None:
    """Put what waits into the ledger; why it cannot be done now, then the acts wait."""
    try:
        return sign_waiting(house, house.sequencer)
    except Exception:  # noqa: BLE001  # a row that a hand changed: `verify` names it
        return AWAY


def _tell_refusal(refusing: Refusing | None) -> None:
    """After a log was closed the next one is opened by the next start: nothing to tell."""
    if refusing is not None and refusing != CLOSED:
        print(refusing.en, file=sys.stderr)


def wait_signed(house: House) -> bool:
    """Wait until the server's own sequencer took what waits."""
    until = time.monotonic() + WAIT_S
    while house.db.read(acts_waiting):
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_S)
    return True
