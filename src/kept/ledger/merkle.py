"""Does this hash stand in that tree, and did that tree only grow?

Rules: a leaf is SHA-256(00 ‖ entry), a node SHA-256(01 ‖ left ‖ right); a tree of n leaves is
split at the largest power of two below n. A `Frontier` holds the roots of the complete subtrees,
widest first, and is all that appending needs. Proofs are made from complete nodes, read through
a callback, so that tiles, tables and tests can all serve them.
Source: RFC 6962 §2.1, RFC 9162 §2.1.3 and §2.1.4; `docs/formats/ledger.md` §2.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from kept.base.errors import MalformedError

HASH_BYTES = 32  # SHA-256
LEAF_PREFIX = b"\x00"  # RFC 6962 §2.1
NODE_PREFIX = b"\x01"  # RFC 6962 §2.1
EMPTY_ROOT = sha256(b"").digest()  # RFC 6962 §2.1
MAX_PROOF_HASHES = 63  # C2SP tlog-witness; sizes stay below 2^63

NodeReader = Callable[[int, int], bytes]
"""(level, index) → the root of leaves [index·2^level, (index+1)·2^level), only complete ones."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry as a leaf."""
    return sha256(LEAF_PREFIX + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The hashes of many entries as leaves, in order."""
    return [sha256(LEAF_PREFIX + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours as one node."""
    return sha256(NODE_PREFIX + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees given widest first; of none, the empty root."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def root_of_complete(hashes: bytes) -> bytes:
    """The root over 2^k hashes written one after another.

    Raises:
        MalformedError: not a power of two of whole hashes.
    """
    count, rest = divmod(len(hashes), HASH_BYTES)
    if rest or count.bit_count() != 1:
        raise MalformedError("hashes", "not a power of two of them")
    while len(hashes) > HASH_BYTES:
        pairs = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join([
            sha256(NODE_PREFIX + hashes[at : at + 2 * HASH_BYTES]).digest() for at in pairs
        ])
    return hashes


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: one complete subtree root per set bit of `size`, widest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size < 1 << MAX_PROOF_HASHES:
            raise MalformedError("frontier", "size out of range")
        if len(self.hashes) != self.size.bit_count():
            raise MalformedError("frontier", "one hash per set bit of the size")
        if any(len(part) != HASH_BYTES for part in self.hashes):
            raise MalformedError("frontier", "a hash has 32 bytes")

    @classmethod
    def decode(cls, size: int, data: bytes) -> Self:
        """Read the hashes written one after another.

        Raises:
            MalformedError: the bytes do not fit the size.
        """
        if len(data) % HASH_BYTES:
            raise MalformedError("frontier", "a hash has 32 bytes")
        starts = range(0, len(data), HASH_BYTES)
        return cls(size, tuple(data[at : at + HASH_BYTES] for at in starts))

    def encode(self) -> bytes:
        """The hashes one after another; the size is kept beside them."""
        return b"".join(self.hashes)

    def extend(self, leaves: Sequence[bytes]) -> Self:
        """The frontier after appending these leaf hashes, in order."""
        return self.grown(leaves)[0]

    def grown(self, leaves: Sequence[bytes]) -> tuple[Self, list[Sequence[bytes]]]:
        """`extend`, and per level the roots of the complete subtrees that these leaves finished."""
        left, right, size = list(self.hashes), list[bytes](), self.size
        finished: list[Sequence[bytes]] = []
        row = list(leaves)
        while row or size:
            finished.append(tuple(row))
            if size & 1:  # the complete subtree that waited for its right neighbour
                row.insert(0, left.pop())
            if len(row) & 1:
                right.append(row.pop())
            pairs = zip(row[::2], row[1::2], strict=True)
            row = [sha256(NODE_PREFIX + one + other).digest() for one, other in pairs]
            size >>= 1
        return type(self)(self.size + len(leaves), tuple(reversed(right))), finished

    @property
    def root(self) -> bytes:
        """The root of the whole tree."""
        return fold(self.hashes)


def frontier_of(size: int, node: NodeReader) -> Frontier:
    """The frontier of the first `size` leaves, read from complete nodes."""
    return Frontier(size, tuple(_complete(0, size, node)))


def root_of(size: int, node: NodeReader) -> bytes:
    """The root of the first `size` leaves, read from complete nodes."""
    return fold(_complete(0, size, node))


def inclusion_proof(index: int, size: int, node: NodeReader) -> tuple[bytes, ...]:
    """The sibling hashes of leaf `index` in the tree of `size` leaves, from the leaf upward.

    Raises:
        MalformedError: no such leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise MalformedError("index", "not below the size")
    low, high, path = 0, size, list[bytes]()
    while high - low > 1:
        cut = low + _split(high - low)
        if index < cut:
            path.append(fold(_complete(cut, high, node)))
            high = cut
        else:
            path.append(fold(_complete(low, cut, node)))
            low = cut
    return tuple(reversed(path))


def consistency_proof(old: int, new: int, node: NodeReader) -> tuple[bytes, ...]:
    """The hashes that show the tree of `new` leaves to begin with the one of `old`.

    From size 0 there is nothing to show: the proof is empty, as witnesses expect.

    Raises:
        MalformedError: `old` is larger than `new` or negative.
    """
    if not 0 <= old <= new:
        raise MalformedError("old size", "not between 0 and the new size")
    if old in {0, new}:
        return ()
    low, high, path = 0, new, list[bytes]()
    while high != old:
        cut = low + _split(high - low)
        if old <= cut:
            path.append(fold(_complete(cut, high, node)))
            high = cut
        else:
            path.append(fold(_complete(low, cut, node)))
            low = cut
    if low:
        path.append(fold(_complete(low, high, node)))
    return tuple(reversed(path))


def proves_inclusion(
    leaf: bytes, proof: Sequence[bytes], *, index: int, size: int, root: bytes
) -> bool:
    """Whether `proof` shows `leaf` at `index` of the tree with this size and root. All hostile."""
    if not 0 <= index < size or not _all_hashes(leaf, root, *proof):
        return False
    at, last, node = index, size - 1, leaf  # fn, sn, r of RFC 9162 §2.1.3.2
    for part in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(part, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, part)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def proves_consistency(
    proof: Sequence[bytes], *, old: int, old_root: bytes, new: int, new_root: bytes
) -> bool:
    """Whether `proof` shows that the tree of `new` leaves begins with that of `old`. All hostile.

    Sizes start at 1 here (RFC 9162 §2.1.4 asks 0 < m): of a tree without leaves nothing can be
    proven, and whoever meets size 0 decides without a proof.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if not _all_hashes(old_root, new_root, *proof):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    shift = (~(old - 1) & old).bit_length() - 1  # trailing ones of old - 1
    at, last = (old - 1) >> shift, (new - 1) >> shift  # fn, sn of RFC 9162 §2.1.4.2
    return _climb(path, at, last) == (old_root, new_root)


def _climb(path: list[bytes], at: int, last: int) -> tuple[bytes, bytes] | None:
    """Both roots that a consistency path leads to, or None when its length is wrong."""
    old_node = new_node = path[0]
    for part in path[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            old_node, new_node = node_hash(part, old_node), node_hash(part, new_node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new_node = node_hash(new_node, part)
        at, last = at >> 1, last >> 1
    return (old_node, new_node) if last == 0 else None


def _complete(low: int, high: int, node: NodeReader) -> list[bytes]:
    """Complete subtree roots of leaves [low, high), widest first; `low` fits the widest."""
    found: list[bytes] = []
    while low < high:
        level = (high - low).bit_length() - 1
        found.append(node(level, low >> level))
        low += 1 << level
    return found


def _split(size: int) -> int:
    """The largest power of two below `size` (≥ 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def _all_hashes(*parts: bytes) -> bool:
    return all(len(part) == HASH_BYTES for part in parts)
