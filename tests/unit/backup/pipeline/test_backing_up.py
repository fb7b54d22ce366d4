"""Does a run copy what is there, tell what it could not, and never lean on what is not stored?"""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kept.backup.model.nodes import Node, NodeType
from kept.backup.pipeline import reading
from kept.backup.pipeline.backing_up import back_up
from kept.backup.pipeline.run_plan import Progress, RunPlan
from kept.backup.ports import FileKind
from kept.backup.repo.blobs import BlobKind
from kept.backup.repo.repository import Repository
from kept.backup.repo.snapshots import read_snapshot
from kept.backup.repo.trees import decode_tree
from kept.backup.sources import stat_nodes
from kept.backup.sources.excludes import Excludes
from kept.backup.sources.walk import Root, SkipReason
from kept.base.errors import KeptError, MalformedError, RefusedError, UnavailableError
from repo_yard import MemoryPlace, new_repository
from writer_yard import FailingPlace, around, plan_of, run, slow, stream

MIB = 2**20


def noise(name: str, size: int) -> bytes:
    """Bytes that do not compress, of a name's own."""
    return hashlib.shake_256(name.encode()).digest(size)


def contents(repository: Repository, snapshot: str | None) -> dict[bytes, Node | bytes]:
    """Every path of a snapshot with its bytes (files) or its node; each blob is compared."""
    assert snapshot is not None
    index = repository.load_index()
    top = read_snapshot(repository.load_unpacked(FileKind.SNAPSHOT, snapshot)).tree
    found: dict[bytes, Node | bytes] = {}

    def look(tree: bytes, path: bytes) -> None:
        for node in decode_tree(repository.load_blob(index, BlobKind.TREE, tree)):
            at = path + b"/" + node.name
            if node.type is NodeType.FILE:
                blobs = [
                    repository.load_blob(index, BlobKind.DATA, blob) for blob in node.content or ()
                ]
                found[at] = b"".join(blobs)
                assert node.size == len(b"".join(blobs))
            else:
                found[at] = node
            if node.subtree is not None:
                look(node.subtree, at)

    look(top, b"")
    return found


def files(found: dict[bytes, Node | bytes], below: Path | str) -> dict[str, bytes]:
    """The files below a folder, by their path in it."""
    prefix = f"/v{below}/".encode()
    return {
        path[len(prefix) :].decode(): content
        for path, content in found.items()
        if isinstance(content, bytes) and path.startswith(prefix)
    }


def fill(folder: Path, **named: bytes) -> Path:
    """Files in a folder; two underscores stand for a slash."""
    for name, content in named.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def locks(repository: Repository) -> list[object]:
    """What is left in locks/."""
    return list(repository.list(FileKind.LOCK))


def test_a_run_copies_files_of_every_size(tmp_path: Path) -> None:
    """Empty, small, at both sides of the bound, large; the same bytes twice are stored once."""
    made = fill(
        tmp_path / "s",
        empty=b"",
        one=b"x",
        sub__bound=noise("bound", 256 * 1024),
        sub__over=noise("over", 256 * 1024 + 1),
        sub__deep__large=noise("large", 11 * MIB),
        copy=noise("large", 11 * MIB),
    )
    repository = new_repository()
    done = run(repository, made)
    found = files(contents(repository, done.snapshot), made)
    assert found == {
        str(path.relative_to(made)): path.read_bytes() for path in made.rglob("*") if path.is_file()
    }
    assert done.summary is not None
    assert (done.summary.files_new, done.summary.total_files_processed) == (6, 6)
    stored = sum(one.size for one in repository.list(FileKind.DATA))
    assert 11.5 * MIB < stored < 11.8 * MIB
    assert len(repository.list(FileKind.DATA)) >= 3
    assert not locks(repository)
    assert not done.is_partial


