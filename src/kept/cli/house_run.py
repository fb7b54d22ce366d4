"""How does a copy of the house show itself at the terminal? The house does the work."""

import sys
from typing import TYPE_CHECKING, Any

from kept.base.errors import MalformedError
from kept.cli.answers import tell
from kept.cli.copy_bar import CopyBar, HowFar, path_text, size_text
from kept.cli.exits import DONE, PARTIAL

if TYPE_CHECKING:
    from kept.cli.repos import Copies

MOST_TOLD = 20


def run_house(
    of: "Copies", names: tuple[str, ...], *, force: bool, dry_run: bool, as_json: bool
) -> int:
    """Copy the house to the place named, or to the only one; the exit code.

    Raises:
        MalformedError: several names.
        KeptError: there is no new copy.
    """
    if len(names) > 1:
        raise MalformedError("NAME", "one place at a time; with --repo these are paths")
    place = names[0] if names else of.place
    with CopyBar(as_json=as_json) as bar:
        done: Any = of.at.do(
            "backup run",
            shown=lambda far: bar(_far(far)),
            place=place,
            force=force,
            dry_run=dry_run,
        )
    if "keys" in done:
        tell(
            done,
            lambda told: f"The copy of the keys is new at: {', '.join(told['keys'])}.",
            as_json=as_json,
        )
        return DONE
    done["unread"] = [
        {"path": path_text(one["path"].encode()), "why": _why(one["why"])} for one in done["unread"]
    ]
    for one in done["unread"][:MOST_TOLD]:
        print(f"not copied: {one['path']}: {one['why']}", file=sys.stderr)
    if done["gone_count"]:
        print(_gone(done), file=sys.stderr)
    tell(done, _words, as_json=as_json)
    return PARTIAL if done["unread_count"] else DONE


def _gone(done: dict[str, Any]) -> str:
    """What somebody else took away since the copy before."""
    lines = [f"gone from {done['place']}: {one}" for one in done["gone"][:MOST_TOLD]]
    lines.append(
        f"{done['gone_count']:,} files that lay there after the last copy are gone or changed, and"
        " this house did not remove them. The new copy is whole; older snapshots may be broken or"
        f" gone. Look: kept backup check --place {done['place']} --read-data"
    )
    return "\n".join(lines)


def _why(code: int) -> str:
    import os

    return os.strerror(code)


def _far(far: dict[str, Any]) -> HowFar:
    return HowFar(
        files=far["files"],
        size_bytes=far["bytes"],
        files_in_all=far["files_in_all"],
        bytes_in_all=far["bytes_in_all"],
        seconds=far["seconds"],
        waits=far["waits"],
        unread=far["unread"],
        sent_bytes=far["sent"],
    )


def _words(done: dict[str, Any]) -> str:
    size, sent = size_text(done["bytes"]), size_text(done["bytes_sent"])
    added = f"{done['files_new']:,} new, {sent} sent, in {done['seconds']} s"
    lines = [f"{done['files']:,} files, {size}, to {done['place']}; {added}."]
    if done["snapshot_id"] is None:
        return f"{lines[0]} A dry run: nothing was stored."
    lacking = f"; {done['unread_count']:,} files could not be read" if done["unread_count"] else ""
    lines.append(f"Snapshot {done['snapshot_id'][:8]} is stored{lacking} (act {done['act']}).")
    return "\n".join(lines)
