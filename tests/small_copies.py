"""A small repository with snapshots of real trees, for tests of what reads, checks and cleans."""

from kept.backup.model.nodes import Node, NodeType, go_mode
from kept.backup.ports import FileKind
from kept.backup.repo.blobs import BlobKind, blob_id, prepare
from kept.backup.repo.packs import Listing, PartBuilder
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import Snapshot, snapshot_members
from kept.backup.repo.times import Moment
from kept.backup.repo.trees import encode_tree
from repo_yard import NOW

Files = dict[str, "bytes | Files"]
PIECE_BYTES = 64


def put_part(repo: Repository, kind: BlobKind, plains: list[bytes]) -> Listing:
    """A part of these blobs, in no index yet."""
    builder = PartBuilder(repo.key, kind)
    for plain in plains:
        builder.add(prepare(kind, plain))
    part = builder.finish()
    repo.save_part(part)
    return part.listing


def node(name: str, kind: NodeType, content: bytes = b"", subtree: bytes | None = None) -> Node:
    """An entry."""
    pieces = [content[at : at + PIECE_BYTES] for at in range(0, len(content), PIECE_BYTES)]
    return Node(
        name=name.encode(),
        type=kind,
        mode=go_mode(kind, 0o755 if kind is NodeType.DIR else 0o644),
        mtime_ns=10**18,
        atime_ns=10**18,
        ctime_ns=10**18,
        size=len(content),
        content=tuple(map(blob_id, pieces)) if kind is NodeType.FILE else None,
        subtree=subtree,
    )


def copy(repo: Repository, files: Files, *, minutes: int = 0, tags: tuple[str, ...] = ()) -> str:
    """A snapshot of these files, each folder's data in a part of its own; its name."""
    trees: list[bytes] = []
    root = _folder(repo, files, trees)
    known = repo.load_index()
    new = [one for one in dict.fromkeys(trees) if not known.has(BlobKind.TREE, blob_id(one))]
    if new:
        repo.save_indexes([put_part(repo, BlobKind.TREE, new)])
    moment = Moment(Moment.of(NOW).ns + minutes * 60 * 10**9, 60)
    snapshot = Snapshot(time=moment, tree=root, paths=("/",), hostname="shop", tags=tags)
    return repo.save_unpacked(FileKind.SNAPSHOT, snapshot_members(snapshot))


def _folder(repo: Repository, files: Files, trees: list[bytes]) -> bytes:
    nodes: list[Node] = []
    pieces: list[bytes] = []
    for name, content in sorted(files.items(), key=lambda one: one[0].encode()):
        if isinstance(content, bytes):
            nodes.append(node(name, NodeType.FILE, content))
            pieces += [content[at : at + PIECE_BYTES] for at in range(0, len(content), PIECE_BYTES)]
        else:
            nodes.append(node(name, NodeType.DIR, subtree=_folder(repo, content, trees)))
    known = repo.load_index()
    new = [one for one in dict.fromkeys(pieces) if not known.has(BlobKind.DATA, blob_id(one))]
    if new:
        repo.save_indexes([put_part(repo, BlobKind.DATA, new)])
    trees.append(encode_tree(nodes))
    return blob_id(trees[-1])
