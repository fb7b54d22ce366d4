"""How does the desk reach the copies? `web.copying.Copying` over the house's own parts.

No place is opened in this process: work goes to a process of its own (`copy_engine`,
`upkeep_engine`), looking inside to another one (`desk_looks`). What may be written where is said by
`desk_bounds`.
"""

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from kept.backup.acts import places, proofs
from kept.backup.model.places import PlaceOrder, PlaceSecrets
from kept.backup.places.addresses import LocalAddress, RestAddress, parse_address
from kept.backup.repo.processes import own_facts, start_time_of
from kept.base.durable import replace_file
from kept.base.errors import UnavailableError
from kept.flows import upkeep
from kept.flows.back_up import CopyParts, access_of, add_place, back_up
from kept.flows.copy_orders import Access, CopyProgress, Failed
from kept.flows.copy_orders import Look as EngineLook
from kept.flows.drill import drill
from kept.flows.drop_place import drop_place
from kept.flows.upkeep_orders import UpkeepEngine
from kept.ledger.model import Actor
from kept.web.copying import (
    Checked,
    CopyFailedError,
    Cut,
    Ears,
    Entry,
    Far,
    Going,
    Rehearsed,
    Returned,
    Roomy,
    Saved,
    Stop,
    Unlocked,
    Wrong,
)
from kept.wiring.desk_bounds import DeskBounds
from kept.wiring.desk_looks import DeskLooks
from kept.wiring.folder import DataFolder
from kept.wiring.upkeep_engine import UpkeepChild

WAIT_FOR_PAGE_S = 150.0  # more than the log takes to publish a page
LOOK_AGAIN_S = 1.0
PRICES, WORK = "backup-prices.toml", "desk-work.json"
MAX_PRICES_BYTES = 64 * 1024
MAX_WORK_BYTES = 1024 * 1024
GRACE = Path(".local", "state", "kept", "grace")  # the terminal's, below the home


