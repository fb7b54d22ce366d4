"""Does restic accept what we write, and do we read what restic wrote?

Debian's restic shares nothing with Kept. It opens our repository, lists its keys, reads it through
with its own check and gives the files back; we read each index, header and blob it made.
"""

import base64
import hashlib
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kept.backup.ports import FileKind, Stored
from kept.backup.repo.blobs import BlobKind, prepare
from kept.backup.repo.packs import PartBuilder
from kept.backup.repo.repository import Repository, create_repository, open_repository
from kept.base.errors import TamperedError
from kept.crypto.repo_sealing import open_sealed, seal
from kept.crypto.secret import Secret
from repo_yard import NOW, FolderPlace

pytestmark = pytest.mark.needs("restic")
PASSWORD = "geheim и ещё"
SECRET = Secret(PASSWORD.encode())
WHEN = "2026-11-21T03:04:05Z"


class Restic:
    """Debian's program at one repository."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder / "repository"
        self.place = FolderPlace(self.repository)
        self.password_file = folder / "password"
        self.password_file.write_text(PASSWORD + "\n", encoding="utf-8")
        self.cache = folder / "cache"

    def __call__(self, *arguments: str | Path) -> str:
        """Run it; what it printed."""
        options = ["-r", self.repository, "--password-file", self.password_file]
        done = subprocess.run(
            ["restic", *options, *arguments],
            env={"PATH": os.environ["PATH"], "RESTIC_CACHE_DIR": str(self.cache), "TZ": "UTC"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def restic(tmp_path: Path) -> Restic:
    """Restic at an empty folder."""
    return Restic(tmp_path)


def make(restic: Restic) -> Repository:
    """A repository of ours, as costly to open as a real one."""
    return create_repository(restic.place, SECRET, now=NOW)


def noise(size: int) -> bytes:
    """Bytes that do not compress, the same each time."""
    return hashlib.shake_256(b"noise").digest(size)


def store(repo: Repository, kind: BlobKind, *plains: bytes) -> list[str]:
    """A part of these blobs and its index; their ids."""
    builder = PartBuilder(repo.key, kind)
    entries = [builder.add(prepare(kind, plain)) for plain in plains]
    part = builder.finish()
    repo.save_part(part)
    repo.save_indexes([part.listing])
    return [entry.id.hex() for entry in entries]


def file_node(name: str, content: list[str], size: int) -> dict[str, object]:
    """A file of a tree, as the design document shows it."""
    times = {"mtime": WHEN, "atime": WHEN, "ctime": WHEN}
    owner = {"uid": os.getuid(), "gid": os.getgid()}
    rest = {"size": size, "links": 1, "content": content}
    return {"name": name, "type": "file", "mode": 0o644, **times, **owner, **rest}


def snapshot_of(repo: Repository, files: dict[str, list[bytes]]) -> str:
    """A snapshot of one flat folder; its name."""
    nodes = [
        file_node(name, store(repo, BlobKind.DATA, *blobs) if blobs else [], len(b"".join(blobs)))
        for name, blobs in sorted(files.items())
    ]
    tree = json.dumps({"nodes": nodes}, separators=(",", ":")).encode() + b"\n"
    (name,) = store(repo, BlobKind.TREE, tree)
    members = {"time": WHEN, "tree": name, "paths": ["/"], "hostname": "kept"}
    return repo.save_unpacked(FileKind.SNAPSHOT, members)


def test_restic_opens_an_empty_repository(restic: Restic) -> None:
    """Config, master key, key list and check, each against what we hold."""
    repo = make(restic)
    config = json.loads(restic("cat", "config"))
    assert config == {
        "version": 2,
        "id": repo.config.id,
        "chunker_polynomial": f"{repo.config.chunker_polynomial:x}",
    }
    master = json.loads(restic("cat", "masterkey"))
    assert base64.b64decode(master["encrypt"]) == repo.key.encrypt.reveal()
    assert base64.b64decode(master["mac"]["k"]) == repo.key.mac_k.reveal()
    (key,) = json.loads(restic("key", "list", "--json"))
    assert (key["current"], key["userName"], key["hostName"]) == (True, "kept", "kept")
    assert key["created"] == "2026-11-21 03:04:05"
    assert "no errors were found" in restic("check", "--read-data")
    assert restic("list", "packs") + restic("list", "snapshots") == ""


def test_restic_checks_and_restores_what_we_wrote(restic: Restic, tmp_path: Path) -> None:
    """Compressed and plain data, a tree of the same bytes as a data blob, several blobs a file."""
    repo = make(restic)
    files = {
        "empty": [],
        "noise": [noise(700_000)],
        "text": [b"letter " * 50_000, b"more " * 9, b"x"],
        "tree-like": [b'{"nodes":[]}\n'],
    }
    snapshot = snapshot_of(repo, files)
    store(repo, BlobKind.TREE, b'{"nodes":[]}\n')
    assert "no errors were found" in restic("check", "--read-data")
    assert restic("list", "snapshots").split() == [snapshot]
    assert set(restic("list", "packs").split()) == {
        stored.name for stored in repo.list(FileKind.DATA)
    }
    blobs = [line.split() for line in restic("list", "blobs").splitlines()]
    assert len(blobs) == 7
    restic("restore", snapshot, "--target", tmp_path / "restored")
    for name, content in files.items():
        assert (tmp_path / "restored" / name).read_bytes() == b"".join(content)


def test_restic_reads_what_is_spread_over_many_parts(restic: Restic) -> None:
    """A part of more entries than its first request would cover, and a blob in two parts."""
    repo = make(restic)
    blobs = [noise(3000)[at : at + 50] for at in range(0, 3000, 10)]
    snapshot_of(repo, {"many": blobs, "one": [blobs[0]]})
    assert "no errors were found" in restic("check", "--read-data")


def test_restic_takes_keys_we_add_and_we_take_its(restic: Restic, tmp_path: Path) -> None:
    """Several passwords, one repository."""
    repo = make(restic)
    ours = repo.add_key(Secret(b"second"), now=datetime(2026, 1, 2, tzinfo=UTC))
    (tmp_path / "new").write_text("third", encoding="utf-8")
    restic("key", "add", "--new-password-file", tmp_path / "new")
    assert len(json.loads(restic("key", "list", "--json"))) == 3
    for password in (b"second", b"third"):
        again = open_repository(restic.place, Secret(password))
        assert open_sealed(again.key, seal(repo.key, b"one key")) == b"one key"
    restic.password_file.write_text("second", encoding="utf-8")
    current = [key for key in json.loads(restic("key", "list", "--json")) if key["current"]]
    assert ours.startswith(current[0]["id"])


def test_we_read_all_that_restic_wrote(restic: Restic, tmp_path: Path) -> None:
    """Each index, header, snapshot and blob, with the hash of each; then a backup on top of it."""
    source = tmp_path / "source"
    (source / "folder" / "empty").mkdir(parents=True)
    (source / "noise").write_bytes(noise(5_000_000))
    (source / "lines").write_text("line\n" * 300_000, encoding="utf-8")
    for number in range(40):
        (source / "folder" / f"small {number} ю").write_text(f"{number} " * 20, encoding="utf-8")
    restic("init")
    restic("backup", source)
    (source / "lines").write_text("line\n" * 300_001, encoding="utf-8")
    restic("backup", source)
    repo = open_repository(restic.place, SECRET)
    assert read_everything(repo) >= 45
    for stored in repo.list(FileKind.SNAPSHOT):
        snapshot = repo.load_unpacked(FileKind.SNAPSHOT, stored.name)
        assert snapshot["paths"] == [str(source)]
    assert len(repo.list(FileKind.SNAPSHOT)) == 2
    assert f"{repo.config.chunker_polynomial:x}" in restic("cat", "config")
    snapshot_of(repo, {"ours": [b"written on top"]})
    assert "no errors were found" in restic("check", "--read-data")


def read_everything(repo: Repository) -> int:
    """How many blobs there are: by the index, by the headers and by their bytes."""
    index = repo.load_index()
    by_index = {
        (listing.part, entry) for _, listing in repo.read_indexes() for entry in listing.entries
    }
    by_header = {
        (bytes.fromhex(stored.name), entry)
        for stored in repo.list(FileKind.DATA)
        for entry in repo.load_header(stored)
    }
    assert by_index == by_header
    for _, entry in by_header:
        plain = repo.load_blob(index, entry.kind, entry.id)
        assert hashlib.sha256(plain).digest() == entry.id
    return len(by_header)


def test_we_read_version_1(restic: Restic, tmp_path: Path) -> None:
    """Uncompressed, with plain JSON; nothing can be written there."""
    (tmp_path / "file").write_bytes(b"some text " * 1000)
    restic("init", "--repository-version", "1")
    restic("backup", tmp_path / "file")
    repo = open_repository(restic.place, SECRET)
    assert not repo.is_writable
    assert read_everything(repo) >= 2


def test_one_changed_byte_of_restics_parts_is_found(restic: Restic, tmp_path: Path) -> None:
    """Wherever it is: in a blob, the header or its length."""
    (tmp_path / "file").write_bytes(noise(2000))
    restic("init")
    restic("backup", tmp_path / "file")
    repo = open_repository(restic.place, SECRET)
    for stored in repo.list(FileKind.DATA):
        path = restic.place.path(FileKind.DATA, stored.name)
        sound = path.read_bytes()
        path.chmod(0o600)
        for at in range(0, len(sound), 97):
            path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
            assert not is_sound(repo, stored)
        path.write_bytes(sound)
        assert is_sound(repo, stored)


def is_sound(repo: Repository, stored: Stored) -> bool:
    """Whether header and blobs of a part all open."""
    index = repo.load_index()
    try:
        for entry in repo.load_header(stored):
            repo.load_blob(index, entry.kind, entry.id)
    except TamperedError:
        return False
    return True
