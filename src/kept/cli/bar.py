"""How does somebody at a terminal see that it goes on? A line on standard error.

Nothing is drawn where standard error is no terminal.
"""

import sys
from typing import TYPE_CHECKING, Self

from kept.base.encoding import Json

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress


class Bar:
    """A progress bar that appears with the first word of progress."""

    def __init__(self) -> None:
        self._drawn: RichProgress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn is not None:
            self._drawn.stop()

    def __call__(self, said: dict[str, Json]) -> None:
        """Draw `{"done", "total", "note"}`; each may be missing."""
        if not sys.stderr.isatty():
            return
        drawn = self._drawn = self._drawn or _drawn()
        done, total = said.get("done"), said.get("total")
        drawn.update(
            drawn.task_ids[0],
            description=str(said.get("note", "")),
            completed=done if isinstance(done, int) else None,
            total=total if isinstance(total, int) else None,
        )


def _drawn() -> "RichProgress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    drawn = Progress(*columns, console=Console(stderr=True), transient=True)
    drawn.add_task("", total=None)
    drawn.start()
    return drawn
