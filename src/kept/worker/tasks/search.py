"""Searches the raw files for planted text, once a day."""

from datetime import timedelta

import structlog

from kept.flows.search_raw import plant, search_raw
from kept.vault.acts.evidence import is_search_due
from kept.worker.parts import WorkerParts

EVERY = timedelta(days=1)
_log = structlog.get_logger("kept.worker")


def search(parts: WorkerParts) -> None:
    """Plant the person that is looked for, then look."""
    now = parts.clock.now()
    if not parts.db.read(lambda tx: is_search_due(tx, every=EVERY, now=now)):
        return
    plant(parts.db, parts.vault, parts.search_secret, now=now)
    hits = search_raw(
        parts.db, parts.vault, parts.search_secret, folder=parts.folder, now=parts.clock.now()
    )
    if hits:
        _log.error("planted text lies readable", places=hits)
