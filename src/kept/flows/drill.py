"""How do we prove that the copy brings everything back? By bringing some of it back.

The sample follows from a checkpoint that is newer than the snapshot; what comes back is compared
with the hashes of the snapshot that the ledger names; the copied database is opened (PostgreSQL's
is put into a database made for it), looked through, and the ledger in it checked against its own
checkpoints. Then pieces of what came back
are looked for in the raw copy: without the key they must not be found.
"""

from dataclasses import dataclass
from pathlib import Path

from kept.backup.acts import places, proofs, runs
from kept.backup.model.places import KnownPlace
from kept.backup.model.report_reasons import FailedWhy
from kept.backup.model.runs import DrillFigures, HouseFound, HouseSeen, Run
from kept.backup.sources.databases import staging
from kept.base.errors import NotFoundError, TamperedError, UnavailableError
from kept.db.seam import Database, Pending, Tx
from kept.flows.back_up import CopyParts, access_of, try_keyless
from kept.flows.copy_orders import DrillDone, DrillOrder, Failed, Stop, never
from kept.flows.copy_trials import needles_of
from kept.ledger.acts import counts, serving
from kept.ledger.acts.serving import Log
from kept.ledger.acts.verify import verify_log
from kept.ledger.model import Actor
from kept.ledger.notes import VerifierKey
from kept.ledger.ports import TileStore

USUAL_PICKS = 40
_MARK = "high-water"  # is never in a copy, so that it is missing there is right


class NoPageError(UnavailableError):
    """No page of the log is newer than the copy yet; the beat publishes one."""


@dataclass(frozen=True, slots=True)
class DrillResult:
    """What a drill found, and its act; `failed`: nothing could be tried, and there is no act.

    `is_open` tells of the try without the key; None where it could not be made. `said` tells why
    the house's own database could not be tried, and what to do; "" where it was.
    """

    place: KnownPlace
    act: int | None
    figures: DrillFigures | None = None
    is_open: bool | None = None
    failed: Failed | None = None
    said: str = ""


def drill(
    parts: CopyParts,
    name: str,
    /,
    *,
    actor: Actor,
    picks: int = USUAL_PICKS,
    stop: Stop = never,
) -> DrillResult:
    """Bring a sample and the house back from a place's newest copy, and compare.

    Records `drill.done` whatever was found, also when the copy is damaged; and `drill.keyless`.

    Args:
        parts: of the house.
        name: of the place.
        actor: who wants it.
        picks: how many files.
        stop: asked often; True ends it without a result.

    Raises:
        NotFoundError: no such place, or no copy in it.
        NoPageError: no checkpoint is newer than the copy yet; ask again in a minute.
        UnavailableError: data.db cannot be written.
        TamperedError: the place's stored credentials were changed.
    """
    place = parts.db.read(lambda tx: places.place(tx, name))
    run, tree, note = parts.db.read(lambda tx: _chosen(tx, parts, place))
    access = access_of(parts, place)
    snapshot = run.snapshot or b""
    with staging(parts.folder) as into:
        order = DrillOrder(access, snapshot.hex(), tree, note, picks, str(into.absolute()))
        done = parts.engine.drill(order, stop=stop)
        if isinstance(done, Failed):
            return _not_done(parts, place, run, done, note=note, actor=actor)
        seen = _house(parts, done)
        figures = _figures(done, snapshot, note, house=seen.found)
        act = _note(parts, place, figures, actor=actor)
        found = try_keyless(parts, name, needles_of(into), actor=actor)
    is_open = None if isinstance(found, Failed) else found
    return DrillResult(place, act, figures, is_open, said=seen.said)


def _chosen(tx: Tx, parts: CopyParts, place: KnownPlace) -> tuple[Run, bytes, bytes]:
    run = runs.last_copy(tx, place)
    if run is None or run.snapshot is None or run.ended_at is None:
        raise NotFoundError(f"There is no copy in {place.order.name} yet.")
    origin = parts.vault.origin
    note = serving.checkpoint(tx, Log(origin, parts.tiles))
    at = counts.published_at(tx, origin)
    if note is None or at is None or at <= run.ended_at:
        raise NoPageError(
            "Which files are tried is drawn by lot from the next page of the house's public log, so"
            " that nobody chooses them. That page is not there yet: try again in a minute."
        )
    return run, runs.tree_of(tx, run), note


def _not_done(
    parts: CopyParts, place: KnownPlace, run: Run, failed: Failed, *, note: bytes, actor: Actor
) -> DrillResult:
    """A copy that is damaged so much that no sample comes back is a finding; a cut line is none."""
    if failed.why is not FailedWhy.DAMAGED:
        return DrillResult(place, None, failed=failed)
    nothing = DrillDone(seed=bytes(32), asked=0, of=0, good=0, bad=(), bytes=0, seconds=0)
    figures = _figures(nothing, run.snapshot or b"", note, house=HouseFound.DAMAGED)
    return DrillResult(place, _note(parts, place, figures, actor=actor), figures, failed=failed)


def _figures(done: DrillDone, snapshot: bytes, note: bytes, *, house: HouseFound) -> DrillFigures:
    return DrillFigures(
        snapshot=snapshot,
        checkpoint=note,
        seed=done.seed,
        asked=done.asked,
        of=done.of,
        good=done.good,
        bad=done.bad,
        bytes=done.bytes,
        seconds=done.seconds,
        house=house,
    )


def _note(parts: CopyParts, place: KnownPlace, figures: DrillFigures, *, actor: Actor) -> int:
    return parts.db.write(
        lambda tx: proofs.note_drill(
            tx,
            parts.vault.origin,
            actor=actor,
            place=place,
            figures=figures,
            now=parts.clock.now(),
        )
    )


def _house(parts: CopyParts, done: DrillDone) -> HouseSeen:
    if not done.house:
        return HouseSeen(HouseFound.ABSENT)
    return parts.look_at_house(Path(done.house), parts.secrets.log_keys)


def look_through(db: Database, tiles: TileStore, keys: tuple[VerifierKey, ...], /) -> HouseFound:
    """How a restored database is: its pages, its rows, the ledger in it against its checkpoints.

    Args:
        db: the copy, opened at a place of its own.
        tiles: those that came back with it.
        keys: who may have signed.

    Raises:
        UnavailableError: its server is away, or its file cannot be read.
    """
    try:
        whole = db.dialect == "postgres" or db.write(_is_sound)  # restoring built each index anew
        has_acts = db.read(lambda tx: tx.row("select count(*) from acts")) not in {None, (0,)}
        faults = [one for one in verify_log(db, tiles, keys, mark=None) if one.where != _MARK]
    except TamperedError:
        return HouseFound.DAMAGED
    return HouseFound.WHOLE if whole and has_acts and not faults else HouseFound.DAMAGED


def _is_sound(tx: Tx) -> Pending[bool]:
    return Pending(tx.rows("pragma integrity_check") == [("ok",)])