@dataclass(slots=True)
class DeskCopies:
    """The copies of a house that serves. Thread-safe."""

    parts: CopyParts
    folder: DataFolder
    is_demo: bool
    engine: UpkeepEngine = field(default_factory=UpkeepChild)
    _looks: DeskLooks = field(default_factory=DeskLooks)

    @property
    def _bounds(self) -> DeskBounds:
        return DeskBounds(self.parts.db, self.folder.root.absolute(), self.is_demo)

    def add(
        self, order: PlaceOrder, secrets: PlaceSecrets, *, actor: Actor, same_disk: bool
    ) -> None:
        """See `Copying`.

        Raises:
            RefusedError: as `Copying`.
        """
        address = parse_address(order.address)
        self._bounds.require_place(order.address, order.folders)
        if not isinstance(address, LocalAddress):
            user = address.user if isinstance(address, RestAddress) else ""
            told = replace(
                secrets,
                user=user or secrets.user,
                password=_password_in(address) or secrets.password,
            )
            self._looks.knock(Access(order.address, told, "", order.via))
        add_place(
            self.parts,
            order,
            actor=actor,
            secrets=secrets,
            may_share_disk=same_disk or self.is_demo,
        )

    def copy(self, name: str, *, actor: Actor, work: Ears) -> None:
        """See `Copying`.

        Raises:
            CopyFailedError: it failed, which is noted.
        """
        result = back_up(self.parts, name, actor=actor, look=_shown(work), stop=work.stop)
        if result.failed is not None and not work.stop():
            raise CopyFailedError(result.failed.why)

    def drill(self, name: str, *, actor: Actor, stop: Stop) -> None:
        """See `Copying`. The sample is drawn from a page of the log newer than the copy.

        Raises:
            CopyFailedError: nothing could be tried.
            UnavailableError: there is no such page, and none came while we waited.
        """
        until = time.monotonic() + WAIT_FOR_PAGE_S
        while True:
            try:
                result = drill(self.parts, name, actor=actor, stop=stop)
                break
            except UnavailableError:
                if stop() or time.monotonic() > until:
                    raise
                time.sleep(LOOK_AGAIN_S)
        if result.failed is not None and not stop():
            raise CopyFailedError(result.failed.why)

    def snapshots(self, name: str) -> list[Saved]:
        """See `Copying`."""
        return self._looks.snapshots(name, self._access(name))

    def folder_of(self, name: str, snapshot: str, path: bytes) -> list[Entry]:
        """See `Copying`."""
        return self._looks.folder(name, self._access(name), snapshot=snapshot, path=path)

    def restore(
        self, name: str, snapshot: str, path: bytes, target: str, *, actor: Actor, work: Ears
    ) -> Returned | Cut:
        """See `Copying`."""
        self._bounds.require_target(target)
        done = upkeep.restore(
            self.parts,
            self.engine,
            name,
            wanted=(snapshot, path, target),
            actor=actor,
            look=_shown(work),
            stop=work.stop,
        )
        if isinstance(done, Failed):
            return _failed(done, work)
        return Returned(target, done.files, done.bytes, done.lost, done.lost_count)

    def check(self, name: str, *, actor: Actor, work: Ears) -> Checked | Cut:
        """See `Copying`."""
        done = upkeep.check(
            self.parts, self.engine, name, actor=actor, look=_shown(work), stop=work.stop
        )
        if isinstance(done, Failed):
            return _failed(done, work)
        found = tuple(Wrong(one.problem, one.name, one.is_harmless) for one in done.found)
        return Checked(done.snapshots, done.parts, done.read, done.bytes_read, found, done.bad)

    def rehearse(self, name: str, *, work: Ears) -> Rehearsed | Cut:
        """See `Copying`."""
        done = upkeep.rehearse(
            self.parts,
            self.engine,
            name,
            grace=self._grace,
            look=_shown(work),
            stop=work.stop,
        )
        if isinstance(done, Failed):
            return _failed(done, work)
        going = tuple(Going(one.name, one.at, one.size) for one in done.going)
        return Rehearsed(going, done.stays, done.brakes, done.parts, done.freed_bytes)

    def make_room(
        self, name: str, going: tuple[str, ...], *, actor: Actor, work: Ears
    ) -> Roomy | Cut:
        """See `Copying`."""
        done = upkeep.make_room(
            self.parts,
            self.engine,
            name,
            going=going,
            grace=self._grace,
            actor=actor,
            look=_shown(work),
            stop=work.stop,
        )
        self._looks.forget(name)  # what it knows of the place is no longer so
        if isinstance(done, Failed):
            return _failed(done, work)
        return Roomy(len(done.forgotten), done.removed + done.repacked, done.freed_bytes)

    def unlock(self, name: str, *, work: Ears) -> Unlocked | Cut:
        """See `Copying`."""
        done = upkeep.unlock(self.parts, self.engine, name, look=_shown(work), stop=work.stop)
        if isinstance(done, Failed):
            return _failed(done, work)
        return Unlocked(done.removed, done.left)

    def remove(self, name: str, *, is_copy_destroyed: bool, actor: Actor) -> None:
        """See `Copying`."""
        drop_place(self.parts, name, actor=actor, is_copy_destroyed=is_copy_destroyed)
        self._looks.forget(name)

    def first_target(self, name: str) -> str:
        """See `Copying`."""
        return self._bounds.first_target(name, self.parts.clock.now())

    def first_folder(self) -> str:
        """See `Copying`."""
        return self._bounds.first_folder()

    def prices(self) -> str | None:
        """See `Copying`."""
        found = _read(self.folder.root / PRICES, most=MAX_PRICES_BYTES)
        try:
            return None if found is None else found.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def save_prices(self, text: str) -> None:
        """See `Copying`."""
        replace_file(self.folder.root / PRICES, text.encode())

    def last_work(self) -> tuple[bytes, bool] | None:
        """See `Copying`."""
        found = _read(self.folder.root / WORK, most=MAX_WORK_BYTES)
        if found is None:
            return None
        try:
            kept = msgspec.json.decode(found, type=_Kept)
        except msgspec.DecodeError:
            return None
        return bytes(kept.work), kept.by == _process(kept.by.pid)

    def keep_work(self, work: bytes) -> None:
        """See `Copying`."""
        kept = _Kept(_process(os.getpid()), msgspec.Raw(work))
        replace_file(self.folder.root / WORK, msgspec.json.encode(kept))

    def note_fetched(self, *, actor: Actor, place: str) -> None:
        """See `Copying`."""
        self.parts.db.write(
            lambda tx: proofs.note_fetched(
                tx,
                self.parts.vault.origin,
                actor=actor,
                place=place,
                now=self.parts.clock.now(),
            )
        )

    def close(self) -> None:
        """Let go of every place."""
        self._looks.close()

    @property
    def _grace(self) -> str:
        """Where forgotten snapshots wait; a demo's lie in its own folder."""
        return str(self.folder.root.absolute() / "grace" if self.is_demo else Path.home() / GRACE)

    def _access(self, name: str) -> Access:
        return access_of(self.parts, self.parts.db.read(lambda tx: places.place(tx, name)))


class _Process(msgspec.Struct, frozen=True):
    """A process such that none of a later number is taken for it."""

    boot_id: str
    pid: int
    start_time: int | None


class _Kept(msgspec.Struct, frozen=True):
    """The file of the newest work: what is known of it, and whose it is."""

    by: _Process
    work: msgspec.Raw


def _process(pid: int) -> _Process:
    return _Process(own_facts().boot_id, pid, start_time_of(pid))


def _shown(work: Ears) -> EngineLook:
    def shown(far: CopyProgress) -> None:
        work.look(Far(far.files, far.bytes, far.seconds, far.files_in_all, far.bytes_in_all))

    return shown


def _failed(failed: Failed, work: Ears) -> Cut:
    """How some work ended before its end.

    Raises:
        CopyFailedError: it was not told to.
    """
    if work.stop():
        return Cut()
    raise CopyFailedError(failed.why, failed.said if failed.code else "")


def _read(path: Path, *, most: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError:
        return None


def _password_in(address: object) -> str:
    found = address.password if isinstance(address, RestAddress) else None
    return found.reveal().decode() if found else ""
