"""Does every place keep what the port promises?"""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from kept.backup.ports import FileKind, Place, Stored
from kept.base.errors import ConflictError, MalformedError, NotFoundError, RefusedError

NAMED = [kind for kind in FileKind if kind is not FileKind.CONFIG]
MISSING = "ab" * 32


def stored(place: Place, content: bytes, kind: FileKind = FileKind.DATA) -> str:
    """Put content under its name."""
    name = hashlib.sha256(content).hexdigest()
    place.put(kind, name, content)
    return name


@pytest.mark.parametrize("kind", NAMED)
def test_what_is_put_is_read_and_listed(place, kind: FileKind) -> None:
    """A file of each kind comes back whole, and is listed there and nowhere else."""
    content = os.urandom(70_001)
    name = stored(place, content, kind)
    assert place.get(kind, name) == content
    assert {other: place.list(other) for other in NAMED} == {
        other: [Stored(name, 70_001)] if other is kind else [] for other in NAMED
    }


def test_config_has_no_name(place) -> None:
    """The config is one file, read and listed without a name."""
    assert place.list(FileKind.CONFIG) == []
    with pytest.raises(NotFoundError):
        place.get(FileKind.CONFIG, "")
    place.put(FileKind.CONFIG, "", b"first")
    assert place.get(FileKind.CONFIG, "") == b"first"
    assert place.list(FileKind.CONFIG) == [Stored("", 5)]


def test_config_is_never_replaced(place) -> None:
    """The same config again is fine, another one is a conflict and changes nothing."""
    place.put(FileKind.CONFIG, "", b"first")
    place.put(FileKind.CONFIG, "", b"first")
    with pytest.raises(ConflictError):
        place.put(FileKind.CONFIG, "", b"other")
    assert place.get(FileKind.CONFIG, "") == b"first"
    assert [len(place.list(kind)) for kind in NAMED] == [0] * len(NAMED)


@pytest.mark.parametrize("size", [0, 1, 32_767, 32_768, 32_769, 5_000_011])
def test_sizes_around_the_steps(place, size: int) -> None:
    """Nothing is lost or added where one step ends and the next begins."""
    content = os.urandom(size)
    name = stored(place, content)
    assert place.get(FileKind.DATA, name) == content
    assert place.list(FileKind.DATA) == [Stored(name, size)]


@pytest.mark.parametrize(
    ("offset", "length"),
    [
        (0, 0),
        (0, 1),
        (0, None),
        (1, 99_998),
        (65_535, 2),
        (99_999, 1),
        (99_999, 500),
        (100_000, None),
        (100_000, 5),
        (200_000, 5),
        (-4, None),
        (-4, 2),
        (-4, 9),
        (-100_000, None),
        (-300_000, 10),
        (40_000, None),
    ],
)
def test_pieces(place, offset: int, length: int | None) -> None:
    """A piece is what the same slice of the whole is; beyond the end there is nothing."""
    content = os.urandom(100_000)
    name = stored(place, content)
    tail = content[offset:] if offset >= 0 else content[max(0, 100_000 + offset) :]
    wanted = tail if length is None else tail[:length]
    assert place.get(FileKind.DATA, name, offset=offset, length=length) == wanted


def test_a_view_is_put_like_bytes(place) -> None:
    """A part is sealed into a buffer and sent from there."""
    buffer = bytearray(os.urandom(300_000))
    view = memoryview(buffer)[10:200_000]
    name = hashlib.sha256(view).hexdigest()
    place.put(FileKind.DATA, name, view)
    assert place.get(FileKind.DATA, name) == bytes(view)


def test_the_same_again_is_fine(place) -> None:
    """A run that was killed puts the same part again."""
    content = os.urandom(1000)
    assert stored(place, content) == stored(place, content)
    assert len(place.list(FileKind.DATA)) == 1


def test_removed_is_gone(place, request: pytest.FixtureRequest) -> None:
    """A removed file is not found, and removing it again is fine; or the place only adds."""
    assert place.can_remove  # as far as is known
    only_adds = request.node.callspec.params["place"] == "receiver"
    for kind in NAMED:
        content = b"here " + kind.value.encode()
        name = stored(place, content, kind)
        if only_adds and kind is not FileKind.LOCK:
            with pytest.raises(RefusedError, match="only adds"):
                place.remove(kind, name)
            assert place.get(kind, name) == content
            continue
        place.remove(kind, name)
        place.remove(kind, name)
        assert place.list(kind) == []
        with pytest.raises(NotFoundError):
            place.get(kind, name)
    assert place.can_remove is not only_adds


def test_absent_is_not_found(place) -> None:
    """A file nobody put is absent, whatever piece of it is asked."""
    with pytest.raises(NotFoundError):
        place.get(FileKind.DATA, MISSING)
    with pytest.raises(NotFoundError):
        place.get(FileKind.SNAPSHOT, MISSING, offset=-4, length=4)
    with pytest.raises(NotFoundError):
        place.get(FileKind.INDEX, MISSING, offset=0, length=0)


@pytest.mark.parametrize("name", ["", "../config", "a" * 63, "A" * 64, "g" * 64, "a" * 64 + "\n"])
def test_a_name_is_never_a_path(place, name: str) -> None:
    """What is not 64 hex digits reaches no place."""
    with pytest.raises(MalformedError):
        place.put(FileKind.KEY, name, b"x")
    with pytest.raises(MalformedError):
        place.get(FileKind.DATA, name)
    with pytest.raises(MalformedError):
        place.remove(FileKind.LOCK, name)
    with pytest.raises(MalformedError):
        place.get(FileKind.CONFIG, MISSING)


def test_creating_again_leaves_what_stands(place) -> None:
    """A place is made twice when the first answer was lost."""
    name = stored(place, b"stands")
    place.create()
    assert place.get(FileKind.DATA, name) == b"stands"


def test_many_threads_share_a_place(place) -> None:
    """Parts sent at once neither mix nor get lost."""
    contents = [os.urandom(100_000 + n) for n in range(24)]
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(lambda content: stored(place, content), contents))
        read = list(threads.map(lambda name: place.get(FileKind.DATA, name), names))
    assert read == contents
    assert {one.name: one.size for one in place.list(FileKind.DATA)} == {
        name: len(content) for name, content in zip(names, contents, strict=True)
    }
