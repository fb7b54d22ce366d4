"""Do parts without an index come back, and is a broken one left alone and named?"""

import hashlib

from kept.backup.pipeline.adopting import adopt, mend
from kept.backup.ports import FileKind
from kept.backup.repo.blobs import BlobKind, prepare
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.packs import Part, PartBuilder
from kept.backup.repo.repository import Repository
from repo_yard import MemoryPlace, new_repository


def part_of(repo: Repository, *plains: bytes) -> Part:
    """A part, stored and in no index."""
    builder = PartBuilder(repo.key, BlobKind.DATA)
    for plain in plains:
        builder.add(prepare(BlobKind.DATA, plain))
    part = builder.finish()
    repo.save_part(part)
    return part


def test_a_part_in_no_index_is_adopted_once() -> None:
    """Its blobs are found by whoever loads the indexes afterwards."""
    repo = new_repository()
    known, lost = part_of(repo, b"known"), part_of(repo, b"lost", b"more")
    repo.save_indexes([known.listing])
    index = repo.load_index()
    adopted = adopt(repo, index)
    assert adopted.parts == (lost.listing.part,)
    assert (adopted.blobs, adopted.bytes, adopted.is_whole) == (2, len(lost.content), True)
    for plain in (b"known", b"lost", b"more"):
        named = hashlib.sha256(plain).digest()
        assert repo.load_blob(repo.load_index(), BlobKind.DATA, named) == plain
        assert index.has(BlobKind.DATA, named)
    assert adopt(repo, repo.load_index()).parts == ()


def test_a_part_whose_header_does_not_hold_is_named_and_left() -> None:
    """The last byte is of the header's length, the one before the seal of its MAC."""
    place = MemoryPlace()
    repo = new_repository(place)
    part = part_of(repo, b"some")
    sound = bytes(part.content)
    for spoiled in (sound[:-1], sound[:-6] + bytes([sound[-6] ^ 1]) + sound[-5:], b"", b"xyz"):
        place.files[FileKind.DATA][part.name] = spoiled
        adopted = adopt(repo, BlobIndex())
        assert adopted.parts == ()
        assert [broken.name for broken in adopted.broken] == [part.name]
        assert repo.list(FileKind.INDEX) == []
    assert part.name in place.files[FileKind.DATA]


def test_stopping_keeps_what_was_read() -> None:
    """The next run does the rest."""
    repo = new_repository()
    for plain in (b"a", b"b", b"c"):
        part_of(repo, plain)
    answers = iter([False, True])
    adopted = adopt(repo, BlobIndex(), stop=lambda: next(answers))
    assert (len(adopted.parts), adopted.is_whole) == (1, False)
    assert len(adopt(repo, repo.load_index()).parts) == 2


def test_a_damaged_index_is_replaced() -> None:
    """New index first, then the bad file away."""
    place = MemoryPlace()
    repo = new_repository(place)
    part = part_of(repo, b"some")
    (name,) = repo.save_indexes([part.listing])
    place.files[FileKind.INDEX][name] = b"spoiled"
    mended = mend(repo)
    assert (mended.removed, mended.adopted.parts) == ((name,), (part.listing.part,))
    assert repo.load_index().has(BlobKind.DATA, hashlib.sha256(b"some").digest())


def test_a_place_that_only_adds_keeps_its_damaged_index() -> None:
    """Nothing is lost by it: the parts have a second one."""
    place = MemoryPlace()
    repo = new_repository(place)
    (name,) = repo.save_indexes([part_of(repo, b"some").listing])
    place.files[FileKind.INDEX][name] = b"spoiled"
    place.can_remove = False
    assert mend(repo).removed == ()
    assert name in place.files[FileKind.INDEX]
    assert len(place.files[FileKind.INDEX]) == 2
