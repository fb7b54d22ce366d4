"""How fast does a copy come back, beside restic, from one repository that restic wrote?"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench.figures import Figure, Peer

ROUNDS = 3
PASSWORD = "geheim"  # noqa: S105 - of a repository that lives for a minute
_SOURCES = (Path("/usr/share"), Path("/usr/include"))
_MOST_BYTES = 100_000_000  # of small files; the rest is logs and noise
_OURS = """
import os, sys
from pathlib import Path
from kept.backup.pipeline.loading import load_snapshots
from kept.backup.pipeline.restore_values import Wish
from kept.backup.pipeline.restoring import restore
from kept.backup.places.local import LocalPlace
from kept.backup.repo.repository import open_repository
from kept.base.clock import SystemClock
from kept.crypto.secret import Secret

place = LocalPlace(Path(sys.argv[1]), clock=SystemClock())
repository = open_repository(place, Secret(sys.argv[3].encode()))
snapshot = load_snapshots(repository)[0][0].snapshot
restored = restore(repository, snapshot, Wish(target=os.fsencode(sys.argv[2])))
sys.exit(restored.exit_code)
"""


def restore_vs_restic_wall(folder: Path, seconds: float) -> Figure:
    """Seconds for a whole restore to an empty folder, every piece compared with its name."""
    source, target = folder / "source", folder / "target"
    files = _make(source)
    environment = os.environ | {
        "RESTIC_REPOSITORY": str(folder / "repository"),
        "RESTIC_PASSWORD": PASSWORD,
        "RESTIC_CACHE_DIR": str(folder / "cache"),
    }
    program = shutil.which("restic") or "restic"
    for step in (("init",), ("backup", str(source))):
        subprocess.run([program, "--quiet", *step], env=environment, check=True)
    theirs = [program, "--quiet", "restore", "latest", "--target", str(target)]
    ours = [sys.executable, "-c", _OURS, str(folder / "repository"), str(target), PASSWORD]
    walls: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(max(ROUNDS, int(seconds // 60))):
        for who, command in (("theirs", theirs), ("ours", ours)):
            shutil.rmtree(target, ignore_errors=True)
            os.sync()
            begun = time.perf_counter()
            subprocess.run(command, env=environment, check=True)
            walls[who].append(time.perf_counter() - begun)
    return Figure(
        name="restore_vs_restic_wall",
        value=median(walls["ours"]),
        unit="s",
        n=files,
        peer=Peer("restic restore", median(walls["theirs"])),
        limits=f"files in {source.name}: {files:,}; median of {len(walls['ours'])} rounds in turn",
    )


def _make(source: Path) -> int:
    """Small files of this system, a log, noise; how many files."""
    size = files = 0
    for path in (one for top in _SOURCES for one in sorted(top.rglob("*"))):
        if path.is_symlink() or not path.is_file():
            continue
        size += path.stat().st_size
        if size > _MOST_BYTES:
            break
        copy = source / path.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
        files += 1
    with (source / "log").open("wb") as log:
        for line in range(1_000_000):
            log.write(b"2026-11-21T03:04:05Z info request %d answered\n" % line)
    (source / "noise").write_bytes(os.urandom(50_000_000))
    return files + 2
