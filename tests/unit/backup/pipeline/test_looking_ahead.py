"""Is what was read before the lock was certain never believed after somebody cleaned?"""

from pathlib import Path

from kept.backup.pipeline.looking_ahead import LookAhead
from kept.backup.ports import FileKind
from repo_yard import MemoryPlace, new_repository
from writer_yard import run


class CountingPlace(MemoryPlace):
    """A place that counts how often an index file is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0

    def get(
        self, kind: FileKind, name: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """As any place."""
        self.read += kind is FileKind.INDEX
        return super().get(kind, name, offset=offset, length=length)


def test_what_stands_is_read_once(tmp_path: Path) -> None:
    """Nobody cleaned: the index is that of the first look."""
    (tmp_path / "a").write_bytes(b"a")
    place = CountingPlace()
    repository = new_repository(place)
    done = run(repository, tmp_path)
    ahead = LookAhead(repository)
    place.read = 0
    ahead.look()
    assert [one.name for one in ahead.snapshots] == [done.snapshot]
    assert ahead.index().parts() == {
        bytes.fromhex(part.name) for part in repository.list(FileKind.DATA)
    }
    assert place.read == 1


def test_what_was_cleaned_meanwhile_is_read_again(tmp_path: Path) -> None:
    """Somebody who cleaned ended after our look: no part is believed that is gone."""
    repository = new_repository()
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
        run(repository, tmp_path / name)
    ahead = LookAhead(repository)
    ahead.look()
    gone, stays = repository.list(FileKind.INDEX)
    parts = {listing.part for _, listing in repository.read_indexes([stays.name])}
    repository.place.remove(FileKind.INDEX, gone.name)
    for part in repository.list(FileKind.DATA):
        if bytes.fromhex(part.name) not in parts:
            repository.place.remove(FileKind.DATA, part.name)
    assert ahead.index().parts() == parts
