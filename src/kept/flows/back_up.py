"""How is a copy made, tried and written down? Orders go to an engine, what came of them to acts.

A run begins with a row and ends with its act; a process that died between the two is told failed by
the next look (`settle_runs`). Nothing here opens a place: the engine does, in its own process.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from kept.backup.acts import places, proofs, runs
from kept.backup.acts.secrets import open_secrets, seal_secrets
from kept.backup.model.inventory import Item, decode
from kept.backup.model.places import Holds, KnownPlace, PlaceOrder, PlaceSecrets
from kept.backup.model.report import Unread
from kept.backup.model.report_reasons import FailedWhy, UnreadWhy
from kept.backup.model.runs import HouseSeen, RunFigures
from kept.backup.sources.databases import stage_house, staging
from kept.base.clock import Clock
from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    RefusedError,
    TamperedError,
    UnavailableError,
)
from kept.base.ids import ID_BYTES
from kept.crypto.chance import draw
from kept.crypto.keys import VaultKey
from kept.crypto.secret import Secret
from kept.db.seam import Database
from kept.flows.copy_list import gone_from, listed
from kept.flows.copy_orders import (
    Access,
    CopyDone,
    CopyOrder,
    Engine,
    Failed,
    Hear,
    KeylessOrder,
    Look,
    PrepareOrder,
    Stop,
    never,
    unheard,
    unseen,
)
from kept.flows.copy_work import unread_why, why_failed
from kept.ledger.model import Actor
from kept.ledger.notes import VerifierKey
from kept.ledger.ports import TileStore
from kept.vault.acts.parts import VaultParts

COPIER = Actor("worker", "copies", "worker")
NO_SECRETS = PlaceSecrets()
KEYLESS_PARTS = 8
NO_HOUSE = "The house's own data could not be read whole. There is no new copy."


@dataclass(frozen=True, slots=True, repr=False)
class CopySecrets:
    """What the house's keys give for copies.

    Args:
        password: opens its repositories (`backup.acts.secrets.repository_password`).
        vault_id: 16 bytes.
        current: wraps credentials of places; `epochs` open them.
        recipients: `age1…` of the recovery identity, for copies of the keys.
        log_keys: who may have signed the ledger, for drills.
    """

    password: Secret
    vault_id: bytes
    current: VaultKey
    epochs: Mapping[int, VaultKey]
    recipients: tuple[str, ...]
    log_keys: tuple[VerifierKey, ...] = ()


HouseLook = Callable[[Path, tuple[VerifierKey, ...]], HouseSeen]


@dataclass(frozen=True, slots=True)
class CopyParts:
    """What making copies needs; one object a house.

    `look_at_house` says how a restored folder with `data.db` or `postgres.dump`, and `tiles/`, is;
    `alive` are the runs that this process works on.
    """

    clock: Clock
    db: Database
    keys_db: Database
    vault: VaultParts
    folder: Path
    engine: Engine
    secrets: CopySecrets
    tiles: TileStore
    look_at_house: HouseLook
    dsn: Secret | None = None
    alive: set[int] = field(default_factory=set[int])


@dataclass(frozen=True, slots=True)
class Added:
    """A new place. `is_new`: a repository was made; else ours stood there already."""

    place: KnownPlace
    is_new: bool
    is_same_disk: bool


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What came of a run: `done` and its act, or `failed` and its act. A dry run has no act.

    `gone` lay there after the copy before, and nobody of the house took it away: older snapshots
    may be broken.
    """

    place: KnownPlace
    run: int | None
    act: int | None
    done: CopyDone | None = None
    failed: Failed | None = None
    gone: tuple[Item, ...] = ()


