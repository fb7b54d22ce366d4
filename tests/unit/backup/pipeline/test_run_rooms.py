"""Do the small rooms of a run keep their promises: inboxes, claims, packers, parents?"""

import threading
from pathlib import Path

import pytest

from kept.backup.pipeline.claims import Claims
from kept.backup.pipeline.inboxes import BrokenOffError, Inbox
from kept.backup.pipeline.loading import load_snapshots
from kept.backup.pipeline.packing import Packer, merged
from kept.backup.pipeline.parents import choose_parent
from kept.backup.repo.blobs import BlobKind, blob_id, prepare
from kept.backup.repo.index import BlobIndex
from kept.backup.repo.packs import Part, open_header
from kept.crypto.repo_sealing import fresh_repo_key
from repo_yard import new_repository
from writer_yard import START, run

MINUTE_NS = 60 * 10**9


def test_an_inbox_holds_so_many_bytes_until_they_are_released() -> None:
    """What was taken still counts; one thing larger than the bound passes alone."""
    inbox = Inbox[str](10)
    assert inbox.offer("six", 6, wait_s=0)
    assert not inbox.offer("five", 5, wait_s=0)
    assert inbox.take() == "six"
    assert not inbox.offer("five", 5, wait_s=0)
    inbox.release(6)
    assert inbox.offer("large", 50, wait_s=0)
    assert inbox.is_full
    assert not inbox.offer("more", 1, wait_s=0)


def test_an_inbox_that_breaks_off_wakes_whoever_waits() -> None:
    """Takers and givers; nothing that waited is given out."""
    inbox = Inbox[str](1)
    inbox.put("one", 1)
    woken = list[str]()

    def give() -> None:
        with pytest.raises(BrokenOffError):
            inbox.put("two", 1)
        woken.append("giver")

    thread = threading.Thread(target=give)
    thread.start()
    inbox.break_off()
    thread.join(5)
    with pytest.raises(BrokenOffError):
        inbox.take()
    assert woken == ["giver"]


def test_one_of_many_threads_gets_a_claim() -> None:
    """And none when the blob is stored."""
    key, index = fresh_repo_key(), BlobIndex()
    claims, got = Claims(index), list[bool]()
    start = threading.Barrier(8)

    def claim() -> None:
        start.wait()
        got.extend(claims.take(BlobKind.DATA, blob_id(b"%d" % n)) for n in range(500))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(got) == 500
    assert claims.take(BlobKind.TREE, blob_id(b"1"))
    parts = list[Part]()
    packer = Packer(key, BlobKind.DATA, part_bytes=2**22, send=parts.append)
    packer.add(prepare(BlobKind.DATA, b"1"))
    rest = packer.rest()
    assert rest is not None
    index.add(rest.listing)
    claims.give_back(BlobKind.DATA, [blob_id(b"1")])
    assert not claims.take(BlobKind.DATA, blob_id(b"1"))
    claims.give_back(BlobKind.DATA, [blob_id(b"2")])  # its part was lost: anyone may have it again
    assert claims.take(BlobKind.DATA, blob_id(b"2"))


def test_a_large_blob_has_a_part_of_its_own_and_rests_become_one() -> None:
    """Parts reach their size, headers list what is in them."""
    key, parts = fresh_repo_key(), list[Part]()
    packer = Packer(key, BlobKind.DATA, part_bytes=100_000, send=parts.append)
    noise = [bytes([n]) * 7 + START.isoformat().encode() * n for n in range(1, 60)]
    for plain in noise:
        packer.add(prepare(BlobKind.DATA, plain))
    assert parts == []
    large = prepare(BlobKind.DATA, fresh_repo_key().encrypt.reveal() * 3 + bytes(10))
    alone = Packer(key, BlobKind.DATA, part_bytes=50, send=parts.append)
    alone.add(large)
    assert [len(part.listing.entries) for part in parts] == [1]
    other = Packer(key, BlobKind.DATA, part_bytes=100_000, send=parts.append)
    other.add(prepare(BlobKind.DATA, b"of the other"))
    rests = [rest for one in (packer, other) if (rest := one.rest()) is not None]
    (one,) = merged(key, BlobKind.DATA, rests, part_bytes=100_000)
    entries = open_header(key, one.content, part_bytes=len(one.content))
    assert {entry.id for entry in entries} == {blob_id(b) for b in [*noise, b"of the other"]}
    assert merged(key, BlobKind.DATA, rests, part_bytes=100) == rests


def test_the_parent_is_the_newest_of_the_same_host_and_paths(tmp_path: Path) -> None:
    """Not of the future, not of another host, not of other paths."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    repository = new_repository()
    first = run(repository, tmp_path / "a", hostname="shop")
    second = run(repository, tmp_path / "a", hostname="shop", minutes=1)
    run(repository, tmp_path / "a", hostname="other", minutes=2)
    run(repository, tmp_path / "b", hostname="shop", minutes=3)
    run(repository, tmp_path / "a", tmp_path / "b", hostname="shop", minutes=4)
    run(repository, tmp_path / "a", hostname="shop", minutes=9)
    snapshots, _ = load_snapshots(repository)
    start_ns, paths = int(START.timestamp()) * 10**9, (f"/v{tmp_path}/a",)

    def chosen(minutes: int) -> str | None:
        found = choose_parent(
            snapshots, hostname="shop", paths=paths, until_ns=start_ns + minutes * MINUTE_NS
        )
        return found and found.name

    assert [chosen(minutes) for minutes in (-1, 0, 5)] == [None, first.snapshot, second.snapshot]