def test_the_snapshot_says_what_was_done(tmp_path: Path) -> None:
    """Host, paths, tag, program and summary."""
    made = fill(tmp_path / "s", a=b"12345")
    repository = new_repository()
    done = run(repository, made, hostname="shop", tags=("daily",), program_version="kept 9")
    assert done.snapshot is not None
    told = read_snapshot(repository.load_unpacked(FileKind.SNAPSHOT, done.snapshot))
    assert (told.hostname, told.paths, told.tags) == (
        "shop",
        (f"/v{made}",),
        ("kept:cut1", "daily"),
    )
    assert told.program_version == "kept 9"
    assert told.summary == done.summary
    assert told.summary is not None
    assert told.summary.total_bytes_processed == 5
    assert (told.summary.data_blobs, told.parent) == (1, None)


def test_an_unchanged_file_is_not_read_again(tmp_path: Path, monkeypatch) -> None:
    """Nor stored; a changed one is, and so is every one with `is_forced`."""
    made = fill(tmp_path / "s", a=b"a" * 1000, b=b"b" * 1000, big=noise("big", MIB))
    repository = new_repository()
    first = run(repository, made)
    opened = list[bytes]()
    really = reading.open_to_read
    monkeypatch.setattr(reading, "open_to_read", lambda path: opened.append(path) or really(path))
    second = run(repository, made, minutes=1)
    assert opened == []
    assert second.tree == first.tree
    assert second.parent == first.snapshot
    assert second.summary is not None
    assert (second.summary.files_unmodified, second.summary.data_added) == (3, 0)
    assert second.summary.dirs_unmodified > 0
    assert second.summary.dirs_new == second.summary.dirs_changed == 0
    (made / "b").write_bytes(b"c" * 1000)
    third = run(repository, made, minutes=2)
    assert opened == [str(made / "b").encode()]
    assert third.summary is not None
    assert (third.summary.files_changed, third.summary.files_unmodified) == (1, 2)
    assert files(contents(repository, third.snapshot), made)["b"] == b"c" * 1000
    forced = run(repository, made, minutes=3, is_forced=True)
    assert len(opened) == 4
    assert forced.summary is not None
    assert forced.summary.data_added == 0


def test_attributes_are_asked_for_when_a_file_changed(tmp_path: Path, monkeypatch) -> None:
    """They are taken over from the snapshot before, and told anew when someone set another."""
    made = fill(tmp_path / "s", a=b"a" * 1000, b=b"b" * 1000)
    for name in ("a", "b"):
        try:
            os.setxattr(made / name, "user.colour", b"red")
        except OSError:
            pytest.skip("the file system keeps no attributes of users")
    repository = new_repository()
    first = run(repository, made)
    asked = list[object]()
    really = os.listxattr

    def listed(at: bytes | int, **how: bool) -> list[str]:
        asked.append(at)
        return really(at, **how)

    monkeypatch.setattr(stat_nodes.os, "listxattr", listed)
    second = run(repository, made, minutes=1)
    assert second.tree == first.tree
    assert not {os.fsencode(made / "a"), os.fsencode(made / "b")} & set(asked)
    os.setxattr(made / "b", "user.colour", b"blue")
    third = run(repository, made, minutes=2)
    assert third.summary is not None
    index = repository.load_index()
    tree = third.tree
    colours = dict[bytes, list[bytes]]()
    for name in [*f"v{made}".split("/"), ""]:
        assert tree is not None
        nodes = decode_tree(repository.load_blob(index, BlobKind.TREE, tree))
        if name:
            (node,) = [one for one in nodes if one.name == name.encode()]
            tree = node.subtree
        else:
            colours = {one.name: [each.value for each in one.extended_attributes] for one in nodes}
    assert colours == {b"a": [b"red"], b"b": [b"blue"]}


def test_a_file_is_read_again_when_its_blob_is_gone(tmp_path: Path) -> None:
    """The parent's word is not enough: a lost part is made good by the next run."""
    made = fill(tmp_path / "s", a=noise("a", 5 * MIB), b=noise("b", 3 * MIB))
    place = MemoryPlace()
    repository = new_repository(place)
    run(repository, made)
    largest = max(repository.list(FileKind.DATA), key=lambda stored: stored.size)
    place.remove(FileKind.DATA, largest.name)
    second = run(repository, made, minutes=1)
    place.files[FileKind.INDEX] = dict(place.files[FileKind.INDEX])
    index = repository.load_index(
        among={bytes.fromhex(one.name) for one in repository.list(FileKind.DATA)}
    )
    assert second.snapshot is not None
    assert second.summary is not None
    assert second.summary.data_added > MIB
    tree = read_snapshot(repository.load_unpacked(FileKind.SNAPSHOT, second.snapshot)).tree
    for name in f"v{made}".split("/"):
        nodes = {n.name: n for n in decode_tree(repository.load_blob(index, BlobKind.TREE, tree))}
        tree = nodes[name.encode()].subtree or b""
    for node in decode_tree(repository.load_blob(index, BlobKind.TREE, tree)):
        assert all(index.has(BlobKind.DATA, blob) for blob in node.content or ())


