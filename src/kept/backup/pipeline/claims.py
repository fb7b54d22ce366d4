"""Which of the threads packs this blob?

Exactly one: the first to claim it. A claim is given back when the blob's part is durable and the
index knows it, so the table holds only what is under way. Nobody leans on a claim: a run that
cannot store all it claimed fails as a whole.
"""

from collections.abc import Iterable

from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.index import BlobIndex


class Claims:
    """The blobs under way. May be used from any thread."""

    def __init__(self, index: BlobIndex) -> None:
        self._index = index
        # Data and trees apart: equal bytes of either kind are two blobs.
        self._data = dict[bytes, object]()
        self._trees = dict[bytes, object]()

    def take(self, kind: BlobKind, named: bytes) -> bool:
        """Whether it is the caller's to pack; else it is stored or another one packs it."""
        token = object()
        under_way = self._of(kind)
        if under_way.setdefault(named, token) is not token:  # one step under the GIL
            return False
        # Asked after the claim: who finds the claim given back finds the blob in the index.
        if self._index.has(kind, named):
            del under_way[named]
            return False
        return True

    def give_back(self, kind: BlobKind, stored: Iterable[bytes]) -> None:
        """These are durable, and the index knows them."""
        under_way = self._of(kind)
        for named in stored:
            under_way.pop(named, None)

    def _of(self, kind: BlobKind) -> dict[bytes, object]:
        return self._data if kind is BlobKind.DATA else self._trees
