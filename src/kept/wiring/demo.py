"""Where does the demo's shop come from? Built beside its folder and moved there whole.

Made-up people, a made-up team and a month of acts by the real verbs on a clock set by hand; it ends
at the moment of building, so that the house goes on by the machine's clock. A build that was cut
off is begun anew. Its passphrase lies in its own settings, for nothing in there is real.
"""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from kept.base.clock import SetClock, SystemClock
from kept.base.durable import replace_file, sync_folder
from kept.base.encoding import Json, b64url
from kept.base.errors import ConflictError
from kept.crypto.chance import draw
from kept.crypto.secret import Secret
from kept.db.lead import FolderLock
from kept.ledger.acts.starting import Refusing
from kept.wiring.demo_month import Month, Scale
from kept.wiring.demo_people import Dice, make_people
from kept.wiring.demo_team import OWNER, gather_team
from kept.wiring.folder import FOLDER_MODE, DataFolder
from kept.wiring.founding import Founded, Founding, found_with_passphrase
from kept.wiring.house import House, open_house
from kept.wiring.settings import FILE_NAME, Settings

SHOP = Founding("Tiedemann Tea", OWNER.email, is_demo=True, owner_name=OWNER.name)
SEED = "a month of tea"
Progress = Callable[[dict[str, Json]], None]
_SETTINGS = """\
# This is a demo. Nothing in this folder is real: its people are made up, and its passphrase lies
# here for everybody. Never keep real customers in it: `kept init` makes a house for those.
passphrase = "{phrase}"
"""


def prepare_demo(
    folder: Path,
    *,
    progress: Progress,
    scale: Scale | None = None,
    until: datetime | None = None,
) -> None:
    """Make the demo's house, once; a demo that stands is left as it is.

    Args:
        folder: an empty one, or none yet.
        progress: told of each day that is done.
        scale: how much goes on.
        until: when the month ends; now unless told otherwise.

    Raises:
        ConflictError: the folder holds something else, or another process builds it now.
        KeptError: it cannot be made; nothing is left in its place.
    """
    place = DataFolder(folder.absolute())
    if place.keyring.is_file() and place.demo_mark.exists():
        return
    _require_empty(place)
    beside = place.root.with_name(f".{place.root.name}.building")
    beside.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    with FolderLock(beside / "lock"):
        made = beside / "house"
        shutil.rmtree(made, ignore_errors=True)
        _build(made, scale or Scale(), progress, until=until or SystemClock().now())
        if place.root.exists():
            place.root.rmdir()
        made.rename(place.root)
        sync_folder(place.root.parent)
        shutil.rmtree(beside, ignore_errors=True)


def _require_empty(place: DataFolder) -> None:
    if place.keyring.is_file():
        raise ConflictError(
            f"{place.root} holds a real house. A demo needs a folder of its own; nothing was"
            " changed."
        )
    place.require_free()


def _build(folder: Path, scale: Scale, progress: Progress, *, until: datetime) -> None:
    """Found the house a month ago, fill it, let the month pass."""
    progress({"done": 0, "total": scale.days, "note": "founding the demo's shop"})
    start = (until - timedelta(days=scale.days)).replace(hour=6, minute=0, second=0, microsecond=0)
    phrase = b64url(draw(18))
    secret = Secret(phrase.encode())
    settings = Settings(passphrase=secret)
    clock = SetClock(start)
    founded = found_with_passphrase(folder, SHOP, secret, settings, clock=clock)
    replace_file(folder / FILE_NAME, _SETTINGS.format(phrase=phrase).encode())
    house = open_house(folder, settings, clock=clock)
    try:
        month = _month(house, clock, founded, scale=scale)
        for day in month.live(until=until):
            progress({"done": day, "total": scale.days, "note": f"day {day} of the demo's month"})
    finally:
        house.close()


def _month(house: House, clock: SetClock, founded: Founded, *, scale: Scale) -> Month:
    """The month before its first act: the team is there, the customers are still to come.

    Raises:
        ConflictError: the ledger would not sign; the demo is not built.
    """
    if isinstance(house.sequencer.start(), Refusing):
        raise ConflictError("The demo's ledger does not start. Nothing was made.")
    dice = Dice(SEED)
    team = gather_team(house, founded.invitation)
    people = list(make_people(scale.people, dice, today=clock.now().date()))
    return Month(house, clock, team, people, scale, dice)
