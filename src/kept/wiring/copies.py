"""What does making copies get of an opened house?"""

from pathlib import Path

from kept.backup.acts.secrets import repository_password
from kept.backup.model.runs import HouseFound
from kept.base.errors import UnavailableError
from kept.crypto import keyring_file
from kept.crypto.keyring import Keyring
from kept.db.sqlite import SqliteDatabase
from kept.flows.back_up import CopyParts, CopySecrets
from kept.flows.copy_orders import Engine
from kept.flows.drill import look_through
from kept.ledger.notes import VerifierKey
from kept.ledger.tile_stores.file import FileTiles
from kept.wiring.copy_engine import ChildEngine
from kept.wiring.house import House

_ALIVE: dict[Path, set[int]] = {}  # by data folder; empty sets once nothing is under way


def copy_parts(house: House, *, engine: Engine | None = None) -> CopyParts:
    """The parts. All of one house in this process know the same runs as alive.

    Args:
        house: opened; its folder's lock is held by the caller.
        engine: in place of processes of its own.
    """
    return CopyParts(
        clock=house.clock,
        db=house.db,
        keys_db=house.keys_db,
        vault=house.vault,
        folder=house.place.root,
        engine=engine or ChildEngine(),
        secrets=CopySecrets(
            password=repository_password(house.opened.house_keys["house"]),
            vault_id=house.opened.vault_id,
            current=house.opened.current,
            epochs=house.opened.vault_keys,
            recipients=recovery_recipients(keyring_file.load(house.place.keyring)),
            log_keys=(house.sequencer.key,),
        ),
        tiles=house.tiles,
        look_at_house=look_at_house,
        dsn=house.settings.dsn,
        alive=_ALIVE.setdefault(house.place.root.absolute(), set()),
    )


def look_at_house(folder: Path, keys: tuple[VerifierKey, ...]) -> HouseFound:
    """How a restored folder is. It is ours alone: the house at work lies elsewhere."""
    try:
        db = SqliteDatabase(folder / "data.db")
    except UnavailableError:
        return HouseFound.DAMAGED
    try:
        return look_through(db, FileTiles(folder / "tiles"), keys)
    finally:
        db.close()


def recovery_recipients(ring: Keyring) -> tuple[str, ...]:
    """To whom a copy of the keys is sealed: whoever holds the recovery words."""
    found = {
        recipient
        for held in ring.current.wraps
        if held.role == "recovery" and held.wrap.provider == "age"
        for recipient in str(held.wrap.params.get("recipients", "")).split()
    }
    return tuple(sorted(found))
