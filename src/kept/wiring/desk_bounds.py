"""Where may the desk write files, and what does it suggest? Nothing that is there is spoiled.

In a demo every folder that is written lies inside the demo's own.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kept.backup.acts import places
from kept.backup.places.addresses import LocalAddress, parse_address
from kept.base.errors import ConflictError, RefusedError
from kept.db.seam import Database

DEMO_COPIES, DEMO_RESTORED = "copies", "restored"
MOST_TRIES = 100


@dataclass(frozen=True, slots=True)
class DeskBounds:
    """The bounds of one house, whose data lie in `root`."""

    db: Database
    root: Path
    is_demo: bool

    def require_place(self, address: str, folders: tuple[str, ...]) -> None:
        """Refuse, in a demo, what lies outside the demo's own folder.

        Raises:
            RefusedError: it does.
        """
        if not self.is_demo:
            return
        self._require_inside(address, DEMO_COPIES)
        if folders:
            raise RefusedError("demo", "The demo copies nothing but its own made-up shop.")

    def require_target(self, target: str) -> None:
        """Refuse a target that could spoil what is there.

        Raises:
            RefusedError: inside the house's folder, or inside a place of copies.
            ConflictError: it holds something already.
        """
        if self.is_demo:
            self._require_inside(target, DEMO_RESTORED)
        path = Path(os.path.normpath(target))
        held = [one.order.address for one in self.db.read(places.places)]
        near = [Path(one) for one in held if isinstance(parse_address(one), LocalAddress)]
        near += [] if self.is_demo else [self.root]
        if any(path.is_relative_to(one) or one.is_relative_to(path) for one in near):
            raise RefusedError(
                "backup.target", "Choose a folder apart from the shop's data and from the copies."
            )
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConflictError("This folder holds something already. Name a new one.")

    def first_target(self, name: str, now: datetime) -> str:
        """A folder that could take what is brought back from a place."""
        below = self.root / DEMO_RESTORED if self.is_demo else self.root.parent
        wanted = below / f"{name}-{now:%Y-%m-%d}"
        more = (wanted.with_name(f"{wanted.name}-{n}") for n in range(2, MOST_TRIES))
        return str(next((one for one in (wanted, *more) if not one.exists()), wanted))

    def first_folder(self) -> str:
        """A folder that could hold copies; "" where there is none to suggest."""
        return str(self.root / DEMO_COPIES / "closet") if self.is_demo else ""

    def _require_inside(self, path: str, name: str) -> None:
        inside = self.root / name
        if not Path(os.path.normpath(path)).is_relative_to(inside) or path == str(inside):
            raise RefusedError("demo", "In the demo this lies inside the demo's own folder.")
