"""What is typed to make a copy and to get it back?"""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from kept.base.encoding import Json
from kept.base.errors import MalformedError, RefusedError
from kept.cli.answers import AsJson, tell
from kept.cli.copy_bar import CopyBar, HowFar, path_text, size_text
from kept.cli.ctrl import Ctrl
from kept.cli.exits import DONE, INTERRUPTED, PARTIAL
from kept.cli.front.backup import backup
from kept.cli.repos import Copies, Of, lock_told, named, reading

if TYPE_CHECKING:
    from kept.backup.pipeline.restore_values import Progress as RestoreProgress
    from kept.backup.pipeline.restore_values import Restored
    from kept.backup.pipeline.run_plan import Progress as RunProgress
    from kept.backup.pipeline.run_plan import RunDone, RunPlan

MIB = 1 << 20
MOST_TOLD = 20  # lines on a terminal; `--json` tells all
Excludes = Annotated[tuple[str, ...], Parameter(name="--exclude", negative="")]
Tags = Annotated[tuple[str, ...], Parameter(name="--tag", negative="")]
Force = Annotated[bool, Parameter(name="--force", negative="")]
Dry = Annotated[bool, Parameter(name="--dry-run", negative="")]
PartSize = Annotated[int | None, Parameter(name="--part-size")]
Full = Annotated[bool, Parameter(name="--full-paths", negative="")]
Replace = Annotated[bool, Parameter(name="--replace", negative="")]
Verify = Annotated[bool, Parameter(name="--verify", negative="")]
ENDED = "Ended. No snapshot was made; what was sent stays, and the next run goes on from there."

ENDED_RESTORE = "Ended. What came back whole stays in the folder."


@backup.command
def run(
    *path: str,
    exclude: Excludes = (),
    tag: Tags = (),
    force: Force = False,
    dry_run: Dry = False,
    part_size: PartSize = None,
    json: AsJson = False,
    of: Of,
) -> int:
    """Copy folders into a new snapshot. Ctrl-C is safe; the next run goes on from there.

    With a house: copy it, and the folders named with the place, to that place.
    Exits 3 when there is a snapshot but some files could not be read.

    Args:
        path: with --repo folders and files; with a house the name of one place, or nothing.
        exclude: leave out what fits, as *.tmp or /home/*/cache; may be given again.
        tag: a word to find the snapshot by; may be given again.
        force: read every file, also those that seem unchanged.
        dry_run: say what would be copied; store nothing.
        part_size: MiB of each file in the repository, 4 to 128; 16 unless told otherwise. Small
            parts: cheap checks, more requests. Large parts: fewer files.
        json: JSON lines: status once a second, the summary last.
        of: which repository.

    Raises:
        MalformedError: nothing was named, or what a house decides itself.
    """
    from kept.backup.pipeline.backing_up import back_up
    from kept.backup.pipeline.own_process import settle
    from kept.cli.repos import around

    if not of.repo:
        from kept.cli.house_run import run_house

        if exclude or tag or part_size is not None:
            raise MalformedError("run", "what a house copies is set by `kept backup add`")
        return run_house(of, path, force=force, dry_run=dry_run, as_json=json)
    plan = _plan(tuple(map(Path, path)), of, exclude=exclude, tags=tag, part_mib=part_size)
    settle()
    plan = _switched(plan, force=force, dry_run=dry_run)
    try:
        with (
            Ctrl() as stop,
            of.opened(stop) as repository,
            CopyBar(as_json=json) as bar,
            lock_told(),
        ):
            done = back_up(
                repository,
                plan,
                around(),
                watch=lambda progress: bar(_run_far(progress)),
                stop=stop,
            )
    except KeyboardInterrupt:
        return _ended(ENDED)
    if done.is_stopped:
        return _ended(ENDED)
    _tell_unread(done)
    tell(_run_summary(done, dry_run=dry_run), _run_words, as_json=json)
    return PARTIAL if done.is_partial else DONE


def _ended(said: str) -> int:
    print(said, file=sys.stderr)
    return INTERRUPTED