def test_two_runs_make_the_same_tree(tmp_path: Path) -> None:
    """Whatever the order in which workers finish."""
    made = fill(tmp_path / "s", **{f"d{n % 7}__f{n}": noise(str(n), n * 997) for n in range(300)})
    repository = new_repository()
    trees = {run(repository, made, workers=number, is_forced=True).tree for number in (1, 2, 5)}
    assert len(trees) == 1


def test_data_and_trees_of_equal_bytes_are_two_blobs(tmp_path: Path) -> None:
    """A file that holds exactly a tree's bytes."""
    empty = tmp_path / "s" / "empty"
    empty.mkdir(parents=True)
    fill(tmp_path / "s", like=b'{"nodes":[]}\n')
    repository = new_repository()
    done = run(repository, tmp_path / "s")
    assert files(contents(repository, done.snapshot), tmp_path / "s")["like"] == b'{"nodes":[]}\n'


def test_neighbours_do_not_lie_in_one_part(tmp_path: Path) -> None:
    """A file's pieces come to packers by chance, also with one worker."""
    made = fill(tmp_path / "s", big=noise("big", 12 * MIB))
    repository = new_repository()
    run(repository, made, workers=1)
    index = repository.load_index()
    parts = {
        location.part
        for _, listing in repository.read_indexes()
        for entry in listing.entries
        if (location := index.find(entry.kind, entry.id)) and entry.kind is BlobKind.DATA
    }
    assert len(parts) >= 3


@pytest.mark.parametrize("size", [1000, 3 * MIB])
def test_a_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch, size: int
) -> None:
    """Once changed: the new bytes, steady. Always changing: kept and told."""
    made = fill(tmp_path / "s", a=noise("old", size))
    really, changes = os.fstat, [1]

    def changing(handle: int) -> os.stat_result:
        found = really(handle)
        if changes[0] and Path(f"/proc/self/fd/{handle}").readlink() == made / "a":
            changes[0] -= 1
            (made / "a").write_bytes(noise(str(changes[0]), size))
            os.utime(made / "a", ns=(1, 10**9 + changes[0]))
        return found

    monkeypatch.setattr(reading.os, "fstat", changing)
    repository = new_repository()
    done = run(repository, made)
    assert done.unsteady == ()
    assert files(contents(repository, done.snapshot), made)["a"] == noise("0", size)
    changes[0] = 1000
    again = run(repository, made, minutes=1, is_forced=True)
    assert again.unsteady == (f"/v{made}/a".encode(),)
    assert again.snapshot is not None
    assert not again.is_partial


@pytest.mark.parametrize("size", [1000, 3 * MIB])
def test_a_file_that_vanishes_is_told(tmp_path: Path, monkeypatch, size: int) -> None:
    """Between the walk and the read; the others are copied."""
    made = fill(tmp_path / "s", a=noise("a", size), b=b"stays")
    really = reading.open_to_read

    def gone(path: bytes) -> int:
        if path.endswith(b"/a"):
            Path(path.decode()).unlink(missing_ok=True)
        return really(path)

    monkeypatch.setattr(reading, "open_to_read", gone)
    repository = new_repository()
    done = run(repository, made)
    assert [unread.path for unread in done.unread] == [f"/v{made}/a".encode()]
    assert done.is_partial
    assert files(contents(repository, done.snapshot), made) == {"b": b"stays"}


