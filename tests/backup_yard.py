"""How does a test type `kept backup`? With a real folder, a password file, and restic beside it."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terminal import KEPT, PATIENCE_S, Done, clean

PASSWORD = "three blue boats at dawn"


@dataclass(frozen=True)
class Yard:
    """A folder with something to copy, and a repository beside it."""

    folder: Path

    @property
    def repo(self) -> Path:
        """Where the repository lies."""
        return self.folder / "repo"

    @property
    def source(self) -> Path:
        """What is copied."""
        return self.folder / "source"

    @property
    def password(self) -> Path:
        """The file that opens it."""
        return self.folder / "password"

    @property
    def env(self) -> dict[str, str]:
        """What every command finds around it."""
        return clean()

    def words(self, *words: object, password: Path | None = None) -> list[str]:
        """A whole command line."""
        told = ["--repo", self.repo, "--passphrase-file", password or self.password]
        return [*KEPT, "backup", *map(str, (*told, *words))]

    def kept(self, *words: object, password: Path | None = None, stdin: str = "") -> Done:
        """Run one command to its end; neither it nor what it says shows the password."""
        done = subprocess.run(
            self.words(*words, password=password),
            env=self.env,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def done(self, *words: object, code: int = 0) -> Any:
        """The last JSON line of a command that ends so."""
        said = self.kept(*words, "--json")
        assert said.code == code, said
        return said.json

    def begun(self, *words: object) -> "subprocess.Popen[str]":
        """A command under way, with JSON lines on its standard output."""
        return subprocess.Popen(
            self.words(*words, "--json"),
            env=self.env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def restic(self, *words: object, stdin: str = "") -> str:
        """What restic says of the same repository, opened by the same file."""
        told = ["restic", "-r", self.repo, "--password-file", self.password, "--no-cache"]
        done = subprocess.run(
            [*map(str, told), *map(str, words)],
            env={**os.environ, "TZ": "UTC"},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def parts(self) -> list[Path]:
        """The parts that lie there whole."""
        return sorted(path for path in (self.repo / "data").rglob("*") if len(path.name) == 64)

    def names(self, kind: str) -> list[str]:
        """The files of a kind."""
        return sorted(path.name for path in (self.repo / kind).iterdir())


def planted(folder: Path) -> Yard:
    """A source with files of several sizes, links and an odd name; no repository yet."""
    yard = Yard(folder)
    yard.password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    deep = yard.source / "deep"
    deep.mkdir(parents=True)
    for number in range(30):
        (deep / f"note{number:02d}.txt").write_bytes(os.urandom(2000 + number))
    (yard.source / "big.bin").write_bytes(os.urandom(3_000_000))
    (yard.source / "zeros").write_bytes(bytes(1_000_000))
    (yard.source / "empty").touch()
    (yard.source / "link").symlink_to("big.bin")
    os.link(yard.source / "big.bin", yard.source / "hard")
    (Path(os.fsdecode(os.fsencode(yard.source) + b"/caf\xe9\n.txt"))).write_bytes(b"odd name")
    return yard


def facts(root: Path) -> dict[str, tuple[object, ...]]:
    """Content, mode, owner, time and links of all below a folder, by relative path."""
    return {str(path.relative_to(root)): _fact(path) for path in root.rglob("*")}


def _fact(path: Path) -> tuple[object, ...]:
    seen = path.lstat()
    if path.is_symlink():
        return (seen.st_mode, seen.st_uid, seen.st_gid, path.readlink())
    content, links = (b"", 0) if path.is_dir() else (path.read_bytes(), seen.st_nlink)
    return (seen.st_mode, seen.st_uid, seen.st_gid, seen.st_mtime_ns, links, content)


def interrupted(process: "subprocess.Popen[str]", number: int = signal.SIGINT) -> Done:
    """Send a signal as soon as bytes are under way; how the command ended."""
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("bytes_done", 0) > 0:
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    return Done(process.returncode, out, err)
