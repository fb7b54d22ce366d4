"""How does the desk reach the copies? `web.copying.Copying` over the house's own parts.

Looking inside is done here, without the patience of a nightly run: whoever waits before a screen is
told at once that a place is away. What was opened stays open for some minutes. In a demo every
folder that is written lies inside the demo's own.
"""

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from kept.backup.acts import places, proofs
from kept.backup.model.nodes import NodeType
from kept.backup.model.places import KnownPlace, PlaceOrder, PlaceSecrets
from kept.backup.pipeline.loading import TreeReader, load_snapshots
from kept.backup.pipeline.restore_values import Progress, Wish
from kept.backup.pipeline.restoring import index_to_read, node_at, restore
from kept.backup.places.addresses import LocalAddress, RestAddress, parse_address
from kept.backup.places.opening import Secrets, Time, Way, open_place
from kept.backup.places.via import parse_via, require_present
from kept.backup.ports import FileKind, Place
from kept.backup.repo.locking import Surroundings, locked
from kept.backup.repo.processes import own_facts, start_time_of
from kept.backup.repo.repository import Repository, open_repository
from kept.backup.repo.snapshots import Snapshot, read_snapshot
from kept.base.clock import Clock
from kept.base.durable import replace_file
from kept.base.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from kept.crypto.secret import Secret
from kept.flows.back_up import CopyParts, access_of, add_place, back_up
from kept.flows.copy_orders import Access, CopyProgress
from kept.flows.drill import drill
from kept.ledger.model import Actor
from kept.web.copying import CopyFailedError, Ears, Entry, Far, Look, Returned, Saved, Stop
from kept.wiring.folder import DataFolder

STAYS_OPEN_S = 300.0
WAIT_FOR_PAGE_S = 150.0  # more than the log takes to publish a page
LOOK_AGAIN_S = 1.0
NAME_CHARS = 64
DEMO_COPIES, DEMO_RESTORED = "copies", "restored"
PRICES = "backup-prices.toml"
MAX_PRICES_BYTES = 64 * 1024


@dataclass(slots=True)
class _Opened:
    """A place that stays open for a while. `indexes` are those its reader was made of."""

    place: KnownPlace
    repository: Repository
    used_at: float
    indexes: frozenset[str] = frozenset()
    reader: TreeReader | None = None


