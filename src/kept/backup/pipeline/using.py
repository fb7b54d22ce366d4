"""Which blobs do these snapshots lean on?

Every tree is visited once, however many snapshots share it. Whoever deletes by the answer needs
all of it: a tree that cannot be read is an error here, never a folder without files.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kept.backup.pipeline.id_sets import IdSet
from kept.backup.pipeline.loading import TreeReader
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.index import BlobIndex
from kept.base.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Used:
    """The blobs in use, by kind."""

    trees: IdSet = field(default_factory=IdSet)
    data: IdSet = field(default_factory=IdSet)

    def has(self, kind: BlobKind, named: bytes) -> bool:
        """Whether a snapshot leans on it."""
        return named in (self.trees if kind is BlobKind.TREE else self.data)


def used_by(
    roots: Iterable[bytes], reader: TreeReader, index: BlobIndex, *, tell: Callable[[int], None]
) -> Used:
    """All that these trees lean on.

    Args:
        roots: trees of snapshots, 32 bytes each.
        reader: of the repository.
        index: whatever is used must be in it.
        tell: hears how many trees were visited.

    Raises:
        NotFoundError: a tree or a piece of a file is in no part.
        TamperedError: a tree is damaged.
        MalformedError: a tree is none.
        UnavailableError: the place cannot be reached or read.
    """
    used = Used()
    for root in roots:
        stack = [root] if used.trees.add(root) else []
        while stack:
            for node in reader.read(stack.pop()):
                for named in node.content or ():
                    if used.data.add(named) and not index.has(BlobKind.DATA, named):
                        raise NotFoundError(f"no part holds the piece {named.hex()}")
                if node.subtree is not None and used.trees.add(node.subtree):
                    stack.append(node.subtree)
            tell(len(used.trees))
    return used
