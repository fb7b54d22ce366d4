"""How is a command done when no server runs? With the folder's lock, in this process.

What the command recorded is put into the ledger and signed before the house is closed, so its
receipts exist when the shell has its answer.
"""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from kept.base.encoding import Json
from kept.base.errors import KeptError
from kept.cli.caller import Progress
from kept.cli.commands.call import Call, user_name
from kept.cli.commands.table import perform
from kept.cli.messages import Request
from kept.ledger.acts.counts import acts_waiting
from kept.ledger.sequencer import Passed
from kept.wiring.house import House, open_house
from kept.wiring.leading import lead
from kept.wiring.settings import Settings

WAIT_S = 10.0
LOOK_S = 0.02
Signed = Callable[[], bool]
"""Waits until every recorded act is signed; False when the ledger does not sign now."""


@contextmanager
def opened(folder: Path, settings: Settings) -> Generator[House]:
    """The house of a folder with its lock, closed again.

    Raises:
        ConflictError: another process holds the folder.
        KeptError: it cannot be opened.
    """
    with lead(folder):
        house = open_house(folder, settings)
        try:
            yield house
        finally:
            house.close()


def do(folder: Path, settings: Settings, request: Request, *, uid: int, progress: Progress) -> Json:
    """Open, do, sign, close; the result.

    Raises:
        KeptError: what the command raised.
    """
    with opened(folder, settings) as house:

        def signed() -> bool:
            return sign(house)

        call = Call(house, request.args, user_name(uid), progress, signed, is_alone=True)
        try:
            return perform(request.command, call)
        finally:
            sign(house)


def sign(house: House) -> bool:
    """Put what waits into the ledger; False when it cannot be signed now, then the acts wait."""
    try:
        while house.db.read(acts_waiting):
            done = house.sequencer.run(now=house.clock.now())
            if not isinstance(done, Passed) or not done.taken:
                return False
    except KeptError:
        return False
    return True


def wait_signed(house: House) -> bool:
    """Wait until the server's own sequencer took what waits."""
    until = time.monotonic() + WAIT_S
    while house.db.read(acts_waiting):
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_S)
    return True
