"""Reads the old files of the log again, some each minute."""

import structlog

from kept.worker.parts import WorkerParts

_log = structlog.get_logger("kept.worker")


def reread(parts: WorkerParts) -> None:
    """The next ones; what was found is shown on the desk."""
    before = parts.rereading.found
    parts.rereading.turn(parts.db, parts.tiles, now=parts.clock.now())
    for path in parts.rereading.found:
        if path not in before:
            _log.error("a file of the log was changed", path=path)
