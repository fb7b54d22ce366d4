"""What of a snapshot is to come back, and where in its trees does it stand?

Paths are absolute, in the snapshot. All that can be found is looked through, also parts that no
index names.
"""

from collections.abc import Iterable
from typing import TypeAlias

from kept.backup.model.nodes import Node, name_problem
from kept.backup.pipeline.loading import DAMAGE, TreeReader, load_indexes, part_ids
from kept.backup.pipeline.restore_values import Wish
from kept.backup.ports import FileKind
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.packs import Listing
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import Snapshot
from kept.base.errors import MalformedError, NotFoundError

Chosen = dict[bytes, "Chosen | None"]  # names below a folder; None: all that is in it
Top: TypeAlias = bytes | list[tuple[bytes, Node]]  # a tree, or entries with the folder of each


def index_to_read(repository: Repository) -> BlobIndex:
    """All that can be found: readable index files, and the headers of parts that none names.

    Raises:
        UnavailableError: the place cannot be reached or read.
    """
    parts = part_ids(repository.list(FileKind.DATA))
    index = load_indexes(repository, among=parts).index
    known = index.parts()

    def listings() -> Iterable[Listing]:
        for part, stored in parts.items():
            if part not in known:
                try:
                    yield Listing(part, repository.load_header(stored))
                except DAMAGE:
                    continue

    index.load(listings())
    return index


def split_snapshot_path(path: bytes) -> list[bytes]:
    """The names in an absolute path of a snapshot; none for `/`.

    Raises:
        MalformedError: not absolute, or with a name that leads elsewhere.
    """
    if not path.startswith(b"/"):
        raise MalformedError("path", "not an absolute path")
    names = [name for name in path.split(b"/") if name]
    if any(name_problem(name) for name in names):
        raise MalformedError("path", "not a clean path")
    return names


def node_at(reader: TreeReader, snapshot: Snapshot, path: bytes) -> Node | None:
    """The entry at a path; None for `/`.

    Raises:
        NotFoundError: it is not in the snapshot, or a list on the way is missing.
        TamperedError: a list on the way is damaged.
        MalformedError: the path is none.
        UnavailableError: the place cannot be reached or read.
    """
    tree: bytes | None = snapshot.tree
    node: Node | None = None
    for name in split_snapshot_path(path):
        found = None if tree is None else reader.read(tree)
        node = next((one for one in found or () if one.name == name), None)
        if node is None:
            shown = path.decode("utf-8", "backslashreplace")
            raise NotFoundError(f"{shown} is not in this snapshot.")
        tree = node.subtree
    return node


def top_of(reader: TreeReader, snapshot: Snapshot, wish: Wish) -> tuple[Top, Chosen | None]:
    """What lies right below the target: a tree, or entries with the folder each comes from.

    The second value is what of the tree is wanted; None: all.

    Raises:
        NotFoundError: a path is not in the snapshot.
        MalformedError: no path, one that is none, or two that would come back as one.
        UnavailableError: the place is away.
    """
    if not wish.paths:
        raise MalformedError("path", "none is named")
    if any(not split_snapshot_path(path) for path in wish.paths):
        return snapshot.tree, None
    found = [(path, node_at(reader, snapshot, path)) for path in wish.paths]
    if wish.full_paths:
        chosen: Chosen = {}
        for path in wish.paths:
            _choose(chosen, split_snapshot_path(path))
        return snapshot.tree, chosen
    entries = [
        (b"/" + b"".join(name + b"/" for name in split_snapshot_path(path)[:-1]), node)
        for path, node in found
        if node is not None
    ]
    if len({node.name for _, node in entries}) != len(entries):
        raise MalformedError("path", "two of one name would come back as one")
    return entries, None


def _choose(chosen: Chosen, names: list[bytes]) -> None:
    for name in names[:-1]:
        below = chosen.setdefault(name, {})
        if below is None:
            return
        chosen = below
    chosen[names[-1]] = None