@dataclass(slots=True)
class DeskCopies:
    """The copies of a house that serves. Thread-safe."""

    parts: CopyParts
    folder: DataFolder
    is_demo: bool
    _open: dict[str, _Opened] = field(default_factory=dict[str, _Opened])
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def add(
        self, order: PlaceOrder, secrets: PlaceSecrets, *, actor: Actor, same_disk: bool
    ) -> None:
        """See `Copying`.

        Raises:
            RefusedError: as `Copying`.
        """
        address = parse_address(order.address)
        if self.is_demo:
            self._require_inside(order.address, DEMO_COPIES)
            if order.folders:
                raise RefusedError("demo", "The demo copies nothing but its own made-up shop.")
        if not isinstance(address, LocalAddress):
            user = address.user if isinstance(address, RestAddress) else ""
            told = PlaceSecrets(
                user=user or secrets.user,
                password=_password_in(address) or secrets.password,
                s3_key_id=secrets.s3_key_id,
                s3_secret=secrets.s3_secret,
                s3_token=secrets.s3_token,
            )
            self._knock(Access(order.address, told, "", order.via))
        add_place(
            self.parts,
            order,
            actor=actor,
            secrets=secrets,
            may_share_disk=same_disk or self.is_demo,
        )

    def copy(self, name: str, *, actor: Actor, look: Look, stop: Stop) -> None:
        """See `Copying`.

        Raises:
            CopyFailedError: it failed, which is noted.
        """

        def shown(far: CopyProgress) -> None:
            look(Far(far.files, far.bytes, far.seconds, far.files_in_all, far.bytes_in_all))

        result = back_up(self.parts, name, actor=actor, look=shown, stop=stop)
        if result.failed is not None and not stop():
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
        found, _ = load_snapshots(self._opened(name).repository)
        return [_saved(one.name, one.snapshot) for one in found]

    def folder_of(self, name: str, snapshot: str, path: bytes) -> list[Entry]:
        """See `Copying`.

        Raises:
            NotFoundError: no such place, copy or folder.
        """
        reader, state = self._reader(name), self._snapshot(name, snapshot)
        node = node_at(reader, state, path)
        tree = state.tree if node is None else node.subtree
        if tree is None:
            raise NotFoundError("This is a file, not a folder.")
        found = [
            Entry(
                name=one.name,
                is_folder=one.type is NodeType.DIR,
                is_file=one.type is NodeType.FILE,
                size=one.size,
                changed_at=_moment(one.mtime_ns),
            )
            for one in reader.read(tree)
        ]
        return sorted(found, key=lambda one: (not one.is_folder, one.name.lower(), one.name))

    def restore(
        self, name: str, snapshot: str, path: bytes, target: str, *, actor: Actor, work: Ears
    ) -> Returned:
        """See `Copying`."""
        self._require_target(target)
        opened, state = self._opened(name), self._snapshot(name, snapshot)
        began = time.monotonic()

        def shown(far: Progress) -> None:
            is_all = far.is_all_found
            work.look(
                Far(
                    far.files_done,
                    far.bytes_done,
                    time.monotonic() - began,
                    far.files_found if is_all else None,
                    far.bytes_found if is_all else None,
                )
            )

        around = Surroundings(
            place=opened.repository.place,
            files=opened.repository,
            clock=self.parts.clock,
            sleep=time.sleep,
            own=own_facts(),
            start_time_of=start_time_of,
        )
        wish = Wish(target=os.fsencode(target), paths=(path or b"/",))
        with locked(around, exclusive=False):
            done = restore(opened.repository, state, wish, watch=shown, stop=work.stop)
        self.parts.db.write(
            lambda tx: proofs.note_restored(
                tx,
                self.parts.vault.origin,
                actor=actor,
                place=opened.place,
                snapshot=bytes.fromhex(snapshot),
                files=done.files,
                bad=len(done.lost),
                now=self.parts.clock.now(),
            )
        )
        lost = tuple(one.path.decode("utf-8", "backslashreplace") for one in done.lost)
        return Returned(target, done.files, done.bytes, lost)

    def first_target(self, name: str) -> str:
        """See `Copying`."""
        root = self.folder.root.absolute()
        below = root / DEMO_RESTORED if self.is_demo else root.parent
        wanted = below / f"{name}-{self.parts.clock.now():%Y-%m-%d}"
        tries = (wanted, *(wanted.with_name(f"{wanted.name}-{n}") for n in range(2, 100)))
        return str(next((one for one in tries if not one.exists()), wanted))

    def first_folder(self) -> str:
        """See `Copying`."""
        return str(self.folder.root.absolute() / DEMO_COPIES / "closet") if self.is_demo else ""

    def prices(self) -> str | None:
        """See `Copying`."""
        try:
            with (self.folder.root / PRICES).open("rb") as file:
                return file.read(MAX_PRICES_BYTES).decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def save_prices(self, text: str) -> None:
        """See `Copying`."""
        replace_file(self.folder.root / PRICES, text.encode())

    def close(self) -> None:
        """Let go of every place."""
        with self._lock:
            for one in self._open.values():
                one.repository.place.close()
            self._open.clear()

    # What is open.

    def _opened(self, name: str) -> _Opened:
        """A place, opened now or some minutes ago.

        Raises:
            NotFoundError: no such place, or no repository there.
            UnavailableError: it is away.
        """
        known = self.parts.db.read(lambda tx: places.place(tx, name))
        with self._lock:
            self._let_go()
            found = self._open.get(name)
            if found is None:
                access = access_of(self.parts, known)
                place = _reached(access, self.parts.clock)
                try:
                    password = Secret(access.password.encode())
                    found = _Opened(known, open_repository(place, password), time.monotonic())
                except BaseException:
                    place.close()
                    raise
                self._open[name] = found
            found.used_at = time.monotonic()
            return found

    def _let_go(self) -> None:
        now = time.monotonic()
        for name in [n for n, one in self._open.items() if now - one.used_at > STAYS_OPEN_S]:
            self._open.pop(name).repository.place.close()

    def _reader(self, name: str) -> TreeReader:
        """What reads folders; made anew when another run has been there."""
        opened = self._opened(name)
        with self._lock:
            there = frozenset(one.name for one in opened.repository.list(FileKind.INDEX))
            if opened.reader is None or there != opened.indexes:
                opened.reader = TreeReader(opened.repository, index_to_read(opened.repository))
                opened.indexes = there
            return opened.reader

    def _snapshot(self, name: str, snapshot: str) -> Snapshot:
        if len(snapshot) != NAME_CHARS or not set(snapshot) <= set("0123456789abcdef"):
            raise NotFoundError("There is no such copy.")
        repository = self._opened(name).repository
        return read_snapshot(repository.load_unpacked(FileKind.SNAPSHOT, snapshot))

    # What is refused.

    def _knock(self, access: Access) -> None:
        """See at once whether a place is there, before the patient try.

        Raises:
            UnavailableError: it is not.
        """
        place = _reached(access, self.parts.clock)
        try:
            with suppress(NotFoundError):
                place.list(FileKind.KEY)
        finally:
            place.close()

    def _require_inside(self, path: str, name: str) -> None:
        inside = self.folder.root.absolute() / name
        if not Path(os.path.normpath(path)).is_relative_to(inside) or path == str(inside):
            raise RefusedError("demo", "In the demo this lies inside the demo's own folder.")

    def _require_target(self, target: str) -> None:
        """Refuse a target that could spoil what is there.

        Raises:
            RefusedError: inside the house's folder, or inside a place of copies.
            ConflictError: it holds something already.
        """
        if self.is_demo:
            self._require_inside(target, DEMO_RESTORED)
        path = Path(os.path.normpath(target))
        held = [one.order.address for one in self.parts.db.read(places.places)]
        near = [Path(one) for one in held if isinstance(parse_address(one), LocalAddress)]
        near += [] if self.is_demo else [self.folder.root.absolute()]
        if any(path.is_relative_to(one) or one.is_relative_to(path) for one in near):
            raise RefusedError(
                "backup.target", "Choose a folder apart from the shop's data and from the copies."
            )
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConflictError("This folder holds something already. Name a new one.")


