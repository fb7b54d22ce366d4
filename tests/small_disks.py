"""A disk of a few MiB in memory, mounted at a folder. Needs the right to mount."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(at: Path, size: str) -> Generator[Path]:
    """Mount one at a folder, made if need be, for as long as the block lasts."""
    at.mkdir(parents=True, exist_ok=True)
    told = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", str(at)]
    subprocess.run(told, check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def grow(at: Path, size: str) -> None:
    """Give it another size; what lies there stays."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(at)], check=True)
