"""Does the audit accept a whole log, and name the first thing that was changed?"""

from collections.abc import Callable

import pytest

import rfc6962
from kept.ledger.audit import Changed, Whole, check_log
from kept.ledger.entry import Entry
from kept.ledger.tiles import Edge, Tile, encode_bundle, partials

SIZE = 66_000
Files = dict[str, bytes]


def entry(at: int) -> bytes:
    """Entry `at` of the test's log."""
    number = at.to_bytes(16, "big")
    return Entry(
        kind="person.read",
        purpose="answer",
        role="operator",
        hour="2026-11-21T17Z",
        tag=number,
        commitment=number * 2,
    ).encode()


def log(entries: list[bytes]) -> tuple[Files, bytes]:
    """The files of a log of these entries, and its root by the RFC's definition."""
    leaves = [rfc6962.leaf(one) for one in entries]
    edge, full = Edge().extend(leaves)
    files = {tile.path: data for tile, data in full}
    files |= {
        tile.path: edge.read(tile) for tile in partials(len(entries)) if tile.level is not None
    }
    for at in range(0, len(entries), 256):
        some = entries[at : at + 256]
        files[Tile(None, at // 256, len(some)).path] = encode_bundle(some)
    return files, rfc6962.mth(leaves)


ENTRIES = [entry(at) for at in range(SIZE)]
FILES, ROOT = log(ENTRIES)


def audited(files: Files, root: bytes = ROOT, size: int = SIZE) -> Whole | Changed:
    """The audit's answer about these files."""
    return check_log(lambda tile: files.get(tile.path), size=size, root=root)


def flip(at: int) -> Callable[[bytes], bytes]:
    """Change one byte."""
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_whole_log() -> None:
    """A log of three levels is found whole, and so is an empty one."""
    assert audited(FILES) == Whole(SIZE)
    assert audited({}, rfc6962.mth([]), 0) == Whole(0)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_whole_at_any_size(size: int) -> None:
    """Small and even sizes are whole; wider tiles and bundles than needed do as well."""
    files, root = log(ENTRIES[:size])
    assert audited(files, root, size) == Whole(size)
    shorter = log(ENTRIES[: size // 2 + 1])[1]

    def wider(tile: Tile) -> bytes | None:
        """Answer with the widest tile there is, as a reader of full tiles would."""
        same = [
            Tile(tile.level, tile.index, width).path for width in range(256, tile.width - 1, -1)
        ]
        return next((files[path] for path in same if path in files), None)

    assert check_log(wider, size=size // 2 + 1, root=shorter) == Whole(size // 2 + 1)


@pytest.mark.parametrize(
    ("path", "at", "named"),
    [
        ("tile/entries/005", 258 * 7 + 60, 5 * 256 + 7),
        ("tile/entries/000", 2, 0),
        ("tile/entries/257.p/208", 258 * 3 + 255, 257 * 256 + 3),
        ("tile/entries/005", 0, None),
        ("tile/0/005", 100, None),
        ("tile/0/257.p/208", 0, None),
        ("tile/1/000", 8_000, None),
        ("tile/1/001.p/1", 31, None),
        ("tile/2/000.p/1", 0, None),
    ],
)
def test_one_changed_byte_is_named(path: str, at: int, named: int | None) -> None:
    """The file is named, and the entry where it is one."""
    found = audited(FILES | {path: flip(at)(FILES[path])})
    assert isinstance(found, Changed)
    assert (found.path, found.entry) == (path, named)


def test_entry_changed_together_with_its_tile() -> None:
    """Whoever changes an entry and its tile alike is convicted by the level above."""
    changed = [*ENTRIES]
    changed[1_287] = entry(SIZE + 1)
    forged, _ = log(changed[: 256 * 6])
    both = {path: forged[path] for path in ("tile/entries/005", "tile/0/005")}
    assert audited(FILES | both) == Changed(
        "tile/entries/005", None, "an entry is not the one that was signed"
    )


def test_everything_changed_alike() -> None:
    """A log rewritten as a whole is consistent in itself, and is not what was signed."""
    forged, _ = log([entry(at + 1) for at in range(300)])
    assert audited(forged, log(ENTRIES[:300])[1], 300) == Changed(
        "checkpoint", None, "the root is not that of the entries"
    )


def test_the_first_of_several_is_named() -> None:
    """Of two changed entries the earlier one is named."""
    files = dict(FILES)
    for path in ("tile/entries/200", "tile/entries/003"):
        files[path] = flip(258 * 9 + 80)(files[path])
    found = audited(files)
    assert isinstance(found, Changed)
    assert (found.path, found.entry) == ("tile/entries/003", 3 * 256 + 9)


@pytest.mark.parametrize("path", ["tile/entries/100", "tile/0/100", "tile/1/000", "tile/1/001.p/1"])
def test_what_is_missing_is_named(path: str) -> None:
    """A lost or shortened file is named."""
    for files in ({k: v for k, v in FILES.items() if k != path}, FILES | {path: FILES[path][:-40]}):
        found = audited(files)
        assert isinstance(found, Changed)
        assert (found.path, found.entry) == (path, None)
    short = FILES | {"tile/entries/100": FILES["tile/entries/100"][:258]}
    assert audited(short) == Changed("tile/entries/100", None, "the bundle is too short")


def test_signed_but_no_entry() -> None:
    """Bytes that were signed but are no entry are named; a later version's entry is not."""
    later = b'{"v":2}'.ljust(256)
    files, root = log([ENTRIES[0], later, ENTRIES[2]])
    assert audited(files, root, 3) == Whole(3)
    for strange in (b"x" * 256, b"short", b'{"v":1}'.ljust(256)):
        files, root = log([ENTRIES[0], later, strange])
        found = audited(files, root, 3)
        assert isinstance(found, Changed)
        assert (found.path, found.entry) == ("tile/entries/000.p/3", 2)