def _plan(
    paths: tuple[Path, ...],
    of: Copies,
    *,
    exclude: tuple[str, ...],
    tags: tuple[str, ...],
    part_mib: int | None,
) -> "RunPlan":
    """What is to be copied; never the repository itself.

    Raises:
        MalformedError: nothing was named, or a pattern, tag or size has another form.
    """
    from importlib.metadata import version

    from kept.backup.pipeline.run_plan import USUAL_PART_BYTES, RunPlan
    from kept.backup.sources.excludes import Excludes as Rules
    from kept.backup.sources.walk import plain_root
    from kept.wiring.far_places import told_address

    if not paths:
        raise MalformedError("PATH", "name at least one folder or file to copy")
    if any(not one.strip() or "," in one for one in tags):
        raise MalformedError("--tag", "one word, without a comma")
    where = told_address(of.repo) if of.repo else ""
    own = (_as_pattern(where),) if where.startswith("/") else ()
    return RunPlan(
        roots=tuple(plain_root(os.fsencode(one.absolute())) for one in paths),
        excludes=Rules.of((*exclude, *own)),
        patterns=exclude,
        tags=tags,
        program_version=f"kept {version('kept')}",
        part_bytes=USUAL_PART_BYTES if part_mib is None else part_mib * MIB,
    )


def _switched(plan: "RunPlan", *, force: bool, dry_run: bool) -> "RunPlan":
    from dataclasses import replace

    return replace(plan, is_forced=force, is_dry=dry_run)


def _as_pattern(path: str) -> str:
    """A path as a pattern that fits nothing else."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in path)


def _run_far(far: "RunProgress") -> HowFar:
    return HowFar(
        files=far.files,
        size_bytes=far.size_bytes,
        files_in_all=far.files_in_all,
        bytes_in_all=far.bytes_in_all,
        seconds=far.seconds,
        waits=far.waits.value,
        unread=far.unread,
        sent_bytes=far.sent_bytes,
    )


def _tell_unread(done: "RunDone") -> None:
    """Name what is missing, on standard error: why, and what to do."""
    for one in done.unread[:MOST_TOLD]:
        print(f"not copied: {path_text(one.path)}: {one.why}", file=sys.stderr)
    if (more := len(done.unread) - MOST_TOLD) > 0:
        print(f"and {more:,} more; --json names all", file=sys.stderr)
    if done.unread:
        print(
            "Run it as a user who may read them, or leave them out with --exclude.",
            file=sys.stderr,
        )


def _run_summary(done: "RunDone", *, dry_run: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"message_type": "summary", "dry_run": dry_run}
    if (summary := done.summary) is not None:
        names = [
            *("files_new", "files_changed", "files_unmodified"),
            *("dirs_new", "dirs_changed", "dirs_unmodified"),
            *("data_blobs", "tree_blobs", "data_added", "data_added_packed"),
            *("total_files_processed", "total_bytes_processed"),
        ]
        found |= {name: getattr(summary, name) for name in names}
        took_ns = summary.backup_end.ns - summary.backup_start.ns
        found["total_duration"] = round(took_ns / 1e9, 3)
    unread: list[Json] = [{"path": path_text(one.path), "why": one.why} for one in done.unread]
    return {
        **found,
        "snapshot_id": done.snapshot,
        "parent": done.parent,
        "unread": unread,
        "unsteady": [path_text(path) for path in done.unsteady],
        "skipped": {reason.value: count for reason, count in done.skipped.items()},
        "adopted_parts": len(done.adopted),
        "broken_parts": list(done.broken_parts),
    }


def _run_words(found: dict[str, Any]) -> str:
    in_all, added = size_text(found["total_bytes_processed"]), found["data_added_packed"]
    new, changed = f"{found['files_new']:,} new", f"{found['files_changed']:,} changed"
    lines = [
        f"Files: {new}, {changed}, {found['files_unmodified']:,} as before.",
        f"Together {in_all}, added {size_text(added)}, in {found['total_duration']:.1f} s.",
    ]
    if found["adopted_parts"]:
        lines.append(f"Taken over from an interrupted run: {found['adopted_parts']} parts.")
    lines += [f"{path} changed while it was read." for path in found["unsteady"][:MOST_TOLD]]
    lines += [
        f"Part {name} is damaged and not used; see `kept backup check`."
        for name in found["broken_parts"]
    ]
    if found["dry_run"]:
        lines.append("A dry run: nothing was stored.")
    else:
        lacking = f"; {len(found['unread']):,} could not be read" if found["unread"] else ""
        lines.append(f"Snapshot {found['snapshot_id'][:8]} is stored{lacking}.")
    return "\n".join(lines)


@backup.command
def restore(
    snapshot: str,
    /,
    *path: str,
    target: Path,
    dry_run: Dry = False,
    full_paths: Full = False,
    replace: Replace = False,
    verify: Verify = False,
    json: AsJson = False,
    of: Of,
) -> int:
    """Put a snapshot, or some of it, back into a new folder.

    Exits 1 when something is lost; what it is stands on standard error.

    Args:
        snapshot: its id, how that begins, latest, or a day or moment such as 2026-11-21T09:00.
        path: in the snapshot; without one all of it.
        target: where to; a new or empty folder.
        dry_run: say what would come back; write nothing.
        full_paths: keep the folders above each path.
        replace: the target may hold something; files in it are replaced.
        verify: read every file back and compare.
        json: JSON lines: status once a second, the summary last.
        of: which repository.

    Raises:
        RefusedError: the target holds something already.
    """
    from kept.backup.pipeline.restore_values import Wish
    from kept.backup.pipeline.restoring import restore as put_back
    from kept.base.errors import ConflictError

    wish = Wish(
        target=os.fsencode(target.absolute()),
        paths=tuple(os.fsencode(one) for one in path) or (b"/",),
        full_paths=full_paths,
        dry_run=dry_run,
        replace=replace,
        verify=verify,
    )
    far = _RestoreFar()
    try:
        with Ctrl() as stop, reading(of, stop) as repository, CopyBar(as_json=json) as bar:
            chosen = named(repository, snapshot)
            try:
                done = put_back(
                    repository, chosen.snapshot, wish, watch=lambda at: bar(far(at)), stop=stop
                )
            except ConflictError as error:
                if not stop():
                    raise RefusedError("target_not_empty", str(error)) from None
                return _ended(ENDED_RESTORE)
    except KeyboardInterrupt:
        return _ended(ENDED_RESTORE)
    if not dry_run:
        of.note("restored", snapshot=chosen.name, files=done.files, bad=len(done.lost))
    _tell_lost(done)
    tell(_restore_summary(done, chosen.name, dry_run=dry_run), _restore_words, as_json=json)
    return done.exit_code


class _RestoreFar:
    """Counts the seconds of a restore beside its progress."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()

    def __call__(self, at: "RestoreProgress") -> HowFar:
        """As the bar shows it; totals grow until all was found, so they wait for that."""
        return HowFar(
            files=at.files_done,
            size_bytes=at.bytes_done,
            files_in_all=at.files_found if at.is_all_found else None,
            bytes_in_all=at.bytes_found if at.is_all_found else None,
            seconds=time.monotonic() - self._began_s,
            waits="writing" if at.is_all_found else "looking",
        )


