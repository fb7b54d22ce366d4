"""Does the edge of the log hold exactly the tiles the standard says, however batches fall?"""

from hypothesis import given, settings
from hypothesis import strategies as st

import rfc6962
from kept.ledger.acts.tail import Tail
from kept.ledger.merkle import EMPTY_ROOT
from kept.ledger.model import Head
from kept.ledger.tiles import Tile

EMPTY = Tail(Head("a.example/log", 1, 0, EMPTY_ROOT, b"", 0), (), (), (), ())


def entry(number: int) -> bytes:
    """Any 256 bytes."""
    return number.to_bytes(256, "big")


def expected(leaves: list[bytes]) -> dict[str, bytes]:
    """Full hash tiles of a log, by the standard's recursion alone."""
    found: dict[str, bytes] = {}
    level, hashes = 0, leaves
    while len(hashes) >= 256:
        parts = [hashes[at : at + 256] for at in range(0, len(hashes) // 256 * 256, 256)]
        for number, part in enumerate(parts):
            found[f"tile/{level}/{number:03}"] = b"".join(part)
        level, hashes = level + 1, [rfc6962.mth(part) for part in parts]
    return found


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 700), st.booleans()), min_size=1, max_size=6),
)
def test_any_batches_give_the_same_tiles_and_root(batches: list[tuple[int, bool]]):
    """Whether what is full was put away after each batch or much later."""
    tail, put, count = EMPTY, dict[str, bytes](), 0
    for size, is_put_away in batches:
        tail = tail.grown([range(count, count + size)], [entry(count + at) for at in range(size)])
        count += size
        if is_put_away:
            put |= {tile.path: content for tile, content in tail.full()}
            tail = tail.trimmed(tail.full_size)
            assert tail.full() == []
        assert tail.runs == ((range(tail.head.stored, count),) if count > tail.head.stored else ())
    put |= {tile.path: content for tile, content in tail.full()}
    leaves = [rfc6962.leaf(entry(number)) for number in range(count)]
    assert tail.head.root == rfc6962.mth(leaves)
    assert {path: data for path, data in put.items() if "entries" not in path} == expected(leaves)
    bundles = b"".join(put[Tile(None, number).path] for number in range(count // 256))
    whole = count // 256 * 256
    assert bundles == b"".join(b"\x01\x00" + entry(number) for number in range(whole))


def test_the_second_level_fills_too():
    """65,536 leaves at once: level 1 is full, level 2 has its first hash."""
    tail = EMPTY.grown([range(65_537)], [entry(number) for number in range(65_537)])
    paths = [tile.path for tile, _ in tail.full()]
    assert paths.count("tile/1/000") == 1
    assert len(paths) == 256 + 256 + 1
    short = tail.trimmed(tail.full_size)
    assert (len(short.leaves), [len(part) for part in short.uppers]) == (1, [0, 32])
    level_1 = dict(tail.full())[Tile(1, 0)]
    assert short.uppers[1] == rfc6962.mth([level_1[at : at + 32] for at in range(0, 8192, 32)])