def test_what_took_a_files_place_is_not_followed(tmp_path: Path, monkeypatch) -> None:
    """A link or a fifo in its place is unread, and nothing waits."""
    made = fill(tmp_path / "s", a=b"a", b=b"b", c=b"c")
    (tmp_path / "secret").write_bytes(b"secret")
    really = reading.open_to_read

    def swapped(path: bytes) -> int:
        path_ = Path(path.decode())
        if path_.name in {"a", "b"}:
            path_.unlink()
            if path_.name == "a":
                path_.symlink_to(tmp_path / "secret")
            else:
                os.mkfifo(path_)
        return really(path)

    monkeypatch.setattr(reading, "open_to_read", swapped)
    repository = new_repository()
    done = run(repository, made)
    assert len(done.unread) == 2
    assert files(contents(repository, done.snapshot), made) == {"c": b"c"}


def test_nothing_there_makes_no_snapshot(tmp_path: Path) -> None:
    """A disk that is not mounted must not look like an empty one."""
    repository = new_repository()
    with pytest.raises(RefusedError) as refused:
        run(repository, tmp_path / "away", tmp_path / "away too")
    assert refused.value.code == "nothing_to_copy"
    assert repository.list(FileKind.SNAPSHOT) == []
    assert not locks(repository)
    fill(tmp_path / "here", a=b"a")
    done = run(repository, tmp_path / "away", tmp_path / "here")
    assert [unread.is_root for unread in done.unread] == [True]


def test_excludes_are_told(tmp_path: Path) -> None:
    """Left out by pattern, counted by reason."""
    made = fill(tmp_path / "s", a=b"a", b__tmp=b"x", c__tmp=b"x")
    repository = new_repository()
    done = run(repository, made, excludes=Excludes.of(["tmp"]), patterns=("tmp",))
    assert done.skipped == {SkipReason.PATTERN: 2}
    assert files(contents(repository, done.snapshot), made) == {"a": b"a"}


def test_streams_become_files(tmp_path: Path) -> None:
    """Beside roots, under their parents, and alone; equal streams are not stored twice."""
    made = fill(tmp_path / "s", a=b"a")
    dump = [noise("dump", 700_000), b"", noise("more", 2 * MIB)]
    plan = RunPlan(
        roots=(Root(b"/kept/data/s", str(made).encode()),),
        streams=(
            stream("/kept/postgres.dump", dump),
            stream("/kept/other/deep/x", [b"x"]),
            stream("/top", []),
        ),
    )
    repository = new_repository()
    done = back_up(repository, plan, around())
    found = contents(repository, done.snapshot)
    assert found[b"/kept/postgres.dump"] == b"".join(dump)
    assert (found[b"/kept/other/deep/x"], found[b"/top"]) == (b"x", b"")
    assert found[b"/kept/data/s/a"] == b"a"
    alone = RunPlan(streams=(stream("/kept/postgres.dump", dump),))
    again = back_up(repository, alone, around(1))
    assert list(contents(repository, again.snapshot)) == [b"/kept", b"/kept/postgres.dump"]
    assert again.summary is not None
    assert again.summary.data_blobs == 0


def test_a_stream_that_fails_means_no_snapshot(tmp_path: Path) -> None:
    """The pipe's end is no success: what the stream raises comes through."""
    made = fill(tmp_path / "s", a=b"a")

    def dump() -> Iterator[bytes]:
        yield noise("dump", 5 * MIB)
        raise UnavailableError("pg_dump failed")

    repository = new_repository()
    with pytest.raises(UnavailableError, match="pg_dump failed"):
        run(repository, made, streams=(stream("/kept/db", dump()),))
    assert repository.list(FileKind.SNAPSHOT) == []
    assert not locks(repository)


@pytest.mark.parametrize("at", ["relative", "/a/../b", "/data/in", "/data", "/"])
def test_a_stream_has_a_place_of_its_own(at: str) -> None:
    """Clean, and inside no root."""
    with pytest.raises(MalformedError):
        RunPlan(roots=(Root(b"/data", b"/data"),), streams=(stream(at, []),))


