"""Where does a demo's house come from? Founded beside the visitor's eyes, with a phrase for all.

The passphrase of a demo stands in its own settings: nothing in there is real, and every command
works in it without asking.
"""

from collections.abc import Callable
from pathlib import Path

from kept.base.durable import replace_file
from kept.base.encoding import Json
from kept.base.errors import ConflictError
from kept.crypto.secret import Secret
from kept.wiring.folder import DataFolder
from kept.wiring.founding import Founding, found_with_passphrase
from kept.wiring.settings import FILE_NAME, read_settings

SHOP = Founding("Tea Shop", "owner@demo.example", is_demo=True)
PHRASE = "nothing in this folder is real"


def prepare_demo(folder: Path, *, progress: Callable[[dict[str, Json]], None]) -> None:
    """Make the demo's house, once.

    Raises:
        ConflictError: the folder holds a real house.
        KeptError: it cannot be made.
    """
    place = DataFolder(folder)
    if place.keyring.is_file():
        if not place.demo_mark.exists():
            raise ConflictError(f"{folder} holds a real house; a demo needs a folder of its own.")
        return
    progress({"note": "making the demo"})
    found_with_passphrase(folder, SHOP, Secret(PHRASE.encode()), read_settings(folder))
    replace_file(folder / FILE_NAME, f'passphrase = "{PHRASE}"\n'.encode())
