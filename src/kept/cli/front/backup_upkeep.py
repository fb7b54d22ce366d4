"""What is typed to keep a repository in order: locks, the index, what is forgotten and cleaned?"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from kept.base.errors import MalformedError, RefusedError
from kept.cli.answers import AsJson, tell
from kept.cli.copy_bar import size_text
from kept.cli.ctrl import Ctrl
from kept.cli.exits import DONE, FAILED, INTERRUPTED
from kept.cli.front.backup import backup
from kept.cli.repos import Of, holding, lock_told, one_of, surroundings

if TYPE_CHECKING:
    from datetime import datetime

    from kept.backup.model.forgetting import Noted
    from kept.backup.model.retention import Policy
    from kept.backup.pipeline.first_seen import FirstSeen
    from kept.backup.pipeline.grace import GraceFolder
    from kept.backup.pipeline.loading import NamedSnapshot
    from kept.backup.repo.repository import Repository

Dry = Annotated[bool, Parameter(name="--dry-run", negative="")]
ReadData = Annotated[bool, Parameter(name="--read-data", negative="")]
Yes = Annotated[bool, Parameter(name="--yes", negative="")]
GraceDir = Annotated[Path | None, Parameter(name="--grace-dir")]
MaxRepack = Annotated[str, Parameter(name="--max-repack")]
MaxMinutes = Annotated[int | None, Parameter(name="--max-minutes")]
_SIZE = re.compile(r"(\d{1,9})([KMGTkmgt])(?:iB|i|B)?")


@backup.command
def unlock(*, json: AsJson = False, of: Of) -> None:
    """Remove locks whose owner is gone. A lock of somebody at work stays.

    Every command does that by itself; this one only tells.

    Args:
        json: one object on one line.
        of: which repository.
    """
    from kept.backup.ports import FileKind
    from kept.backup.repo.locking import remove_stale

    with of.opened() as repository:
        removed = remove_stale(surroundings(repository))
        left = sum(1 for stored in repository.list(FileKind.LOCK) if stored.size)
    tell({"removed": removed, "left": left}, _locks, as_json=json)


def _locks(found: dict[str, int]) -> str:
    left = (
        f" {found['left']} stay: somebody may be at work. A lock lapses 30 minutes after its owner"
        " fell silent."
        if found["left"]
        else ""
    )
    return f"Stale locks removed: {found['removed']}.{left}"


@backup.command
def adopt(*, read_data: ReadData = False, json: AsJson = False, of: Of) -> int:
    """Mend the index: take in parts that no index names, as after a lost or damaged index file.

    With --read-data mend the parts too, so that the next run can store anew what is damaged.
    Exits 1 when parts are damaged and stay out, or when something in them is lost.

    Args:
        read_data: read every part; what is whole in a damaged one is packed anew, the rest goes.
        json: one object on one line.
        of: which repository.
    """
    from kept.backup.pipeline.adopting import mend
    from kept.backup.pipeline.mending import mend_parts
    from kept.cli.bar import Bar

    with (
        Ctrl() as stop,
        of.opened(stop) as repository,
        holding(repository, exclusive=True) as lock,
        Bar() as bar,
    ):
        done = mend(repository, stop=stop)

        def watch(read: int, parts: int) -> None:
            bar({"done": read, "total": parts, "note": "parts"})

        parts = mend_parts(repository, lock, watch=watch, stop=stop) if read_data else None
    adopted = done.adopted
    if taken := len(done.removed) + (0 if parts is None else len(parts.damaged)):
        of.note("pruned", removed=taken, repacked=0, freed=0)
    told: dict[str, Any] = {
        "parts": len(adopted.parts),
        "blobs": adopted.blobs,
        "bytes": adopted.bytes,
        "removed_indexes": list(done.removed),
        "broken_parts": [one.name for one in adopted.broken],
        "read_parts": 0 if parts is None else parts.read,
        "removed_parts": [] if parts is None else list(parts.damaged),
        "saved_blobs": 0 if parts is None else parts.saved_blobs,
        "lost_blobs": 0 if parts is None else parts.lost_blobs,
    }
    tell(told, _adopted, as_json=json)
    if stop():
        return INTERRUPTED
    return FAILED if adopted.broken or told["lost_blobs"] else DONE


def _adopted(told: dict[str, Any]) -> str:
    lines = [f"Parts taken in: {told['parts']}, with {told['blobs']} blobs."]
    if told["removed_indexes"]:
        lines.append(f"Damaged index files removed: {len(told['removed_indexes'])}.")
    said = "is damaged and stays out; `kept backup check` says what it held"
    lines += [f"- part {name} {said}" for name in told["broken_parts"]]
    if told["read_parts"]:
        lines.append(f"Parts read: {told['read_parts']}, damaged: {len(told['removed_parts'])}.")
    lines += [f"- part {name} was damaged and is removed" for name in told["removed_parts"]]
    if told["removed_parts"]:
        lines.append(
            f"Saved of them: {told['saved_blobs']} pieces; lost: {told['lost_blobs']}. Copy again:"
            " what is still on your disk is stored anew."
        )
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Keep:
    """What a policy keeps, as restic takes it; nothing told means the usual policy.

    Args:
        policy: all rules in one line, as "last 3, within 7d, daily within 35d, monthly 12".
        last: so many of the newest.
        hourly: the newest of so many hours; so for the following.
        daily: of days.
        weekly: of weeks.
        monthly: of months.
        yearly: of years.
        within: all within this long of the newest, as 1y2m3d4h.
        tag: whatever has this tag; may be given again.
    """

    policy: Annotated[str, Parameter(name="--policy")] = ""
    last: Annotated[int, Parameter(name="--keep-last")] = 0
    hourly: Annotated[int, Parameter(name="--keep-hourly")] = 0
    daily: Annotated[int, Parameter(name="--keep-daily")] = 0
    weekly: Annotated[int, Parameter(name="--keep-weekly")] = 0
    monthly: Annotated[int, Parameter(name="--keep-monthly")] = 0
    yearly: Annotated[int, Parameter(name="--keep-yearly")] = 0
    within: Annotated[str, Parameter(name="--keep-within")] = ""
    tag: Annotated[tuple[str, ...], Parameter(name="--keep-tag", negative="")] = ()

    def rules(self, usual: str) -> "Policy":
        """The policy; `usual` is the house's own line, "" where there is none.

        Raises:
            MalformedError: a rule has another form, or rules stand in two places.
        """
        from kept.backup.model.retention import DEFAULT, NO_SPAN, Policy
        from kept.backup.model.spans import Span

        counts = (self.last, self.hourly, self.daily, self.weekly, self.monthly, self.yearly)
        is_told = any(counts) or bool(self.within) or bool(self.tag)
        if self.policy and is_told:
            raise MalformedError("--policy", "give the line or the single rules, not both")
        if self.policy:
            return Policy.parse(self.policy)
        if not is_told:
            return Policy.parse(usual) if usual else DEFAULT
        return Policy(
            *counts,
            within=Span.parse(self.within) if self.within else NO_SPAN,
            tags=tuple(tuple(one.split("+")) for one in self.tag),
        )


USUAL = Keep()


@backup.command
def forget(
    *snapshot: str,
    keep: Annotated[Keep, Parameter(name="*")] = USUAL,
    grace_dir: GraceDir = None,
    dry_run: Dry = False,
    yes: Yes = False,
    json: AsJson = False,
    of: Of,
) -> int:
    """Let old snapshots go: those named, or what a policy does not keep. Frees no room yet.

    They wait for 14 days on this machine and can be brought back; `prune` makes room.

    Args:
        snapshot: ids, or how they begin, never `latest`; without one the policy decides.
        keep: the policy.
        grace_dir: where forgotten snapshots wait, and where it is noted when each was first seen:
            one whose own time cannot be true counts from then; ~/.local/state/kept/grace unless
            told.
        dry_run: only say what would go.
        yes: also where we would stop and ask, as when more than half would go.
        json: one object on one line.
        of: which repository.

    Raises:
        RefusedError: something looks wrong, and nobody said yes.
    """
    from kept.backup.model.forgetting import Noted
    from kept.backup.pipeline.forgetting import forget as let_go
    from kept.backup.pipeline.loading import load_snapshots
    from kept.cli.house_sights import house_noted
    from kept.cli.repos import around

    policy = keep.rules("" if of.repo else of.way.keep)
    with of.opened() as repository:
        found, _ = load_snapshots(repository)
        brakes: list[str] = []
        kept: list[dict[str, Any]] = []
        if snapshot:
            known = [one.name for one in found]
            names = [_by_name(known, one) for one in snapshot]
        else:
            now, ids = around().clock.now(), [one.name for one in found]
            if of.repo:  # without a house nobody drills: that brake is not asked for
                seen = _first_seen(repository, grace_dir).look(ids, now, is_noted=not dry_run)
                noted = Noted(seen, None, (now,))
            else:
                noted = house_noted(of)
            names, kept, brakes = _by_policy(found, policy, noted, now)
        if names and brakes and not (yes or dry_run) and not _confirmed(len(names), brakes):
            raise RefusedError(
                "forget_stopped",
                f"Stopped: {'; '.join(brakes)}. Nothing was forgotten. Look at --dry-run; --yes"
                " goes on.",
            )
        with lock_told():
            let_go(
                repository,
                names,
                grace=_grace(repository, grace_dir),
                around=surroundings(repository),
                dry_run=dry_run,
            )
    if names and not dry_run:
        of.note("forgotten", names=names, policy="" if snapshot else str(policy))
    told: dict[str, Any] = {
        "dry_run": dry_run,
        "keep": kept,
        "remove": names,
        "brakes": brakes,
        "left": len(found) - (0 if dry_run else len(names)),
    }
    tell(told, _forgotten, as_json=json)
    return DONE


def _by_name(names: list[str], typed: str) -> str:
    """The one snapshot that is to go. A time or `latest` means another one after the next run.

    Raises:
        NotFoundError: none begins so, or several.
        MalformedError: too few characters, or no part of a name.
    """
    if not re.fullmatch(r"[0-9A-Fa-f]+", typed):
        raise MalformedError(
            "snapshot",
            "forget wants names as `kept backup list` shows them: what is the latest changes with"
            " each run",
        )
    return one_of(names, typed, "snapshot")


def _by_policy(
    found: "list[NamedSnapshot]", policy: "Policy", noted: "Noted", now: "datetime"
) -> tuple[list[str], list[dict[str, Any]], list[str]]:
    """Names that go, those kept with their reasons, and why a person should look first."""
    from kept.backup.model.forgetting import plan
    from kept.backup.pipeline.forgetting import candidates

    sights = noted.by_now((one.name for one in found), now)
    made = plan(policy, candidates(found), sights, now=now, drilled_at=noted.drilled_at(now))
    misdated = {one.id for group in made.groups for one in group.misdated}
    said = "its own time cannot be true, so it counts from when it was seen"
    kept = [
        {
            "id": one.snapshot.id,
            "reasons": [*one.reasons, *([said] if one.snapshot.id in misdated else [])],
        }
        for group in made.groups
        for one in group.keep
    ]
    aside = [one for group in made.groups for one in group.quarantined]
    kept += [{"id": one.id, "reasons": [_why_aside(one.time, now)]} for one in aside]
    brakes = {brake.value for group in made.groups if group.remove for brake in group.brakes}
    brakes |= {brake.value for brake in made.brakes} if made.remove else set[str]()
    return [one.id for one in made.remove], kept, sorted(brakes)


def _why_aside(at: "datetime", now: "datetime") -> str:
    if at > now:
        return "dated in the future, so not counted"
    return "made while the clock stood still, nobody knows when, so not counted"


def _confirmed(count: int, brakes: list[str]) -> bool:
    if not sys.stdin.isatty():
        return False
    print(f"Stop: {'; '.join(brakes)}.", file=sys.stderr)
    return input(f"Forget {count} snapshots all the same? Type yes: ").strip().lower() == "yes"


def _forgotten(told: dict[str, Any]) -> str:
    lines = [f"keep {one['id'][:8]}  {', '.join(one['reasons'])}" for one in told["keep"]]
    going = "would go" if told["dry_run"] else "forgotten"
    lines += [f"{going} {name[:8]}" for name in told["remove"]]
    if told["brakes"]:
        lines.append(f"Look first: {'; '.join(told['brakes'])}.")
    if told["remove"] and not told["dry_run"]:
        lines.append(
            "They can be brought back for 14 days: kept backup bring-back ID."
            " `kept backup prune` makes room."
        )
    return "\n".join(lines) or "Nothing to forget."


@backup.command(name="bring-back")
def bring_back(
    snapshot: str, /, *, grace_dir: GraceDir = None, json: AsJson = False, of: Of
) -> None:
    """Bring a forgotten snapshot back, within 14 days, on the machine that forgot it.

    Args:
        snapshot: its id, or how it begins.
        grace_dir: where forgotten snapshots wait; ~/.local/state/kept/grace unless told.
        json: one object on one line.
        of: which repository.
    """
    from kept.backup.pipeline.forgetting import bring_back as put_back

    with of.opened() as repository:
        grace = _grace(repository, grace_dir)
        name = one_of([one.name for one in grace.waiting()], snapshot, "snapshot")
        with lock_told():
            put_back(repository, name, grace=grace, around=surroundings(repository))
    tell({"id": name}, lambda d: f"Snapshot {d['id'][:8]} is back.", as_json=json)


@backup.command
def prune(
    *,
    max_repack: MaxRepack = "",
    max_minutes: MaxMinutes = None,
    grace_dir: GraceDir = None,
    dry_run: Dry = False,
    json: AsJson = False,
    of: Of,
) -> int:
    """Make room: remove what no snapshot leans on. Goes slice by slice; Ctrl-C is safe.

    Args:
        max_repack: how much may be written anew in this run, as 500MiB or 2GiB.
        max_minutes: begin no new slice after so long.
        grace_dir: where forgotten snapshots wait; ~/.local/state/kept/grace unless told.
        dry_run: only say what would be done.
        json: one object on one line.
        of: which repository.
    """
    from datetime import timedelta

    from kept.backup.pipeline.pruning import Phase, PruneLimits
    from kept.backup.pipeline.pruning import prune as clean
    from kept.cli.bar import Bar

    limits = PruneLimits(
        max_repack=_bytes(max_repack) if max_repack else None,
        max_time=None if max_minutes is None else timedelta(minutes=max_minutes),
    )
    with Ctrl() as stop, of.opened(stop) as repository, Bar() as bar, lock_told():

        def watch(phase: Phase, done: int, total: int | None) -> None:
            bar({"done": done, "total": total, "note": phase.value})

        done = clean(
            repository,
            around=surroundings(repository),
            grace=_grace(repository, grace_dir),
            limits=limits,
            dry_run=dry_run,
            watch=watch,
            stop=stop,
        )
    if not dry_run:
        of.note("pruned", removed=done.removed, repacked=done.repacked, freed=done.freed_bytes)
    told: dict[str, Any] = {
        "dry_run": dry_run,
        "removed_parts": done.removed,
        "repacked_parts": done.repacked,
        "new_parts": done.new,
        "freed_bytes": done.freed_bytes,
        "unused_bytes_left": done.kept_unused_bytes,
        "left_to_repack": done.left_to_repack,
        "grace_over": list(done.grace_over),
        "broken_parts": [one.name for one in done.broken],
    }
    tell(told, _pruned, as_json=json)
    if stop():
        return INTERRUPTED
    return FAILED if done.broken else DONE


def _pruned(told: dict[str, Any]) -> str:
    room = size_text(max(0, told["freed_bytes"]))
    packed = f"packed anew: {told['repacked_parts']:,} into {told['new_parts']:,}"
    lines = [f"Parts removed: {told['removed_parts']:,}, {packed}. Room made: {room}."]
    if told["left_to_repack"]:
        lines.append(f"Left for the next run: {told['left_to_repack']:,} parts.")
    lines += [f"- part {name} is damaged and was left alone" for name in told["broken_parts"]]
    if told["dry_run"]:
        lines.append("A dry run: nothing was changed.")
    return "\n".join(lines)


def _grace(repository: "Repository", folder: Path | None) -> "GraceFolder":
    """The waiting room of this repository on this machine."""
    from kept.backup.pipeline.grace import GraceFolder

    return GraceFolder(_own_folder(repository, folder))


def _first_seen(repository: "Repository", folder: Path | None) -> "FirstSeen":
    """What this machine noted of this repository's snapshots."""
    from kept.backup.pipeline.first_seen import FirstSeen

    return FirstSeen(_own_folder(repository, folder))


def _own_folder(repository: "Repository", folder: Path | None) -> Path:
    above = Path.home() / ".local" / "state" / "kept" / "grace" if folder is None else folder
    return above.absolute() / repository.config.id


def _bytes(text: str) -> int:
    """A size such as 500MiB, 2GiB or 4G (1024 each).

    Raises:
        MalformedError: something else.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise MalformedError("--max-repack", "a size like 500MiB or 2GiB")
    return int(found[1]) << (10 * "KMGT".index(found[2].upper()) + 10)
