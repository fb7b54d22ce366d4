"""How are the house's copies made and tried from the terminal, and how does it reach a place?

Who may enter the data folder may read all of it, so he is also told how a place is opened: then the
terminal reads the copies itself, and what it did there is written down by `note`.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias, cast

from kept.backup.acts import places, proofs, standing
from kept.backup.keeping.statement import Statement, sign
from kept.backup.model.inventory import encode
from kept.backup.model.places import MIB, USUAL_PART, Holds, KnownPlace, PlaceOrder, PlaceSecrets
from kept.backup.model.report import State, state_of, tell
from kept.backup.model.report_reasons import FailedWhy
from kept.base.clock import to_micros
from kept.base.encoding import Json
from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from kept.cli.commands.call import Call
from kept.cli.ctrl import Ctrl
from kept.db.seam import Pending, Tx
from kept.flows.back_up import access_of, add_place, back_up
from kept.flows.copy_keys import copy_keys
from kept.flows.copy_list import listed
from kept.flows.copy_orders import CopyProgress, Failed, Stop
from kept.flows.copy_sights import noted
from kept.flows.drill import USUAL_PICKS, DrillResult, NoPageError
from kept.flows.drill import drill as take_back
from kept.flows.drop_place import drop_place
from kept.ledger.acts.serving import Log, checkpoint
from kept.ledger.sequencer import LogKeys
from kept.wiring.copies import copy_parts

MOST_UNREAD = 1000  # named in an answer; the rest is counted
PAGE_LATE_S = 30.0  # a page may come so much later than the beat says
LOOK_AGAIN_S = 0.5
SECRET_NAMES = ("user", "password", "s3_key_id", "s3_secret", "s3_token", "ca")


def add(call: Call) -> Json:
    """Make a place ready and remember it.

    Raises:
        RefusedError: a place has this name; as `add_place`.
    """
    order = PlaceOrder(
        name=call.text("name"),
        address=call.text("url"),
        holds=Holds.KEYS if call.args.get("keys") else Holds.DATA,
        part_bytes=call.number("part_bytes", USUAL_PART),
        folders=call.texts("folders"),
        excludes=call.texts("excludes"),
        via=call.text("via"),
    )
    secrets = PlaceSecrets(**{name: call.text(name) for name in SECRET_NAMES})
    try:
        added = add_place(
            copy_parts(call.house),
            order,
            actor=call.actor,
            secrets=secrets,
            may_share_disk=bool(call.args.get("same_disk")),
            hear=lambda waits: call.progress({
                "waits": waits.said,
                "seconds": max(1, round(waits.seconds)),
            }),
            stop=call.is_left,
        )
    except ConflictError as error:  # which is no lock
        raise RefusedError("place_exists", str(error)) from None
    except RefusedError as error:
        if error.code != "backup.same_disk":
            raise
        more = "If you want it all the same, give --same-disk."
        raise RefusedError(error.code, f"{error} {more}") from None
    return {
        "name": order.name,
        "address": added.place.order.address,
        "holds": order.holds.value,
        "is_new": added.is_new,
        "is_same_disk": added.is_same_disk,
    }


def listing(call: Call) -> Json:
    """Every place with its newest copy."""
    now = call.house.clock.now()
    found = call.house.db.read(lambda tx: standing.standing(tx, now=now))
    alive = copy_parts(call.house).alive
    return [_place(one, alive) for one in found.places]


def status(call: Call) -> Json:
    """The report, sentence by sentence, and whether it is good."""
    now = call.house.clock.now()
    lang = call.text("lang") or call.lang
    found = call.house.db.read(lambda tx: standing.standing(tx, now=now))
    told: list[Json] = [
        {"about": line.about, "text": line.text, "act": line.act}
        for line in tell(found.report, lang)
    ]
    alive = copy_parts(call.house).alive
    return {
        "is_good": state_of(found.report) is State.GOOD,
        "lines": told,
        "places": [_place(one, alive) for one in found.places],
    }


def run(call: Call) -> Json:
    """Copy the house and its folders to a place.

    Raises:
        UnavailableError: there is no new copy, as for the other reasons of `_error`.
    """
    place = _chosen(call)
    if place.order.holds is Holds.KEYS:
        return _keys(call)
    with _stopping(call) as stop:
        done = back_up(
            copy_parts(call.house),
            place.order.name,
            actor=call.actor,
            is_forced=bool(call.args.get("force")),
            is_dry=bool(call.args.get("dry_run")),
            look=lambda far: call.progress(_far(far)),
            stop=stop,
        )
    if done.failed is not None:
        failure = _error(done.failed)
        raise failure
    made = done.done
    if made is None:
        raise UnavailableError("The copy ended without an answer.")
    unread: list[Json] = [{"path": path, "why": code} for path, code in made.unread[:MOST_UNREAD]]
    return {
        "message_type": "summary",
        "place": place.order.name,
        "snapshot_id": made.snapshot.hex() or None,
        "files": made.files,
        "files_new": made.files_new,
        "bytes": made.bytes,
        "bytes_sent": made.bytes_sent,
        "seconds": made.seconds,
        "unread": unread,
        "unread_count": len(made.unread),
        "gone": [one.path for one in done.gone[:MOST_UNREAD]],
        "gone_count": len(done.gone),
        "unsteady": list(made.unsteady[:MOST_UNREAD]),
        "act": done.act,
    }


def _keys(call: Call) -> Json:
    """Replace the copy of the keys, at every place that holds one.

    Raises:
        UnavailableError: a place was not reached, as for the other reasons of `_error`.
    """
    done = copy_keys(copy_parts(call.house), actor=call.actor)
    for one in done:
        if one.failed is not None:
            failure = _error(one.failed)
            raise failure
    return {"keys": [one.place.order.name for one in done], "acts": [one.act for one in done]}


def drill(call: Call) -> Json:
    """Take a sample back from a place's newest copy, and compare.

    Raises:
        UnavailableError: nothing could be tried, as for the other reasons of `_error`.
    """
    place = _chosen(call)
    if call.is_alone:  # no worker publishes, and the sample needs a page newer than the copy
        call.signed()
        call.house.sequencer.publish(now=call.house.clock.now())
    with _stopping(call) as stop:
        found = _taken_back(call, place, stop)
    if found.figures is None:
        failure = _error(found.failed) if found.failed else UnavailableError("Nothing was tried.")
        raise failure
    figures = found.figures
    return {
        "place": place.order.name,
        "snapshot_id": figures.snapshot.hex(),
        "asked": figures.asked,
        "of": figures.of,
        "good": figures.good,
        "bad": list(figures.bad),
        "bytes": figures.bytes,
        "seconds": figures.seconds,
        "house": figures.house.value,
        "why_untried": found.said,
        "readable_without_key": found.is_open,
        "is_passed": figures.is_passed,
        "act": found.act,
    }


def _taken_back(call: Call, place: KnownPlace, stop: Stop) -> DrillResult:
    """Drill; beside a server as soon as its beat has published a page newer than the copy.

    Raises:
        NoPageError: none came: the ledger does not sign, or its beat stands still.
        KeptError: as `flows.drill`.
    """
    parts, picks = copy_parts(call.house), call.number("files", USUAL_PICKS)
    until = time.monotonic() + call.house.settings.publish_every_s + PAGE_LATE_S
    while True:
        try:
            return take_back(parts, place.order.name, actor=call.actor, picks=picks, stop=stop)
        except NoPageError:
            if call.is_alone or stop() or time.monotonic() > until or not call.signed():
                raise
        call.progress({"note": "Waiting for the log's next page, which draws the files"})
        time.sleep(LOOK_AGAIN_S)


def way(call: Call) -> Json:
    """How a place is opened, for the terminal of whoever owns the folder."""
    parts = copy_parts(call.house)
    place = _chosen(call)
    access = access_of(parts, place)
    made = call.house.db.read(lambda tx: proofs.key_copy_began(tx, place))
    return {
        "name": place.order.name,
        "holds": place.order.holds.value,
        "keys_copied_at": _moment(made),
        "url": access.address,
        "password": access.password,
        "via": access.via,
        "secrets": {name: getattr(access.secrets, name) for name in SECRET_NAMES},
        "keep": _keep(call),
    }


def listed_there(call: Call) -> Json:
    """What should lie at a place, a file a line, and the newest page of the ledger.

    With `page` such a page is made first, where nobody else makes one.

    Raises:
        UnavailableError: data.db cannot be read.
    """
    place, house = _chosen(call), call.house
    if call.args.get("page") and call.is_alone:  # no worker publishes
        call.signed()
        house.sequencer.publish(now=house.clock.now())
    note = house.db.read(lambda tx: checkpoint(tx, Log(house.vault.origin, house.tiles)))
    return {
        "files": encode(listed(house.db, house.tiles, place)).decode(),
        "checkpoint": None if note is None else note.decode(),
    }


def sign_possession(call: Call) -> Json:
    """Sign what a check without a key found at a place, with the house's own key, and record it.

    Raises:
        MalformedError: no result of a check, or of another place.
    """
    place, house = _chosen(call), call.house
    told = Statement.parse(call.text("statement"))
    if told.client != place.order.name:
        raise MalformedError("statement", "of another place")
    signer = LogKeys(house.vault.origin, house.opened.house_keys["log"]).signer()
    signed = sign(told, signer)
    found: dict[str, Json] = {
        "parts": told.parts,
        "read": told.asked,
        "bad": told.bad_count,
        "signed": sha256(signed).hexdigest(),
    }
    act = house.db.write(
        lambda tx: proofs.note_checked(
            tx,
            house.vault.origin,
            actor=call.actor,
            place=place,
            found=found,
            now=house.clock.now(),
        )
    )
    return {"note": signed.decode(), "key": str(signer.key), "act": act}


def remove(call: Call) -> Json:
    """Take a place off the list; with `destroyed` one whose copy of the keys is no more.

    Raises:
        RefusedError: a copy to it is under way; a copy of the keys lies there.
    """
    name = call.text("name")
    place = call.house.db.read(lambda tx: places.place(tx, name))
    try:
        drop_place(
            copy_parts(call.house),
            name,
            actor=call.actor,
            is_copy_destroyed=bool(call.args.get("destroyed")),
        )
    except ConflictError as error:  # which is no lock of the repository
        raise RefusedError("place_at_work", str(error)) from None
    left = call.house.db.read(lambda tx: places.places(tx, holds=place.order.holds))
    return {
        "name": name,
        "address": place.order.address,
        "holds": place.order.holds.value,
        "left": [one.order.name for one in left],
    }


def sights(call: Call) -> Json:
    """What the house noted of the snapshots at a place, for rules that forget; microseconds."""
    place = _chosen(call)
    known = call.house.db.read(lambda tx: noted(tx, place))
    seen: dict[str, Json] = {
        name: [to_micros(one.before), to_micros(one.first)] for name, one in known.sights.items()
    }
    return {
        "sights": seen,
        "looked_at": None if known.looked_at is None else to_micros(known.looked_at),
        "drills": [to_micros(at) for at in known.drills],
    }


def _keep(call: Call) -> str:
    plan = call.house.db.read(places.plan)
    return plan.keep if plan else ""


def note(call: Call) -> Json:
    """Write down what the terminal did at a place.

    Raises:
        MalformedError: nothing that is written down.
    """
    place = call.house.db.read(lambda tx: places.place(tx, call.text("place")))
    verb = _NOTES.get(call.text("what"))
    if verb is None:
        raise MalformedError("what", "nothing that is written down")
    figures: dict[str, Any] = dict(_mapping(call.args.get("figures")))
    act = call.house.db.write(lambda tx: verb(tx, call, place, figures))
    return {"act": act}


def _mapping(found: object) -> Mapping[str, Json]:
    """An argument that is an object.

    Raises:
        MalformedError: it is something else.
    """
    if not isinstance(found, Mapping):
        raise MalformedError("figures", "must be an object")
    return cast("Mapping[str, Json]", found)  # it came as JSON


Noted: TypeAlias = "Callable[[Tx, Call, KnownPlace, dict[str, Any]], Pending[int]]"


def _checked(tx: Tx, call: Call, place: KnownPlace, told: dict[str, Any]) -> Pending[int]:
    house = call.house
    found = {name: int(count) for name, count in told.items()}
    return proofs.note_checked(
        tx, house.vault.origin, actor=call.actor, place=place, found=found, now=house.clock.now()
    )


def _pruned(tx: Tx, call: Call, place: KnownPlace, told: dict[str, Any]) -> Pending[int]:
    house = call.house
    found = {name: int(count) for name, count in told.items()}
    return proofs.note_pruned(
        tx, house.vault.origin, actor=call.actor, place=place, found=found, now=house.clock.now()
    )


def _forgotten(tx: Tx, call: Call, place: KnownPlace, told: dict[str, Any]) -> Pending[int]:
    house = call.house
    return proofs.note_forgotten(
        tx,
        house.vault.origin,
        actor=call.actor,
        place=place,
        snapshots=tuple(bytes.fromhex(name) for name in told["names"]),
        policy=str(told["policy"]),
        now=house.clock.now(),
    )


def _restored(tx: Tx, call: Call, place: KnownPlace, told: dict[str, Any]) -> Pending[int]:
    house = call.house
    return proofs.note_restored(
        tx,
        house.vault.origin,
        actor=call.actor,
        place=place,
        snapshot=bytes.fromhex(told["snapshot"]),
        files=int(told["files"]),
        bad=int(told["bad"]),
        now=house.clock.now(),
    )


def _key(tx: Tx, call: Call, place: KnownPlace, told: dict[str, Any]) -> Pending[int]:
    house = call.house
    return proofs.note_key_change(
        tx,
        house.vault.origin,
        actor=call.actor,
        place=place,
        change=str(told["change"]),
        key=str(told["key"]),
        now=house.clock.now(),
    )


_NOTES: "Mapping[str, Noted]" = {
    "checked": _checked,
    "pruned": _pruned,
    "forgotten": _forgotten,
    "restored": _restored,
    "key": _key,
}


def _chosen(call: Call) -> KnownPlace:
    """The place that was named, or the only one with data.

    Raises:
        NotFoundError: no such place, or none yet.
        MalformedError: there are several and none was named.
    """
    if name := call.text("place"):
        return call.house.db.read(lambda tx: places.place(tx, name))
    found = call.house.db.read(lambda tx: places.places(tx, holds=Holds.DATA))
    if not found:
        raise NotFoundError("There is no place for copies. `kept backup add NAME URL` makes one.")
    if len(found) > 1:
        names = ", ".join(one.order.name for one in found)
        raise MalformedError("place", f"there are several, name one: {names}")
    return found[0]


def _place(one: standing.PlaceStanding, alive: set[int]) -> dict[str, Json]:
    """A place in an answer. `alive`: runs of this process; the folder is ours, so no others are."""
    order, copy = one.place.order, one.copy
    is_running = one.begun is not None and one.begun.n in alive
    return {
        "name": order.name,
        "address": order.address,
        "holds": order.holds.value,
        "enabled": one.place.is_enabled,
        "part_mib": order.part_bytes // MIB,
        "via": order.via,
        "folders": list(order.folders),
        "newest_copy": _moment(one.key_copy_at or (copy.ended_at if copy else None)),
        "files": copy.files if copy else None,
        "stored_bytes": one.stored_bytes,
        "is_running": is_running,
        "is_unfinished": one.is_running and not is_running,
        "last": one.last.state.value if one.last else None,
        "why": one.last.why.value if one.last and one.last.why else None,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _far(far: CopyProgress) -> dict[str, Json]:
    return {
        "files": far.files,
        "bytes": far.bytes,
        "sent": far.sent,
        "unread": far.unread,
        "seconds": round(far.seconds),
        "waits": far.waits,
        "files_in_all": far.files_in_all,
        "bytes_in_all": far.bytes_in_all,
    }


def _error(failed: Failed) -> KeptError:
    """A failed order as an error, for the terminal's exit codes."""
    if failed.why is FailedWhy.BUSY:
        return ConflictError(failed.said)
    if failed.code:
        return RefusedError(failed.code, failed.said)
    return UnavailableError(failed.said)


def _stopping(call: Call) -> AbstractContextManager[Callable[[], bool]]:
    """Beside a server the terminal's own signal does not come here: it hangs up instead."""
    return Ctrl() if call.is_alone else nullcontext(call.is_left)
