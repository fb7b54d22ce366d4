"""What is typed to see what is in the copies?"""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from kept.cli.answers import AsJson, table, tell
from kept.cli.copy_bar import path_text, size_text
from kept.cli.exits import DONE, FAILED
from kept.cli.front.backup import backup
from kept.cli.repos import Copies, Of, named, reading

if TYPE_CHECKING:
    from kept.backup.model.nodes import Node
    from kept.backup.pipeline.listing import Listed
    from kept.backup.pipeline.loading import NamedSnapshot, TreeReader
    from kept.backup.repo.repository import Repository

Deep = Annotated[bool, Parameter(name="--recursive", negative="")]
In = Annotated[str, Parameter(name="--snapshot")]
_SIGNS = {
    "+": "added",
    "-": "removed",
    "M": "changed",
    "T": "now of another kind",
    "U": "other facts",
    "?": "list lost",
}


@backup.command(name="list")
def list_copies(
    snapshot: str = "",
    path: str = "",
    /,
    *,
    recursive: Deep = False,
    json: AsJson = False,
    of: Of,
) -> int:
    """Which snapshots are there, or what is in one?

    Exits 1 when a snapshot or a list in it is damaged.

    Args:
        snapshot: its id, how that begins, latest, or a day or moment such as 2026-11-21T09:00.
        path: a folder in it.
        recursive: all below it too.
        json: a list on one line, newest first; of files, one object a line.
        of: which repository.
    """
    if not snapshot:
        return _list_snapshots(of, as_json=json)
    from kept.backup.pipeline.listing import entries

    is_whole = True
    with reading(of) as repository:
        chosen = named(repository, snapshot)
        reader = _reader(repository)
        for one in entries(reader, chosen.snapshot, _raw(path or "/"), deep=recursive):
            is_whole = is_whole and one.node is not None
            tell(_entry(one), _entry_words, as_json=json)
    return DONE if is_whole else FAILED


def _list_snapshots(of: Copies, *, as_json: bool) -> int:
    from kept.backup.pipeline.loading import load_snapshots

    with of.opened() as repository:
        found, broken = load_snapshots(repository)
    rows = [_snapshot(one) for one in found]
    rows += [{"id": one.name, "is_damaged": True} for one in broken]
    tell(rows, _snapshots, as_json=as_json)
    return FAILED if broken else DONE


def _snapshot(one: "NamedSnapshot") -> dict[str, Any]:
    told, summary = one.snapshot, one.snapshot.summary
    return {
        "id": one.name,
        "time": told.time.text(),
        "hostname": told.hostname,
        "username": told.username,
        "tags": list(told.tags),
        "paths": list(told.paths),
        "tree": told.tree.hex(),
        "program_version": told.program_version,
        "files": None if summary is None else summary.total_files_processed,
        "bytes": None if summary is None else summary.total_bytes_processed,
        "is_damaged": False,
    }


def _snapshots(rows: list[dict[str, Any]]) -> str:
    shown = [
        {
            "id": row["id"][:8],
            "time": row["time"][:19].replace("T", " "),
            "host": _plain(row["hostname"]),
            "files": "" if row["files"] is None else f"{row['files']:,}",
            "size": "" if row["bytes"] is None else size_text(row["bytes"]),
            "tags": _plain(",".join(row["tags"])),
            "paths": _plain(" ".join(row["paths"])),
        }
        for row in rows
        if not row["is_damaged"]
    ]
    lines = [table(shown, "id", "time", "host", "files", "size", "tags", "paths")]
    lines += [
        f"{row['id'][:8]} is damaged; `kept backup check` says more"
        for row in rows
        if row["is_damaged"]
    ]
    return "\n".join(lines)


def _entry(one: "Listed") -> dict[str, Any]:
    node = one.node
    if node is None:
        return {"path": path_text(one.path), "type": None}
    return {"path": path_text(one.path), **_facts(node)}


