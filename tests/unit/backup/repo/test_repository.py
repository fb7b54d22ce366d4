"""Is a repository made, opened, read and written so that nothing damaged passes?"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from kept.backup.ports import CONFIG_NAME, FileKind, Stored
from kept.backup.repo.blobs import BlobKind, prepare
from kept.backup.repo.config import Config, encode_config
from kept.backup.repo.keys import make_key_file
from kept.backup.repo.packs import PartBuilder
from kept.backup.repo.repository import (
    MAX_KEYS_TRIED,
    Repository,
    create_repository,
    open_repository,
)
from kept.base.errors import (
    ConflictError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
)
from kept.crypto.repo_sealing import fresh_repo_key
from kept.crypto.secret import Secret
from repo_yard import CHEAP, NOW, PASSWORD, MemoryPlace, new_repository

DATA, TREE = BlobKind.DATA, BlobKind.TREE
OTHER = Secret("другой".encode())
PLAINS = [b"one", b"two" * 100, bytes(5000)]


def memory(repo: Repository) -> MemoryPlace:
    """Its place."""
    assert isinstance(repo.place, MemoryPlace)
    return repo.place


def fill(repo: Repository, *plains: bytes, kind: BlobKind = DATA) -> Stored:
    """A part and its index."""
    builder = PartBuilder(repo.key, kind)
    for plain in plains:
        builder.add(prepare(kind, plain))
    part = builder.finish()
    repo.save_part(part)
    repo.save_indexes([part.listing])
    return Stored(part.name, len(part.content))


def named(plain: bytes) -> bytes:
    """Its id."""
    return hashlib.sha256(plain).digest()


def version_1() -> Repository:
    """A repository of restic's first format."""
    place, key = MemoryPlace(), fresh_repo_key()
    raw = make_key_file(key, PASSWORD, now=NOW, cost=CHEAP)
    place.put(FileKind.KEY, hashlib.sha256(raw).hexdigest(), raw)
    config = Config(1, "ab" * 32, 0x3DA3358B4DC173)
    place.put(FileKind.CONFIG, CONFIG_NAME, encode_config(key, config))
    return open_repository(place, PASSWORD)


def test_what_was_made_opens_again() -> None:
    """With its password; every file but `config` named after its bytes."""
    made = new_repository()
    fill(made, *PLAINS)
    opened = open_repository(made.place, PASSWORD)
    assert opened.config == made.config
    assert opened.key == made.key
    assert opened.key_name == made.key_name
    for kind in set(FileKind) - {FileKind.CONFIG}:
        for name, raw in memory(made).files[kind].items():
            assert hashlib.sha256(raw).hexdigest() == name


def test_a_standing_repository_is_never_overwritten() -> None:
    """Nor does it get another key file."""
    made = new_repository()
    before = {kind: dict(files) for kind, files in memory(made).files.items()}
    with pytest.raises(ConflictError):
        create_repository(made.place, OTHER, now=NOW, cost=CHEAP)
    assert memory(made).files == before


def test_two_who_make_one_at_once() -> None:
    """The slower takes its key file away again: it would open nothing."""

    class Slow(MemoryPlace):
        def put(self, kind: FileKind, name: str, content: bytes | memoryview) -> None:
            if kind is FileKind.CONFIG:
                self.files[kind].setdefault(name, b"another's")
            super().put(kind, name, content)

    place = Slow()
    with pytest.raises(ConflictError):
        new_repository(place)
    assert not place.files[FileKind.KEY]


def test_no_repository_is_told_from_a_wrong_password() -> None:
    """Three different answers."""
    with pytest.raises(NotFoundError):
        open_repository(MemoryPlace(), PASSWORD)
    made = new_repository()
    with pytest.raises(RefusedError) as caught:
        open_repository(made.place, OTHER)
    assert caught.value.code == "wrong_password"
    key_files = memory(made).files[FileKind.KEY]
    key_files[made.key_name] = key_files[made.key_name].replace(b"kept", b"Kept")
    with pytest.raises(TamperedError):
        open_repository(made.place, PASSWORD)
    key_files.clear()
    with pytest.raises(NotFoundError):
        open_repository(made.place, PASSWORD)