def add_place(
    parts: CopyParts,
    order: PlaceOrder,
    /,
    *,
    actor: Actor,
    secrets: PlaceSecrets = NO_SECRETS,
    may_share_disk: bool = False,
    hear: Hear = unheard,
    stop: Stop = never,
) -> Added:
    """Make a place ready and remember it. The address may hold credentials: they are sealed.

    Args:
        parts: of the house.
        order: what the owner says of the place.
        actor: who wants it.
        secrets: what the server wants to know of us.
        may_share_disk: allow the disk of the house itself.
        hear: told why it waits for a place that is away, and how long.
        stop: asked often; True ends the waiting, and nothing is remembered.

    Raises:
        ConflictError: a place has this name or this address.
        MalformedError: no address.
        RefusedError: a plain way; the same disk as the house; another's repository; a place of
            keys that keeps what is deleted.
        UnavailableError: it cannot be reached or written. Nothing was remembered.
    """
    known_places = parts.db.read(places.places)
    if any(one.order.name == order.name for one in known_places):
        raise ConflictError(f"A place called {order.name} is there already. Nothing was changed.")
    address, told = parts.engine.read_address(order.address)
    for one in known_places:
        if one.order.address == address:
            raise ConflictError(
                f"The place {one.order.name} has this address: two names are not two copies."
                " Nothing was changed."
            )
    if order.holds is Holds.KEYS and address.startswith("s3:"):
        raise RefusedError(
            "backup.keys_would_stay",
            "A bucket may keep what is deleted, so a destroyed key could live on there. Choose a"
            " disk or a server for the copy of keys.",
        )
    secrets = replace(
        secrets, user=told.user or secrets.user, password=told.password or secrets.password
    )
    order = replace(order, address=address)
    done = parts.engine.prepare(
        PrepareOrder(
            _access(parts, order, secrets),
            is_for_keys=order.holds is Holds.KEYS,
            beside=str(parts.folder.absolute()),
            may_share_disk=may_share_disk,
        ),
        hear=hear,
        stop=stop,
    )
    if isinstance(done, Failed):
        failure = _told(done)
        raise failure
    order = replace(order, is_near=done.is_same_disk)
    place_id, now = draw(ID_BYTES), parts.clock.now()
    own = parts.secrets
    wrapped = None
    if secrets.are_any:
        sealed = seal_secrets(own.current, secrets, vault_id=own.vault_id, place_id=place_id)
        wrapped = (own.current.epoch, sealed)
    known = parts.db.write(
        lambda tx: places.add_place(
            tx,
            parts.vault.origin,
            actor=actor,
            place_id=place_id,
            order=order,
            secrets=wrapped,
            now=now,
        )
    )
    return Added(known, done.is_new, done.is_same_disk)


def back_up(
    parts: CopyParts,
    name: str,
    /,
    *,
    actor: Actor,
    is_forced: bool = False,
    is_dry: bool = False,
    look: Look = unseen,
    stop: Stop = never,
) -> CopyResult:
    """Copy the house and the folders named with a place to it. A failure is noted, not raised.

    Args:
        parts: of the house.
        name: of the place.
        actor: who wants it.
        is_forced: read every file, whatever the last copy says.
        is_dry: store nothing, note nothing.
        look: told how far it is.
        stop: asked often; True ends the run, which is noted as failed.

    Raises:
        NotFoundError: no such place.
        RefusedError: it holds keys, or is switched off.
        ConflictError: a copy to it is under way.
        TamperedError: its stored credentials were changed.
        UnavailableError: data.db cannot be written; a run that had begun is settled later.
    """
    settle_runs(parts)
    place = parts.db.read(lambda tx: places.place(tx, name))
    _require(place)
    access = access_of(parts, place)
    if is_dry:
        answer = _copied(parts, place, access, is_forced, is_dry=True, look=look, stop=stop)
        if isinstance(answer, Failed):
            return CopyResult(place, None, None, failed=answer)
        return CopyResult(place, None, None, done=answer)
    run = parts.db.write(lambda tx: runs.begin_run(tx, place=place, now=parts.clock.now()))
    parts.alive.add(run)
    try:
        before = _before(parts, place)
        answer = _copied(parts, place, access, is_forced, is_dry=False, look=look, stop=stop)
        return _noted(parts, place, run, answer, before=before, actor=actor)
    finally:
        parts.alive.discard(run)


def _before(parts: CopyParts, place: KnownPlace) -> tuple[Item, ...]:
    """What should lie there. A list that was changed is named by `verify`; no copy waits for it."""
    try:
        return listed(parts.db, parts.tiles, place)
    except MalformedError:
        return ()


def settle_runs(parts: CopyParts, /) -> int:
    """Tell runs failed whose process died; how many there were.

    Raises:
        UnavailableError: data.db cannot be written.
    """
    return parts.db.write(
        lambda tx: runs.settle(
            tx,
            parts.vault.origin,
            actor=COPIER,
            alive=frozenset(parts.alive),
            now=parts.clock.now(),
        )
    )


def try_keyless(
    parts: CopyParts, name: str, needles: Sequence[bytes], /, *, actor: Actor
) -> bool | Failed:
    """Try to read a place's copy without its key; whether it could be read. Records it.

    Args:
        parts: of the house.
        name: of the place.
        needles: 32 bytes each, of files that lie in the copy.
        actor: who wants it.

    Raises:
        NotFoundError: no such place.
        UnavailableError: data.db cannot be written.
    """
    place = parts.db.read(lambda tx: places.place(tx, name))
    access = replace(access_of(parts, place), password="")
    answer = parts.engine.try_keyless(KeylessOrder(access, tuple(needles), KEYLESS_PARTS))
    if isinstance(answer, Failed):
        return answer
    last = parts.db.read(lambda tx: runs.last_copy(tx, place))
    parts.db.write(
        lambda tx: proofs.note_trial(
            tx,
            parts.vault.origin,
            actor=actor,
            place=place,
            snapshot=last.snapshot if last else None,
            is_open=answer.is_open,
            parts=answer.parts,
            now=parts.clock.now(),
        )
    )
    return answer.is_open


