"""Does `merkle` agree with RFC 6962, and refuse whatever is not a proof?"""

from functools import cache

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rfc6962
from kept.base.errors import MalformedError
from kept.ledger import merkle

MOST = 2_000
LEAVES = [rfc6962.leaf(b"entry %d" % at) for at in range(MOST)]
sizes = st.integers(1, MOST)


@cache
def root(low: int, high: int) -> bytes:
    """The root of LEAVES[low:high]; the RFC's recursion over remembered halves."""
    if high - low < 2:
        return rfc6962.mth(LEAVES[low:high])
    cut = low + rfc6962.split(high - low)
    return merkle.node_hash(root(low, cut), root(cut, high))


def node(level: int, index: int) -> bytes:
    """A complete subtree of LEAVES."""
    return root(index << level, (index + 1) << level)


def flipped(part: bytes, bit: int) -> bytes:
    """`part` with one bit changed."""
    raw = bytearray(part)
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return bytes(raw)


def spoilt(proof: tuple[bytes, ...], at: int, bit: int) -> list[tuple[bytes, ...]]:
    """The proof with a flipped bit, a dropped hash, an added one and a shortened one."""
    extra = rfc6962.leaf(b"extra")
    found = [(*proof, extra), (extra, *proof), (*proof[:at], extra, *proof[at:])]
    if proof:
        at %= len(proof)
        found += [
            (*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]),
            (*proof[:at], *proof[at + 1 :]),
            (*proof[:at], proof[at][:31], *proof[at + 1 :]),
        ]
    return found


@pytest.mark.parametrize("size", [*range(1, 34), 63, 64, 65, 255, 256, 257])
def test_proofs_are_those_of_the_rfc(size: int) -> None:
    """Roots, paths and consistency proofs equal the standard's recursive definition."""
    leaves = LEAVES[:size]
    assert merkle.root_of(size, node) == rfc6962.mth(leaves)
    for at in {0, size // 3, size // 2, size - 1}:
        assert list(merkle.inclusion_proof(at, size, node)) == rfc6962.path(at, leaves)
        assert list(merkle.consistency_proof(at + 1, size, node)) == rfc6962.proof(at + 1, leaves)


@given(size=sizes, where=st.integers(0, MOST - 1), at=st.integers(0, 11), bit=st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_inclusion(size: int, where: int, at: int, bit: int) -> None:
    """Any leaf of any tree is proven; every spoilt proof, index, leaf or root is refused."""
    index = where % size
    proof, top, leaf = merkle.inclusion_proof(index, size, node), root(0, size), LEAVES[index]

    def holds(
        proof: tuple[bytes, ...] = proof, leaf: bytes = leaf, top: bytes = top, index: int = index
    ) -> bool:
        return merkle.proves_inclusion(leaf, proof, index=index, size=size, root=top)

    assert holds()
    assert not any(holds(bad) for bad in spoilt(proof, at, bit))
    assert not holds(leaf=flipped(leaf, bit))
    assert not holds(top=flipped(top, bit))
    assert not any(holds(index=wrong) for wrong in range(-1, size + 1) if wrong != index)


@given(one=sizes, two=sizes, at=st.integers(0, 11), bit=st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_consistency(one: int, two: int, at: int, bit: int) -> None:
    """Any two sizes are shown consistent; every spoilt proof, size or root is refused."""
    old, new = sorted((one, two))
    proof = merkle.consistency_proof(old, new, node)
    roots = root(0, old), root(0, new)

    def holds(
        proof: tuple[bytes, ...] = proof,
        old: int = old,
        roots: tuple[bytes, bytes] = roots,
    ) -> bool:
        return merkle.proves_consistency(
            proof, old=old, old_root=roots[0], new=new, new_root=roots[1]
        )

    assert holds()
    assert not any(holds(bad) for bad in spoilt(proof, at, bit))
    assert not holds(roots=(flipped(roots[0], bit), roots[1]))
    assert not holds(roots=(roots[0], flipped(roots[1], bit)))
    assert not any(holds(old=wrong) for wrong in (-1, 0, old - 1, old + 1, new + 1))


@pytest.mark.parametrize("size", [1, 2, 3, 100, 256, 257, 1000])
def test_roots_equal_pymerkle(size: int) -> None:
    """Another implementation computes the same roots."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for at in range(size):
        tree.append_entry(b"entry %d" % at)
    assert merkle.Frontier().extend(LEAVES[:size]).root == tree.get_root()


@given(first=st.integers(0, 300), more=st.integers(0, 300))
@settings(max_examples=100, deadline=None)
def test_frontier_grows(first: int, more: int) -> None:
    """However the leaves are batched, written and read, the frontier is that of the whole."""
    begun = merkle.Frontier().extend(LEAVES[:first])
    again = merkle.Frontier.decode(first, begun.encode())
    grown = again.extend(LEAVES[first : first + more])
    assert grown == merkle.frontier_of(first + more, node)
    assert grown.root == root(0, first + more)


@pytest.mark.parametrize(
    ("size", "data"), [(1, b""), (0, bytes(32)), (3, bytes(32)), (1, bytes(31)), (-1, b"")]
)
def test_frontier_refuses(size: int, data: bytes) -> None:
    """A frontier has one hash per set bit of its size."""
    with pytest.raises(MalformedError):
        merkle.Frontier.decode(size, data)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_of_absent_leaves(index: int, size: int) -> None:
    """There is no proof for a leaf that the tree has not."""
    with pytest.raises(MalformedError):
        merkle.inclusion_proof(index, size, node)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_no_proof_of_shrinking(old: int, new: int) -> None:
    """There is no proof that a tree shrank."""
    with pytest.raises(MalformedError):
        merkle.consistency_proof(old, new, node)


def test_nothing_is_proven_from_size_0() -> None:
    """From size 0 the proof is empty, and no proof is accepted as one."""
    assert merkle.consistency_proof(0, 5, node) == ()
    for proof in [(), (rfc6962.leaf(b""),)]:
        assert not merkle.proves_consistency(
            proof, old=0, old_root=merkle.EMPTY_ROOT, new=5, new_root=root(0, 5)
        )


@pytest.mark.parametrize("count", [1, 2, 128, 256])
def test_root_of_complete(count: int) -> None:
    """The quick root over 2^k hashes is the root."""
    assert merkle.root_of_complete(b"".join(LEAVES[:count])) == rfc6962.mth(LEAVES[:count])


@pytest.mark.parametrize("data", [b"", bytes(96), bytes(33)])
def test_root_of_complete_refuses(data: bytes) -> None:
    """Three hashes, or a torn one, have no complete root."""
    with pytest.raises(MalformedError):
        merkle.root_of_complete(data)