def test_a_damaged_key_file_does_not_lock_the_others_out() -> None:
    """And a wrong password is told that one could not be tried."""
    made = new_repository()
    memory(made).files[FileKind.KEY]["00" * 32] = b"rubbish"
    assert open_repository(made.place, PASSWORD).key == made.key
    with pytest.raises(RefusedError, match="1 key files are damaged"):
        open_repository(made.place, OTHER)


def test_every_changed_byte_of_the_config_is_refused() -> None:
    """Nothing is opened then."""
    made = new_repository()
    files = memory(made).files[FileKind.CONFIG]
    sound = files[CONFIG_NAME]
    for at in (0, 15, 16, 40, len(sound) - 17, len(sound) - 1):
        files[CONFIG_NAME] = sound[:at] + bytes([sound[at] ^ 4]) + sound[at + 1 :]
        with pytest.raises(TamperedError):
            open_repository(made.place, PASSWORD)


def test_keys_come_and_go() -> None:
    """A second password opens the same repository until its file is removed."""
    made = new_repository()
    name = made.add_key(OTHER, now=NOW, cost=CHEAP)
    second = open_repository(made.place, OTHER, key_hint=name)
    assert (second.key, second.key_name) == (made.key, name)
    assert {(info.name, info.is_in_use) for info in made.list_keys()} == {
        (made.key_name, True),
        (name, False),
    }
    assert {info.hostname for info in made.list_keys()} == {"kept"}
    with pytest.raises(RefusedError) as caught:
        second.remove_key(name)
    assert caught.value.code == "key_in_use"
    made.remove_key(name)
    with pytest.raises(RefusedError):
        open_repository(made.place, OTHER)
    with pytest.raises(NotFoundError):
        made.remove_key(name)


def test_a_flood_of_key_files_is_not_tried_for_ever() -> None:
    """Half a second each; the hinted one comes first all the same."""
    made = new_repository()
    for _ in range(MAX_KEYS_TRIED + 5):
        raw = make_key_file(fresh_repo_key(), OTHER, now=NOW, cost=CHEAP)
        memory(made).put(FileKind.KEY, hashlib.sha256(raw).hexdigest(), raw)
    hinted = open_repository(made.place, PASSWORD, key_hint=made.key_name)
    assert hinted.key == made.key
    with pytest.raises(RefusedError, match=f"none of the {MAX_KEYS_TRIED} key files"):
        open_repository(made.place, Secret(b"nobody's"))


def test_documents_come_back_in_order() -> None:
    """Under the hash of what is stored, compressed."""
    repo = new_repository()
    members = {"time": "2026-11-21T03:04:05Z", "tree": "ab" * 32, "paths": ["/a", "ы"]}
    name = repo.save_unpacked(FileKind.SNAPSHOT, members)
    assert list(repo.load_unpacked(FileKind.SNAPSHOT, name).items()) == list(members.items())
    assert repo.list(FileKind.SNAPSHOT) == [
        Stored(name, len(memory(repo).files[FileKind.SNAPSHOT][name]))
    ]


def test_a_document_under_another_name_is_refused() -> None:
    """A sound old snapshot put in the place of a newer one."""
    repo = new_repository()
    old, new = (repo.save_unpacked(FileKind.SNAPSHOT, {"n": n}) for n in range(2))
    files = memory(repo).files[FileKind.SNAPSHOT]
    files[new] = files[old]
    with pytest.raises(TamperedError):
        repo.load_unpacked(FileKind.SNAPSHOT, new)
    with pytest.raises(NotFoundError):
        repo.load_unpacked(FileKind.SNAPSHOT, "00" * 32)


@pytest.mark.parametrize("kind", [FileKind.KEY, FileKind.CONFIG, FileKind.DATA])
def test_only_three_kinds_are_documents(kind: FileKind) -> None:
    """The others have forms of their own."""
    repo = new_repository()
    with pytest.raises(MalformedError):
        repo.save_unpacked(kind, {})
    with pytest.raises(MalformedError):
        repo.load_unpacked(kind, repo.key_name)