def _tell_lost(done: "Restored") -> None:
    """Name what did not come back, on standard error."""
    for one in done.lost[:MOST_TOLD]:
        print(f"lost: {path_text(one.path)}: {one.why.value} ({one.detail})", file=sys.stderr)
    if (more := len(done.lost) - MOST_TOLD) > 0:
        print(f"and {more:,} more; --json names all", file=sys.stderr)
    if done.lost:
        print(
            "`kept backup check` says which parts are damaged; another snapshot or place may hold"
            " them whole.",
            file=sys.stderr,
        )
    if done.unset_count:
        print(
            f"Owners or other facts of {done.unset_count:,} entries could not be set; root may.",
            file=sys.stderr,
        )


def _restore_summary(done: "Restored", snapshot: str, *, dry_run: bool) -> dict[str, Json]:
    lost: list[Json] = [
        {"path": path_text(one.path), "why": one.why.value, "detail": one.detail}
        for one in done.lost
    ]
    return {
        "message_type": "summary",
        "dry_run": dry_run,
        "snapshot_id": snapshot,
        "files_restored": done.files,
        "bytes_restored": done.bytes,
        "dirs_restored": done.folders,
        "others_restored": done.others,
        "passed_over": done.passed_over,
        "verified": done.verified,
        "lost": lost,
        "unset": done.unset_count,
    }


def _restore_words(found: dict[str, Any]) -> str:
    came = "would come back" if found["dry_run"] else "came back"
    told = f"{found['files_restored']:,} files, {size_text(found['bytes_restored'])}, {came}"
    if found["verified"]:
        told += f"; {found['verified']:,} were read again and are the same"
    lost = f" {len(found['lost']):,} are lost." if found["lost"] else ""
    return f"{told}.{lost}"
