"""Goes on with erasures that were begun, and takes out what is past its time."""

import structlog

from kept.flows.expire_data import expire_data
from kept.flows.forget_person import ForgetParts, forget_people
from kept.vault.acts import visit
from kept.worker.parts import WorkerParts

_log = structlog.get_logger("kept.worker")


def forget(parts: WorkerParts) -> None:
    """Take every erasure as far as it can go."""
    forget_people(ForgetParts(parts.clock, parts.db, parts.vault, parts.tiles))


def sweep(parts: WorkerParts) -> None:
    """Take out what is past its time; drop old sessions."""
    done = expire_data(parts.db, parts.vault, now=parts.clock.now())
    if failed := [str(person) for swept in done for person in swept.failed]:
        _log.error("data past its time could not be taken out", people=failed)
    parts.db.write(lambda tx: visit.drop_old(tx, now=parts.clock.now()))
