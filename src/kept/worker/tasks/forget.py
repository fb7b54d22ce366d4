"""Goes on with erasures that were begun, and takes out what is past its time."""

from kept.flows.forget_person import ForgetParts, forget_people
from kept.vault.acts import retain, visit
from kept.vault.acts.retain import AT_ONCE
from kept.worker.parts import WorkerParts


def forget(parts: WorkerParts) -> None:
    """Take every erasure as far as it can go."""
    forget_people(ForgetParts(parts.clock, parts.db, parts.vault, parts.tiles))


def sweep(parts: WorkerParts) -> None:
    """Take out what is past its time, a bounded group a transaction; drop old sessions."""
    while True:
        now = parts.clock.now()
        done = parts.db.write(lambda tx, now=now: retain.sweep(tx, parts.vault, now=now))
        if done.categories < AT_ONCE:
            break
    parts.db.write(lambda tx: visit.drop_old(tx, now=parts.clock.now()))