@pytest.mark.parametrize("puts", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", [FileKind.DATA, FileKind.INDEX, FileKind.SNAPSHOT])
def test_a_full_place_fails_the_run(tmp_path: Path, kind: FileKind, puts: int) -> None:
    """No snapshot, no lock left; what was stored is used by the next run, without any help."""
    made = fill(tmp_path / "s", **{f"f{n}": noise(str(n), 600_000) for n in range(40)})
    place = FailingPlace(kinds={kind})
    repository = new_repository(place)
    place.left = puts
    if kind is FileKind.DATA or puts == 0:
        with pytest.raises(UnavailableError):
            run(repository, made)
        assert repository.list(FileKind.SNAPSHOT) == []
    assert not locks(repository)
    before = {one.name for one in repository.list(FileKind.DATA)}
    assert len(before) == puts or kind is not FileKind.DATA
    place.left = None
    done = run(repository, made, minutes=1)
    assert len(files(contents(repository, done.snapshot), made)) == 40
    assert before <= {one.name for one in repository.list(FileKind.DATA)}
    stored = sum(one.size for one in repository.list(FileKind.DATA))
    assert stored < 25_000_000  # 24 MB of files: nothing went up twice


def test_no_index_names_a_part_before_it_is_stored(tmp_path: Path) -> None:
    """At each put of an index, every part in it is there; at the snapshot's, every blob."""
    made = fill(tmp_path / "s", **{f"f{n}": noise(str(n), 700_000) for n in range(30)})
    place = FailingPlace()
    repository = new_repository(place)
    seen = list[FileKind]()

    def look(kind: FileKind, _name: str) -> None:
        seen.append(kind)
        if kind is FileKind.SNAPSHOT:
            told = {listing.part for _, listing in repository.read_indexes()}
            assert told == {bytes.fromhex(one.name) for one in repository.list(FileKind.DATA)}

    place.before_put = look
    run(repository, made)
    assert seen[-1] is FileKind.SNAPSHOT
    assert seen.index(FileKind.INDEX) > max(
        at for at, kind in enumerate(seen) if kind is FileKind.DATA
    )


def test_stopping_is_clean_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """No snapshot, no lock; parts that arrived are indexed and not sent again."""
    made = fill(tmp_path / "s", **{f"f{n}": noise(str(n), 900_000) for n in range(60)})
    place = FailingPlace()
    repository = new_repository(place)
    stop = threading.Event()
    arrived = list[str]()

    def slowly(kind: FileKind, name: str) -> None:
        if kind is FileKind.DATA:
            arrived.append(name)
            if len(arrived) == 4:
                stop.set()
            threading.Event().wait(0.15)

    place.before_put = slowly
    done = back_up(repository, plan_of(made), around(), stop=stop.is_set)
    assert done.is_stopped
    assert done.snapshot is None
    assert repository.list(FileKind.SNAPSHOT) == []
    assert not locks(repository)
    stored = {one.name for one in repository.list(FileKind.DATA)}
    assert stored
    assert {part.hex() for part in repository.load_index().parts()} == stored
    place.before_put = lambda _kind, _name: None
    again = run(repository, made, minutes=1)
    assert again.adopted == ()
    assert len(files(contents(repository, again.snapshot), made)) == 60
    assert sum(one.size for one in repository.list(FileKind.DATA)) < 55_500_000


def test_a_dry_run_stores_nothing(tmp_path: Path) -> None:
    """And tells what would be added."""
    made = fill(tmp_path / "s", a=noise("a", 2 * MIB))
    place = MemoryPlace()
    repository = new_repository(place)
    before = {kind: dict(found) for kind, found in place.files.items()}
    done = run(repository, made, is_dry=True)
    assert place.files == before
    assert done.snapshot is None
    assert done.summary is not None
    assert done.summary.data_added > 2 * MIB


def test_progress_is_told(tmp_path: Path) -> None:
    """It rises, ends with everything, and its totals are what there is."""
    made = fill(tmp_path / "s", **{f"f{n}": noise(str(n), 300_000) for n in range(30)})
    told = list[Progress]()
    place = FailingPlace()
    place.before_put = slow
    back_up(new_repository(place), plan_of(made, is_counted=True), around(), watch=told.append)
    assert [one.size_bytes for one in told] == sorted(one.size_bytes for one in told)
    assert (told[-1].files, told[-1].size_bytes) == (30, 9_000_000)
    assert told[-1].sent_bytes > 9_000_000


def test_what_a_watch_raises_comes_through(tmp_path: Path) -> None:
    """A closed pipe ends the run, and is not taken for a file that cannot be read."""
    made = fill(tmp_path / "s", **{f"f{n}": noise(str(n), 300_000) for n in range(30)})

    def closed(_progress: Progress) -> None:
        raise BrokenPipeError

    place = FailingPlace()
    place.before_put = slow
    repository = new_repository(place)
    with pytest.raises(BrokenPipeError):
        back_up(repository, plan_of(made), around(), watch=closed)
    assert not locks(repository)


def test_two_writers_at_once(tmp_path: Path) -> None:
    """Each with files of its own and some that both have: both snapshots are whole."""
    common = {f"c{n}": noise(f"c{n}", 200_000) for n in range(20)}
    place = FailingPlace()
    repository = new_repository(place)
    done, failures = dict[int, str | None](), list[KeptError]()

    def write(number: int) -> None:
        own = {f"o{n}": noise(f"{number} {n}", 200_000) for n in range(20)}
        made = fill(tmp_path / str(number), **common, **own)
        try:
            done[number] = run(repository, made).snapshot
        except KeptError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for number, snapshot in done.items():
        assert len(files(contents(repository, snapshot), tmp_path / str(number))) == 40


NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda raw: raw not in {b".", b".."} and b"/" not in raw and b"\0" not in raw
)
TREES = st.recursive(
    st.binary(max_size=400),
    lambda below: st.dictionaries(NAMES, below, max_size=5),
    max_leaves=25,
)