def _reached(access: Access, clock: Clock) -> Place:
    """A place that is told to be away as soon as it is.

    Raises:
        MalformedError: no address.
        RefusedError: without encryption, or a bucket without keys.
        UnavailableError: the way that was demanded is not there.
    """
    via = parse_via(access.via) if access.via else None
    require_present(via)
    address, held = parse_address(access.address), access.secrets
    if isinstance(address, RestAddress):
        address = RestAddress(address.base, held.user)
    secrets = Secrets(
        password=Secret(held.password.encode()) if held.password else None,
        s3_key_id=held.s3_key_id,
        s3_secret=Secret(held.s3_secret.encode()) if held.s3_secret else None,
        s3_token=Secret(held.s3_token.encode()) if held.s3_token else None,
    )
    when = Time(clock, time.monotonic, _no_waiting)
    return open_place(address, when, secrets=secrets, way=Way(via=via))


def _no_waiting(seconds: float) -> NoReturn:
    """In place of a wait.

    Raises:
        UnavailableError: always.
    """
    del seconds
    raise UnavailableError(
        "This place does not answer. Plug it in or check the line, then try again.",
        retry_after=timedelta(minutes=1),
    )


def _password_in(address: object) -> str:
    found = address.password if isinstance(address, RestAddress) else None
    return found.reveal().decode() if found else ""


def _saved(name: str, snapshot: Snapshot) -> Saved:
    summary = snapshot.summary
    return Saved(
        name,
        snapshot.time.utc(),
        None if summary is None else summary.total_files_processed,
        None if summary is None else summary.total_bytes_processed,
    )


def _moment(ns: int) -> datetime:
    """A time of a file; one before the year 1 is shown as the first moment there is."""
    try:
        return datetime.fromtimestamp(ns // 10**9, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.min.replace(tzinfo=UTC)