def access_of(parts: CopyParts, place: KnownPlace, /) -> Access:
    """How a place is opened: for an engine alone.

    Raises:
        TamperedError: its stored credentials were changed.
    """
    sealed = parts.db.read(lambda tx: places.sealed_secrets(tx, place.order.name))
    if sealed is None:
        return _access(parts, place.order, NO_SECRETS)
    epoch, wrapped = sealed
    key = parts.secrets.epochs.get(epoch)
    if key is None:
        raise TamperedError("the credentials of a place")
    opened = open_secrets(key, wrapped, vault_id=parts.secrets.vault_id, place_id=place.id)
    return _access(parts, place.order, opened)


def _access(parts: CopyParts, order: PlaceOrder, secrets: PlaceSecrets) -> Access:
    plan = parts.db.read(places.plan)
    holds_data = order.holds is Holds.DATA
    return Access(
        address=order.address,
        secrets=secrets,
        password=parts.secrets.password.reveal().decode() if holds_data else "",
        via=order.via,
        bandwidth=plan.bandwidth if plan else "",
    )


def _require(place: KnownPlace) -> None:
    if place.order.holds is Holds.KEYS:
        raise RefusedError("backup.holds_keys", "This place holds the copy of keys, and no data.")
    if not place.is_enabled:
        raise RefusedError("backup.switched_off", "This place is switched off.")


def _copied(
    parts: CopyParts,
    place: KnownPlace,
    access: Access,
    is_forced: bool,  # noqa: FBT001  # one of the run's own switches
    *,
    is_dry: bool,
    look: Look,
    stop: Stop,
) -> CopyDone | Failed:
    """Stage the house and let the engine copy; whatever fails is an answer."""
    try:
        with staging(parts.folder) as into:
            staged = stage_house(parts.db, parts.folder, into)
            own = tuple(folder.encode() for folder in place.order.folders)
            order = CopyOrder(
                access,
                roots=(
                    *((root.at, root.source) for root in staged.roots),
                    *((path, path) for path in own),
                ),
                databases=() if staged.copied is None else (staged.copied,),
                excludes=place.order.excludes,
                part_bytes=place.order.part_bytes,
                dsn=parts.dsn.reveal().decode() if parts.dsn else "",
                is_forced=is_forced,
                is_dry=is_dry,
            )
            return _with_house(parts.engine.copy(order, look=look, stop=stop), staged.copied)
    except UnavailableError as error:
        return Failed(FailedWhy.SOURCE, str(error))
    except KeptError as error:
        return why_failed(error)


def _with_house(answer: CopyDone | Failed, own: bytes | None) -> CopyDone | Failed:
    """A snapshot without the house's own database is no copy of the house."""
    if isinstance(answer, CopyDone) and own is not None:
        left_out = {path for path, _ in answer.unread} | set(answer.unsteady)
        if own.decode() in left_out:
            return Failed(FailedWhy.SOURCE, NO_HOUSE)
    return answer


def _noted(
    parts: CopyParts,
    place: KnownPlace,
    run: int,
    answer: CopyDone | Failed,
    *,
    before: tuple[Item, ...],
    actor: Actor,
) -> CopyResult:
    origin, now = parts.vault.origin, parts.clock.now()
    if isinstance(answer, CopyDone) and not answer.snapshot:
        answer = Failed(FailedWhy.UNKNOWN, "The copy was stopped before its end.", "stopped")
    if isinstance(answer, Failed):
        why = answer.why
        act = parts.db.write(
            lambda tx: runs.fail_run(tx, origin, actor=actor, run=run, why=why, now=now)
        )
        return CopyResult(place, run, act, failed=answer)
    gone = gone_from(before, decode(answer.inventory))
    figures = replace(figures_of(answer), gone=len(gone))
    act = parts.db.write(
        lambda tx: runs.finish_run(tx, origin, actor=actor, run=run, figures=figures, now=now)
    )
    return CopyResult(place, run, act, done=answer, gone=gone)


def figures_of(done: CopyDone, /) -> RunFigures:
    """What is kept of a run that left a snapshot."""
    unread = [Unread(path, unread_why(code)) for path, code in done.unread]
    unread += [Unread(path, UnreadWhy.UNSTEADY) for path in done.unsteady]
    return RunFigures(
        snapshot=done.snapshot,
        tree=done.tree,
        inventory=done.inventory,
        inventory_root=done.inventory_root,
        files=done.files,
        files_new=done.files_new,
        bytes=done.bytes,
        bytes_sent=done.bytes_sent,
        verified=done.verified,
        seconds=done.seconds,
        unread=tuple(unread),
    )


def _told(failed: Failed) -> KeptError:
    """A failed order as an error."""
    if failed.why in {FailedWhy.REFUSED, FailedWhy.WRONG_KEY, FailedWhy.NEWER}:
        return RefusedError(failed.code or f"backup.{failed.why.value}", failed.said)
    return UnavailableError(failed.said, retry_after=timedelta(minutes=1))