@settings(max_examples=25)
@given(tree=st.dictionaries(NAMES, TREES, min_size=1, max_size=6))
def test_any_tree_is_what_was_there(tree: dict[bytes, object], tmp_path_factory) -> None:
    """Whatever its names and bytes, twice over."""
    folder = os.fsencode(tmp_path_factory.mktemp("any"))
    expected = dict[bytes, bytes | None]()

    def make(path: bytes, entries: dict[bytes, object]) -> None:
        for name, entry in entries.items():
            at = path + b"/" + name
            if isinstance(entry, bytes):
                expected[at] = entry
                with open(at, "wb") as file:  # noqa: PTH123 - Path takes no bytes
                    file.write(entry)
            else:
                expected[at] = None
                os.mkdir(at)  # noqa: PTH102 - the same
                make(at, entry)  # pyright: ignore[reportArgumentType]

    make(folder, tree)
    repository = new_repository()
    for minutes in range(2):
        done = run(repository, folder, minutes=minutes)
        found = contents(repository, done.snapshot)
        below = {
            path[2:]: content if isinstance(content, bytes) else None
            for path, content in found.items()
            if path.startswith(b"/v" + folder + b"/")
        }
        assert below == expected


def test_facts_that_change_without_the_content_are_taken_along(tmp_path: Path) -> None:
    """Mode, time, attribute and link count of files whose bytes are the same."""
    made = fill(tmp_path / "s", a=b"a", b=b"b", c=b"c", d=b"d", e=b"e")
    repository = new_repository()
    run(repository, made)
    (made / "a").chmod(0o600)
    os.utime(made / "b", ns=(5, 5))
    os.setxattr(made / "c", "user.colour", b"blue")
    (made / "d2").hardlink_to(made / "d")
    nodes = dict[bytes, Node]()
    for minutes in (1, 2):
        done = run(repository, made, minutes=minutes)
        tree = done.tree
        assert tree is not None
        index = repository.load_index()
        for name in f"v{made}".split("/"):
            below = decode_tree(repository.load_blob(index, BlobKind.TREE, tree))
            tree = {node.name: node for node in below}[name.encode()].subtree
            assert tree is not None
        found = {n.name: n for n in decode_tree(repository.load_blob(index, BlobKind.TREE, tree))}
        assert nodes in ({}, found)
        nodes = found
    assert nodes[b"a"].permissions == 0o600
    assert nodes[b"b"].mtime_ns == 5
    assert [one.value for one in nodes[b"c"].extended_attributes] == [b"blue"]
    assert (nodes[b"d"].links, nodes[b"d2"].links, nodes[b"e"].links) == (2, 2, 1)