def _facts(node: "Node") -> dict[str, Any]:
    from kept.backup.repo.times import time_text

    return {
        "type": node.type.value,
        "size": node.size,
        "mtime": time_text(node.mtime_ns),
        "permissions": f"{node.mode & 0o7777:04o}",
        "user": node.user or str(node.uid),
        "group": node.group or str(node.gid),
        "linktarget": path_text(node.linktarget) if node.linktarget else None,
    }


def _entry_words(told: dict[str, Any]) -> str:
    if told["type"] is None:
        return f"?     LOST: the list of {told['path']}"
    sign = {"file": "-", "dir": "d", "symlink": "l"}.get(told["type"], "o")
    at = told["mtime"][:16].replace("T", " ")
    to = f" -> {told['linktarget']}" if told["linktarget"] else ""
    size = size_text(told["size"]) if told["type"] == "file" else ""
    return f"{sign}{told['permissions']}  {size:>9}  {at}  {told['path']}{to}"


@backup.command
def find(pattern: str, /, *, snapshot: In = "", json: AsJson = False, of: Of) -> int:
    """In which snapshots is this file? The newest first.

    Exits 1 when it is in none.

    Args:
        pattern: a name as *.txt, or with a slash in it a whole path as */letters/*.
        snapshot: look in this one alone.
        json: one object a line.
        of: which repository.
    """
    from kept.backup.pipeline.listing import find as look_for
    from kept.backup.pipeline.loading import load_snapshots

    hits = 0
    with reading(of) as repository:
        chosen = [named(repository, snapshot)] if snapshot else load_snapshots(repository)[0]
        for hit in look_for(_reader(repository), chosen, pattern):
            hits += 1
            told = {"snapshot": hit.snapshot.name, "path": path_text(hit.path), **_facts(hit.node)}
            tell(told, lambda one: f"{one['snapshot'][:8]} {_entry_words(one)}", as_json=json)
    return DONE if hits else FAILED


@backup.command
def diff(before: str, after: str, /, *, json: AsJson = False, of: Of) -> int:
    """What changed between two snapshots?

    Exits 1 when a list is damaged, so that nobody can tell.

    Args:
        before: a snapshot, as with list.
        after: another one.
        json: one object a line, the summary last.
        of: which repository.
    """
    from kept.backup.pipeline.listing import diff as compare

    counts: dict[str, int] = {}
    grown = 0
    with reading(of) as repository:
        one, other = named(repository, before), named(repository, after)
        for found in compare(_reader(repository), one.snapshot, other.snapshot):
            sign = found.change.value
            counts[sign] = counts.get(sign, 0) + 1
            grown += found.size_after - found.size_before
            told = {
                "message_type": "change",
                "path": path_text(found.path),
                "modifier": sign,
                "size_before": found.size_before,
                "size_after": found.size_after,
            }
            tell(told, lambda one: f"{one['modifier']} {one['path']}", as_json=json)
    summary = {"message_type": "summary", "counts": dict(counts), "grown_bytes": grown}
    tell(summary, _diff_words, as_json=json)
    return FAILED if "?" in counts else DONE


def _diff_words(told: dict[str, Any]) -> str:
    if not told["counts"]:
        return "Nothing changed."
    counted = ", ".join(f"{_SIGNS[sign]}: {count:,}" for sign, count in told["counts"].items())
    more = "more" if told["grown_bytes"] >= 0 else "less"
    return f"{counted}; {size_text(abs(told['grown_bytes']))} {more}"


def _reader(repository: "Repository") -> "TreeReader":
    from kept.backup.pipeline.loading import TreeReader
    from kept.backup.pipeline.restore_choice import index_to_read

    return TreeReader(repository, index_to_read(repository))


def _raw(path: str) -> bytes:
    import os

    return os.fsencode(path)


def _plain(text: str) -> str:
    return path_text(text.encode("utf-8", "surrogateescape"))