def test_blobs_come_back() -> None:
    """By kind and id, through index and part."""
    repo = new_repository()
    part = fill(repo, *PLAINS)
    fill(repo, PLAINS[0], kind=TREE)
    index = open_repository(repo.place, PASSWORD).load_index()
    for plain in PLAINS:
        assert repo.load_blob(index, DATA, named(plain)) == plain
    assert repo.load_blob(index, TREE, named(PLAINS[0])) == PLAINS[0]
    found = index.find(DATA, named(PLAINS[0]))
    assert found is not None
    assert found.part.hex() == part.name
    with pytest.raises(NotFoundError):
        repo.load_blob(index, TREE, named(PLAINS[1]))


def test_a_damaged_or_missing_part_is_named() -> None:
    """Flipped, cut off, gone."""
    repo = new_repository()
    part = fill(repo, *PLAINS)
    index = repo.load_index()
    files = memory(repo).files[FileKind.DATA]
    sound = files[part.name]
    for damaged in (bytes([sound[0] ^ 1]) + sound[1:], sound[:20], b""):
        files[part.name] = damaged
        with pytest.raises(TamperedError, match=f"data/{part.name}"):
            repo.load_blob(index, DATA, named(PLAINS[0]))
    del files[part.name]
    with pytest.raises(NotFoundError):
        repo.load_blob(index, DATA, named(PLAINS[0]))
    assert len(repo.load_index(among=set()).parts()) == 0


@pytest.mark.parametrize(("blobs", "reads"), [(1, 1), (15, 1), (100, 2)])
def test_a_header_is_read_from_the_end(blobs: int, reads: int) -> None:
    """One request for most parts, two for large ones, never the whole part."""
    repo = new_repository()
    plains = [bytes([n]) * 3000 for n in range(blobs)]
    part = fill(repo, *plains)
    memory(repo).reads.clear()
    assert [entry.id for entry in repo.load_header(part)] == [named(plain) for plain in plains]
    assert len(memory(repo).reads) == reads
    assert memory(repo).reads[0][2] <= 651


def test_a_part_of_another_size_than_its_blobs_is_refused() -> None:
    """Cut off at the front, or with bytes put in: as adopting would meet it."""
    repo = new_repository()
    part = fill(repo, *PLAINS)
    files = memory(repo).files[FileKind.DATA]
    sound = files[part.name]
    for changed in (sound[1:], b"\x00" + sound):
        files[part.name] = changed
        with pytest.raises(MalformedError):
            repo.load_header(Stored(part.name, len(changed)))
    for changed in (b"", b"\x01\x02\x03", sound[:-1], sound[-60:]):
        files[part.name] = changed
        with pytest.raises((MalformedError, TamperedError)):
            repo.load_header(Stored(part.name, len(changed)))


def test_version_1_is_read_and_never_written() -> None:
    """Plain JSON inside its seal."""
    from kept.crypto.repo_sealing import seal

    repo = version_1()
    raw = seal(repo.key, json.dumps({"paths": ["/"]}).encode())
    name = hashlib.sha256(raw).hexdigest()
    repo.place.put(FileKind.SNAPSHOT, name, raw)
    assert repo.load_unpacked(FileKind.SNAPSHOT, name) == {"paths": ["/"]}
    assert not repo.is_writable
    builder = PartBuilder(repo.key, DATA)
    builder.add(prepare(DATA, b"x"))
    part = builder.finish()
    with pytest.raises(RefusedError) as caught:
        repo.save_part(part)
    assert caught.value.code == "repository_read_only"
    with pytest.raises(RefusedError):
        repo.save_indexes([part.listing])
    with pytest.raises(RefusedError):
        repo.save_unpacked(FileKind.LOCK, {})
    assert not memory(repo).files[FileKind.DATA]


def test_many_threads_read_one_repository() -> None:
    """Each its own blobs, all of them right."""
    repo = new_repository()
    plains = [bytes([n]) * (n * 50 + 1) for n in range(100)]
    fill(repo, *plains)
    index = repo.load_index()
    with ThreadPoolExecutor(4) as pool:
        read = pool.map(lambda plain: repo.load_blob(index, DATA, named(plain)), plains * 5)
        assert list(read) == plains * 5
