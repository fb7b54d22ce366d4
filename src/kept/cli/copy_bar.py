"""How far is a copy or a restore, for people on one line and for programs in JSON lines?

At a terminal: files, bytes, speed, time left and what waits. With `--json` one line a second on
standard output, `{"message_type": "status", …}` in restic's words, and the summary last.
"""

import json
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

LINE_EVERY_S = 1.0
LEAST_S = 3.0  # before that nobody can tell how long the rest takes


@dataclass(frozen=True, slots=True)
class HowFar:
    """How far it is. Totals are None until they are known; `waits` says what it is at."""

    files: int
    size_bytes: int
    files_in_all: int | None
    bytes_in_all: int | None
    seconds: float
    waits: str
    unread: int = 0
    sent_bytes: int | None = None

    @property
    def share(self) -> float | None:
        """How much of the bytes is done, 0 to 1; None: not known."""
        if self.bytes_in_all is None:
            return None
        return min(1.0, self.size_bytes / self.bytes_in_all) if self.bytes_in_all else 1.0

    @property
    def seconds_left(self) -> int | None:
        """How long the rest takes at the speed so far; None: not known."""
        if not self.share or self.seconds < LEAST_S:
            return None
        return round(self.seconds * (1 - self.share) / self.share)

    def members(self) -> dict[str, Any]:
        """The JSON line; what is not known is left out."""
        share = self.share
        said: dict[str, Any] = {
            "message_type": "status",
            "seconds_elapsed": round(self.seconds),
            "seconds_remaining": self.seconds_left,
            "percent_done": None if share is None else round(share, 4),
            "total_files": self.files_in_all,
            "files_done": self.files,
            "total_bytes": self.bytes_in_all,
            "bytes_done": self.size_bytes,
            "bytes_sent": self.sent_bytes,
            "error_count": self.unread,
            "waits": self.waits,
        }
        return {name: value for name, value in said.items() if value is not None}


class CopyBar:
    """Shows how far it is. Nothing is drawn where standard error is no terminal."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._told_s = float("-inf")
        self._drawn: RichProgress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn is not None:
            self._drawn.stop()

    def __call__(self, far: HowFar) -> None:
        """Show it; called several times a second."""
        if self._as_json:
            now_s = time.monotonic()
            if now_s - self._told_s >= LINE_EVERY_S:
                self._told_s = now_s
                print(json.dumps(far.members(), ensure_ascii=False), flush=True)
        elif sys.stderr.isatty():
            self._draw(far)

    def _draw(self, far: HowFar) -> None:
        drawn = self._drawn = self._drawn or _drawn()
        in_all = "…" if far.files_in_all is None else f"{far.files_in_all:,}"
        unread = f", {far.unread:,} unread" if far.unread else ""
        drawn.update(
            drawn.task_ids[0],
            description=far.waits,
            completed=far.size_bytes,
            total=far.bytes_in_all,
            files=f"{far.files:,}/{in_all} files{unread}",
        )


def _drawn() -> "RichProgress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description:<8}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[files]}"),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
    )
    drawn = Progress(*columns, console=Console(stderr=True), transient=True)
    drawn.add_task("", total=None, files="")
    drawn.start()
    return drawn


def size_text(size_bytes: int) -> str:
    """Bytes as people read them: 812 B, 3.4 MB; thousands, not 1024."""
    size, units = float(size_bytes), ["B", "kB", "MB", "GB", "TB", "PB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size_bytes} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def path_text(path: bytes) -> str:
    """A path as it may stand on a terminal and in JSON: nothing in it moves the cursor."""
    text = path.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
